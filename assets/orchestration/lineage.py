"""The rows of the unpartitioned assets: which there are, what each depends on, and what is
stale.
"""

from collections.abc import Mapping, Sequence

from assets.splits.feature_sources import version_of
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row, shown
from pipeline.core.systems import BOX_OFFICE, SYSTEMS, System
from pipeline.core.versions import combine
from resources.run_context import RunContext

WHOLE = 0
"""The "movie" under which the ledger keeps an asset that is about all movies."""

FEATURE_STEPS = (
    "movie_records", "box_office", "text_embeddings", "poster_embeddings", "frame_embeddings",
    "trailer_audio", "clip_embeddings", "audio_embeddings", "poster_regions",
)  # fmt: skip
"""The per-movie assets that features are packed from."""

FEATURES = "movie_features"
ENCODER = "box_office_encoder"
LEADERBOARD = "leaderboard"

CODE_VERSIONS = {
    "features": "4", "splits": "2", "baselines": "1", "encoder": "1", "model": "3",
    "evaluation": "2", "leaderboard": "1",
}  # fmt: skip
"""By the last word of an asset's name; raised by hand whenever its results would differ."""


def upstreams(systems: Sequence[System] = SYSTEMS) -> Mapping[str, tuple[str, ...]]:
    """Name every unpartitioned asset with those it depends on; each stands after its upstreams."""
    found: dict[str, tuple[str, ...]] = {FEATURES: ()}
    for system in systems:
        name = system.name
        splits = f"{name}_splits"
        found[splits] = (FEATURES,)
        found[f"{name}_baselines"] = (splits,)
        if system is BOX_OFFICE:
            found[ENCODER] = (splits,)
        found[f"{name}_model"] = (splits, ENCODER) if system is BOX_OFFICE else (splits,)
        found[f"{name}_evaluation"] = (f"{name}_baselines", f"{name}_model")
    found[LEADERBOARD] = tuple(f"{system.name}_evaluation" for system in systems)
    return found


UPSTREAMS = upstreams()


def code_version(name: str) -> str:
    """Return the code version of an unpartitioned asset."""
    return CODE_VERSIONS[name.rpartition("_")[2]]


def features_version(run_context: RunContext) -> str:
    """Return the version of all that features are packed from."""
    versions = [run_context.preset.name]
    for name in FEATURE_STEPS:
        rows = run_context.ledger.rows(name)
        for tmdb_id, row in sorted(rows.items()):
            part = version_of(row, name, run_context.preset)
            if row.is_final and part:
                versions.append(f"{name}:{tmdb_id}:{row.status}:{part}:{row.code_version}")
    return combine(versions)


def read_whole(run_context: RunContext, name: str) -> Row:
    """Return the row of an unpartitioned asset; an empty one where it was never made."""
    return run_context.ledger.rows(name, [WHOLE]).get(WHOLE, Row())


def input_version(run_context: RunContext, name: str) -> str:
    """Return the version of what an unpartitioned asset depends on, as that is now."""
    if name == FEATURES:
        return features_version(run_context)
    return combine(read_whole(run_context, upstream).lineage for upstream in UPSTREAMS[name])


def write_whole(run_context: RunContext, name: str, version: str, content_hash: str) -> None:
    """Note that an asset has been made of inputs of this version."""
    row = Row(
        status=Status.OK.value,
        input_version=version,
        code_version=code_version(name),
        content_hash=content_hash,
    )
    run_context.ledger.write(name, {WHOLE: shown(row)}, now_s=run_context.clock())


def stale(run_context: RunContext) -> list[str]:
    """Name the unpartitioned assets that were not made of what there is now, or depend on such."""
    found: list[str] = []
    for name, needs in UPSTREAMS.items():
        row = read_whole(run_context, name)
        made_of = (row.input_version, row.code_version)
        is_current = made_of == (input_version(run_context, name), code_version(name))
        if not is_current or set(needs) & set(found):
            found.append(name)
    return found


def is_stale(run_context: RunContext) -> bool:
    """Whether anything that scores depend on has changed since they were made."""
    return bool(run_context.ledger.rows("box_office")) and bool(stale(run_context))
