"""What models may look at: the packed features, and posters and frames as they lie in the store."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assets.orchestration.asset_specs import FRAMES_FILE, POSTER_FILE
from pipeline.core.outcomes import Status
from pipeline.core.systems import Task
from resources.run_context import RunContext


def open_inputs(run_context: RunContext, table):
    """Return `pipeline.models.training.estimator.Inputs` of the packed features."""
    from pipeline.models.training.estimator import Inputs

    return Inputs(
        table=table,
        records=table.records,
        revenue_usd=table.table["revenue_usd"].to_numpy(),
        load_poster=_loader(run_context, table, "posters", _read_poster),
        load_frames=_loader(run_context, table, "trailer_frames", _read_frames),
    )


def inputs_for(inputs, task: Task):
    """Return the inputs without the columns that say the task's answer."""
    return replace(inputs, table=inputs.table.without_columns(task.leaking_column_prefixes))


def _loader(
    run_context: RunContext, table, asset: str, read: Callable[[RunContext, int], np.ndarray]
) -> Callable[[int], np.ndarray | None]:
    rows = run_context.ledger.rows(asset)
    has = {tmdb_id for tmdb_id, row in rows.items() if row.status == Status.OK}
    ids = table.table["tmdb_id"].to_numpy()

    def load(row: int) -> np.ndarray | None:
        tmdb_id = int(ids[row])
        return read(run_context, tmdb_id) if tmdb_id in has else None

    return load


def _read_poster(run_context: RunContext, tmdb_id: int) -> np.ndarray:
    from pipeline.media.poster import load_whole_poster

    return load_whole_poster(POSTER_FILE.path(run_context.store, tmdb_id).read_bytes())


def _read_frames(run_context: RunContext, tmdb_id: int) -> np.ndarray:
    store = run_context.store
    return store.read_arrays(FRAMES_FILE.path(store, tmdb_id))["frames"]
