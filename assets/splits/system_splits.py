"""Splits: which set each movie is in, for each split of each task."""

import json
from dataclasses import asdict
from pathlib import Path

import dagster as dg

from assets.orchestration.column_lineage import split_lineage
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from assets.splits.features import load_features, schema
from assets.splits.split_options import SplitConfig, choose_options, write_options
from pipeline.core.errors import SplitError
from pipeline.core.numpy_on_demand import np
from pipeline.core.tasks import Task
from pipeline.core.versions import hash_bytes
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext
from resources.storage.store import StorePath


def splits_path(run_context: RunContext, system: System, task: Task) -> Path:
    """Return the file of a task's splits."""
    return run_context.store.folder("splits", system.name) / f"{task.name}.parquet"


def load_splits(run_context: RunContext, system: System, task: Task, table):
    """Read a task's splits; they must be of the movies that the features are of."""
    import pandas as pd

    path = splits_path(run_context, system, task)
    if not path.exists():
        raise SplitError(
            f"There are no splits for {system.name}. Run `uv run marquee build --stages splits`."
        )
    frame = pd.read_parquet(path)
    if list(frame["tmdb_id"]) != list(table.table["tmdb_id"]):
        raise SplitError(
            f"The splits of {system.name} are of other movies than the features. Materialize "
            f"{system.name}_splits again."
        )
    return frame


def _reason_path(run_context: RunContext, system: System, task: Task) -> StorePath:
    return run_context.store.path("splits", system.name, f"{task.name}_unsplit.json")


def read_unsplit(run_context: RunContext, system: System, task: Task) -> dict[str, str]:
    """Read, by name, which splits a task does not have and why; none where none was stored."""
    path = _reason_path(run_context, system, task)
    return run_context.store.read_json(path) if path.is_file() else {}


def build_splits(system: System) -> dg.AssetsDefinition:
    """Build the asset of a system's splits."""

    @unpartitioned_asset(
        f"{system.name}_splits",
        kinds={"parquet"},
        metadata={
            "file": f"splits/{system.name}/<task>.parquet",
            "content": "tmdb_id and a column per split: train, val, test or empty",
        },
        description=(
            f"Training, validation and test sets of `{system.name}`, at random, by release date "
            "and in folds, disjoint by movie, and but for the one by date by franchise; a file per "
            "task."
        ),
    )
    def splits(
        context: dg.AssetExecutionContext,
        config: SplitConfig,
        run_context: dg.ResourceParam[RunContext],
    ) -> dg.MaterializeResult:
        with concise_errors():
            version = input_version(run_context, f"{system.name}_splits")
            table = load_features(run_context)
            options = choose_options(run_context, system, config)
            # stale until all is written: after a kill in between, the next build makes them again
            write_whole(run_context, f"{system.name}_splits", "", "")
            write_options(run_context, system, options)
            made = {
                task.name: _make(run_context, system, task, table, options) for task in system.tasks
            }
            chosen = asdict(options)
            content = json.dumps([chosen, *(m["hash"] for m in made.values())]).encode()
            write_whole(run_context, f"{system.name}_splits", version, hash_bytes(content))
        context.log.info(json.dumps({name: m["parts"] for name, m in made.items()}))
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                **{f"parts_{name}": dg.MetadataValue.json(m["parts"]) for name, m in made.items()},
                **{f"left_out_{name}": dg.MetadataValue.json(m["dropped"])
                   for name, m in made.items()},
                "options": dg.MetadataValue.json(chosen),
                "dagster/column_schema": made[system.tasks[0].name]["schema"],
                **made[system.tasks[0].name]["lineage"],
                "folder": str(splits_path(run_context, system, system.tasks[0]).parent),
            },
            data_version=dg.DataVersion(hash_bytes(content)),
        )  # fmt: skip

    return splits


def _make(run_context: RunContext, system: System, task: Task, table, options) -> dict:
    has = _has_required(system, table)
    made, dropped, why = _split(table.table[has].reset_index(drop=True), system, task, options)
    run_context.store.write(_reason_path(run_context, system, task), json.dumps(why).encode())
    frame = table.table[["tmdb_id"]].merge(made, how="left", on="tmdb_id").fillna("")
    path = splits_path(run_context, system, task)
    run_context.store.write(
        run_context.store.path("splits", system.name, path.name), frame.to_parquet(index=False)
    )
    unseen = {f"no_{system.required_modality}": int((~has).sum())} if not has.all() else {}
    return {
        "hash": hash_bytes(frame.to_csv(index=False).encode()),
        "parts": {
            name: frame[name].replace("", "left out").value_counts().to_dict()
            for name in frame.columns[1:]
        },
        "dropped": {**unseen, **dropped},
        "schema": schema(frame),
        "lineage": split_lineage(task, frame.columns),
    }


def _has_required(system: System, table) -> "np.ndarray":
    """Mark the movies that have the modality that the system requires, bool (movies,)."""
    if not system.required_modality:
        return np.ones(len(table), dtype=bool)
    return table.table[f"has_{system.required_modality}"].to_numpy(bool)


def _split(movies, system: System, task: Task, options):
    """Make the splits; a task for which there are too few movies has none, and the reason.

    Returns:
        The table, how many movies are left out by reason, and by name the splits that there are
        not, with the reason.
    """
    from pipeline.splits.task_splits import find_unfit, make_possible_splits

    modality = system.required_modality
    needed = {"": "a record", "poster": "a poster"}.get(modality, modality)
    try:
        made, dropped, lacking = make_possible_splits(
            movies, task, system.splits, seed=system.split_seed, folds=system.folds, options=options
        )
    except SplitError as error:
        why = f"too few films: {error}" if len(movies) else f"no film has {needed}"
        none = dict.fromkeys(system.split_names(task), why)
        return movies[["tmdb_id"]], {f"all: {error}": len(movies)}, none
    unfit = find_unfit(made, movies, task, options)
    lacking = {name: f"too few films: {why}" for name, why in lacking.items()}
    return made.drop(columns=list(unfit)), dropped, {**lacking, **unfit}


ASSETS = [build_splits(system) for system in SYSTEMS]
