"""Baselines: the predictions that models must beat, for every task and split."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

import dagster as dg

from assets.orchestration.progress import Progress, progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.errors import TrainingError
from pipeline.core.numpy_on_demand import np
from pipeline.core.tasks import Task
from pipeline.core.versions import hash_bytes
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.compute.workers import Call
from resources.run_context import RunContext
from resources.storage.store import StorePath, npz_bytes

if TYPE_CHECKING:  # they import torch and pandas, which a run alone needs
    from assets.models.child_data import Place
    from assets.models.experiment_data import ExperimentData


def _path(run_context: RunContext, system: System, task: Task, split: str) -> StorePath:
    return run_context.store.path("baselines", system.name, task.name, f"{split}.npz")


def load_baselines(
    run_context: RunContext, system: System, task: Task, split: str
) -> "Mapping[str, np.ndarray]":
    """Read the baselines' predictions by name."""
    path = _path(run_context, system, task, split)
    if not path.is_file():
        raise TrainingError(
            f"There are no baselines of {system.name} on {split}. Materialize "
            f"{system.name}_baselines."
        )
    held = run_context.store.read_arrays(path)
    names = json.loads(str(held["names"]))
    return {name: held[f"answers_{k}"] for k, name in enumerate(names)}


def build_baselines(system: System) -> dg.AssetsDefinition:
    """Build the asset of a system's baselines."""

    @unpartitioned_asset(
        f"{system.name}_baselines",
        kinds={"scikitlearn"},
        metadata={
            "file": f"baselines/{system.name}/<task>/<split>.npz",
            "content": "the predictions of each baseline for the split's test set, float64",
        },
        description=(
            f"What `{system.name}` must beat on the same movies: naive baselines and gradient "
            "boosting, fitted on each split's training set; those that stand beside a blend on "
            "training and validation set, as the blend is, and on all that it reads."
        ),
    )
    def baselines(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> dg.MaterializeResult:
        with concise_errors():
            from assets.models.experiment_data import open_experiment_data

            name = f"{system.name}_baselines"
            version = input_version(run_context, name)
            data = open_experiment_data(run_context, system)
            planned = [
                (task, split)
                for task in system.tasks
                for split in system.split_names(task)
                if split in data.split_tables[task.name]
            ]
            with progress(name, len(planned), context.log.info) as predicted:
                found = _predict_all(run_context, data, system, planned, predicted)
            hashes = [
                _write(run_context, system, *one, predictions)
                for one, predictions in zip(planned, found, strict=True)
            ]
            lines = [
                f"{task.name}, {split}: {', '.join(predictions)}"
                for (task, split), predictions in zip(planned, found, strict=True)
            ]
            content_hash = hash_bytes("".join(hashes).encode())
            write_whole(run_context, name, version, content_hash)
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                "baselines": dg.MetadataValue.md(
                    "\n".join(f"- {line}" for line in lines) or "none: too few films for any split"
                ),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return baselines


def _predict_all(
    run_context: RunContext,
    data: "ExperimentData",
    system: System,
    planned: Sequence[tuple[Task, str]],
    predicted: Progress,
) -> "list[Mapping[str, np.ndarray]]":
    """Predict every split's test set, splits beside each other; in the order of the plan."""
    from assets.models.child_data import place_of

    if run_context.workers.count(len(planned)) == 1:
        function, where = _predict, (data, system.name)
    else:
        function, where = _predict_in_process, (place_of(run_context), system.name)
    calls = [
        [Call(f"baselines of {system.name}, {task.name}, {split}", function,
              (*where, task.name, split))]
        for task, split in planned
    ]  # fmt: skip
    found: dict[int, Mapping[str, np.ndarray]] = {}
    with closing(run_context.workers.run(calls)) as results:
        for place, _, predictions in results:
            found[place] = predictions
            predicted.step("predicted")
    return [found[place] for place in range(len(planned))]


def _predict(
    data: "ExperimentData", system: str, task: str, split: str
) -> "Mapping[str, np.ndarray]":
    row = next(row for row in SYSTEMS if row.name == system)
    return data.predict_baselines(row, next(t for t in row.tasks if t.name == task), split)


def _predict_in_process(
    place: "Place", system: str, task: str, split: str
) -> "Mapping[str, np.ndarray]":
    """Predict in this process, which was started for it."""
    from assets.models.child_data import open_data

    row = next(row for row in SYSTEMS if row.name == system)
    return _predict(open_data(place, row), system, task, split)


def _write(
    run_context: RunContext,
    system: System,
    task: Task,
    split: str,
    predictions: "Mapping[str, np.ndarray]",
) -> str:
    """Write one split's baselines; return the hash of what they predict."""
    content = npz_bytes(
        names=np.array(json.dumps(list(predictions))),
        **{f"answers_{k}": preds for k, preds in enumerate(predictions.values())},
    )
    run_context.store.write(_path(run_context, system, task, split), content)
    return hash_bytes(*(preds.tobytes() for preds in predictions.values()))


ASSETS = [build_baselines(system) for system in SYSTEMS]
