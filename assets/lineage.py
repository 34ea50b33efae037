"""The rows of the unpartitioned assets: what a system's features, splits, model and scores hang on.

What belongs here: one row per asset in the ledger (movie 0), and whether it is stale. What does
not: the assets.
"""

from collections.abc import Sequence

from pipeline.due import Row, shown
from pipeline.outcomes import Status
from pipeline.systems import System
from pipeline.versions import combine
from resources.workplace import Workplace

WHOLE = 0
"""The "movie" under which the ledger keeps an asset that is about all movies."""

FEATURE_STEPS = (
    "movie_records", "box_office", "text_embeddings", "poster_embeddings", "frame_embeddings",
    "trailer_audio",
)  # fmt: skip
"""The per-movie assets that features are packed from."""

CODE_VERSIONS = {"features": "2", "splits": "1", "model": "1", "evaluation": "1"}
"""Raised by hand whenever a stage's results would differ, for every system."""

STAGES = ("features", "splits", "model", "evaluation")


def features_version(workplace: Workplace) -> str:
    """Give the version of all that features are packed from."""
    versions = [workplace.preset.name]
    for name in FEATURE_STEPS:
        rows = workplace.ledger.rows(name)
        for tmdb_id, row in sorted(rows.items()):
            if row.is_final:
                part = row.facets.get("metadata", row.content_hash)
                versions.append(f"{name}:{tmdb_id}:{part}:{row.code_version}")
    return combine(versions)


def read_stage(workplace: Workplace, system: System, stage: str) -> Row:
    """Give the row of one stage of a system; an empty one where it was never made."""
    name = f"{system.name}_{stage}"
    return workplace.ledger.rows(name, [WHOLE]).get(WHOLE, Row())


def write_stage(
    workplace: Workplace, system: System, stage: str, input_version: str, content_hash: str
) -> None:
    """Note that a stage has been made of these inputs."""
    row = Row(
        status=Status.OK.value,
        input_version=input_version,
        code_version=CODE_VERSIONS[stage],
        content_hash=content_hash,
    )
    rows = {WHOLE: shown(row)}
    workplace.ledger.write(f"{system.name}_{stage}", rows, now_s=workplace.clock())


def is_stale(workplace: Workplace, systems: Sequence[System]) -> bool:
    """Whether anything that a system's scores hang on has changed since they were made."""
    if not workplace.ledger.rows("box_office"):
        return False
    version = features_version(workplace)
    for system in systems:
        upstream = version
        for stage in STAGES:
            row = read_stage(workplace, system, stage)
            if (row.input_version, row.code_version) != (upstream, CODE_VERSIONS[stage]):
                return True
            upstream = row.lineage
    return False
