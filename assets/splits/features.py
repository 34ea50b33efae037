"""Features: the records and streams of all films, packed into one table for all systems."""

from pathlib import Path

import dagster as dg

from assets.orchestration.interruption import stopping
from assets.orchestration.lineage import (
    FEATURE_STEPS,
    FEATURES,
    code_version,
    features_version,
    write_whole,
)
from assets.orchestration.partitions import SINGLE_RUN
from assets.splits.feature_sources import SOURCES, ok_movies, read_streams
from pipeline.core.errors import FeatureError
from pipeline.core.outcomes import Status
from pipeline.core.prices import REAL_USD_YEAR
from resources.run_context import Workplace


def features_folder(workplace: Workplace) -> Path:
    """Give the folder of the packed features."""
    return workplace.store.folder("features") / "movies"


def load_features(workplace: Workplace):
    """Read the packed features; say what to run where there are none."""
    from pipeline.splits.features import MANIFEST_FILE, FeatureTable

    folder = features_folder(workplace)
    if not (folder / MANIFEST_FILE).exists():
        raise FeatureError(
            f"There are no packed features in {workplace.store.root}. Run "
            "`uv run marquee demo` (built-in studio) or `uv run marquee build` first; they make "
            "them film by film."
        )
    return FeatureTable.load(folder)


@dg.asset(
    name=FEATURES,
    deps=FEATURE_STEPS,
    group_name="splits",
    kinds={"parquet", "numpy"},
    code_version=code_version(FEATURES),
    backfill_policy=SINGLE_RUN,
    tags={"marquee/stage": "splits"},
    metadata={
        "folder": "features/movies/",
        "shape": "text, poster, video (films, width); audio (films, 64, 235) log-mel; metadata "
        "(films, columns); frames, clips, clip_frames, sound, regions (vectors, width) with "
        "offsets (films + 1,)",
    },
)
def movie_features(
    context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]
) -> dg.MaterializeResult:
    """One packed table for all systems: a row per film, every stream with its mask, and records.

    Streams hold only what is known before release; what is known later stands in columns of the
    table, for targets.
    """
    with stopping():
        from pipeline.splits.packing import pack

        version = features_version(workplace)
        records = _read_records(workplace)
        if not records:
            load_features(workplace)
        streams, sequences = read_streams(workplace)
        table = pack(
            features_folder(workplace),
            records,
            _read_revenues(workplace),
            streams,
            sequences,
            notes=_notes(workplace),
        )
        write_whole(workplace, FEATURES, version, table.data_hash)
    context.log.info(f"{len(table)} films packed")
    return dg.MaterializeResult(
        metadata={
            "source": workplace.source.label,
            "movies": len(table),
            **{f"movies_with_{name}": int(mask.sum()) for name, mask in table.masks.items()},
            "real_usd_year": REAL_USD_YEAR,
            "dagster/column_schema": schema(table.table),
            "folder": str(features_folder(workplace)),
        },
        data_version=dg.DataVersion(table.data_hash),
    )


def schema(table) -> dg.TableSchema:
    """Describe a data frame's columns for the UI."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name, str(kind)) for name, kind in table.dtypes.items()]
    )


def _read_records(workplace: Workplace) -> list:
    from pipeline.crawl.tmdb.answers import parse_details

    store = workplace.store
    return [
        parse_details(store.read_json(store.path("movies", f"{tmdb_id}.json")))
        for tmdb_id in ok_movies(workplace, "movie_records")
    ]


def _read_revenues(workplace: Workplace) -> dict[int, float]:
    store = workplace.store
    revenues = {
        tmdb_id: store.read_json(store.path("box_office", f"{tmdb_id}.json"))["revenue_usd"]
        for tmdb_id in ok_movies(workplace, "box_office")
    }
    return {tmdb_id: usd for tmdb_id, usd in revenues.items() if usd is not None}


def _notes(workplace: Workplace) -> dict[str, str]:
    """Say where the data and the weights are from."""
    notes = {"source": workplace.source.label, "preset": workplace.preset.name}
    for name in dict.fromkeys(source.asset for source in SOURCES.values()):
        labels = {
            f"{row.metadata['backbone']}, weights: {row.metadata['weights']}"
            for row in workplace.ledger.rows(name).values()
            if row.status == Status.OK
        }
        notes[name] = "; ".join(sorted(labels)) or "none"
    return notes
