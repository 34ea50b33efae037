"""Features: the records and modalities of all movies, packed into one table for all systems."""

from pathlib import Path

import dagster as dg

from assets.orchestration.asset_specs import (
    BOX_OFFICE_FILE,
    FEATURE_SOURCES,
    FEATURES,
    RECORD_FILE,
)
from assets.orchestration.column_lineage import column_lineage
from assets.orchestration.staleness import features_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from assets.splits.feature_sources import ok_movies, read_streams
from pipeline.core.errors import FeatureError
from pipeline.core.outcomes import Status
from pipeline.core.prices import REAL_USD_YEAR
from resources.run_context import RunContext


def features_folder(run_context: RunContext) -> Path:
    """Return the folder of the packed features."""
    return run_context.store.folder("features") / "movies"


def load_features(run_context: RunContext):
    """Read the packed features; raise what to run where there are none."""
    from pipeline.splits.features import MANIFEST_FILE, FeatureTable

    folder = features_folder(run_context)
    if not (folder / MANIFEST_FILE).exists():
        raise FeatureError(
            f"There are no packed features in {run_context.store.root}. Run "
            "`uv run marquee demo` (built-in studio) or `uv run marquee build` first; they make "
            "them movie by movie."
        )
    return FeatureTable.load(folder)


@unpartitioned_asset(
    FEATURES.name,
    kinds={"parquet", "numpy"},
    metadata={
        "folder": "features/movies/",
        "shape": "text, poster, video (movies, width); audio (movies, 64, 235) log-mel; metadata "
        "(movies, columns); frames, clips, clip_frames, sound, regions (vectors, width) with "
        "offsets (movies + 1,)",
    },
)
def movie_features(
    context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
) -> dg.MaterializeResult:
    """One packed table for all systems: a row per movie, every modality with its mask, and records.

    Modalities hold only what is known before release; what is known later stands in columns of the
    table, for targets.
    """
    with concise_errors():
        from pipeline.splits.packing import pack

        version = features_version(run_context)
        records = _read_records(run_context)
        if not records:
            load_features(run_context)
        streams, sequences = read_streams(run_context)
        table = pack(
            features_folder(run_context),
            records,
            _read_revenues(run_context),
            streams,
            sequences,
            notes=_notes(run_context),
        )
        write_whole(run_context, FEATURES.name, version, table.data_hash)
    context.log.info(f"{len(table)} movies packed")
    return dg.MaterializeResult(
        metadata={
            "source": run_context.source.label,
            "movies": len(table),
            **{f"movies_with_{name}": int(mask.sum()) for name, mask in table.masks.items()},
            "real_usd_year": REAL_USD_YEAR,
            "dagster/column_schema": schema(table.table),
            **column_lineage(FEATURES.name),
            "folder": str(features_folder(run_context)),
        },
        data_version=dg.DataVersion(table.data_hash),
    )


def schema(table) -> dg.TableSchema:
    """Describe a data frame's columns for the UI."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name, str(kind)) for name, kind in table.dtypes.items()]
    )


def _read_records(run_context: RunContext) -> list:
    from pipeline.crawl.tmdb.responses import parse_details

    store = run_context.store
    return [
        parse_details(store.read_json(RECORD_FILE.path(store, tmdb_id)))
        for tmdb_id in ok_movies(run_context, "movie_records")
    ]


def _read_revenues(run_context: RunContext) -> dict[int, float]:
    store = run_context.store
    revenues = {
        tmdb_id: store.read_json(BOX_OFFICE_FILE.path(store, tmdb_id))["revenue_usd"]
        for tmdb_id in ok_movies(run_context, "box_office")
    }
    return {tmdb_id: usd for tmdb_id, usd in revenues.items() if usd is not None}


def _notes(run_context: RunContext) -> dict[str, str]:
    """Describe where the data and the weights are from."""
    notes = {"source": run_context.source.label, "preset": run_context.preset.name}
    for name, spec in {spec.name: spec for spec, _ in FEATURE_SOURCES.values()}.items():
        if not spec.is_enabled(run_context):
            continue
        labels = {
            f"{row.metadata['backbone']}, weights: {row.metadata['weights']}"
            for row in run_context.ledger.rows(name).values()
            if row.status == Status.OK
        }
        notes[name] = "; ".join(sorted(labels)) or "none"
    return notes
