"""Baselines: the predictions that models must beat, for every task and split."""

import json
from collections.abc import Mapping

import dagster as dg

from assets.orchestration.progress import progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.errors import TrainingError
from pipeline.core.numpy_on_demand import np
from pipeline.core.tasks import Task
from pipeline.core.versions import hash_bytes
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext
from resources.storage.store import StorePath, npz_bytes


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
            hashes, lines = [], []
            with progress(name, len(planned), context.log.info) as predicted:
                for task, split in planned:
                    predictions = data.predict_baselines(system, task, split)
                    hashes.append(_write(run_context, system, task, split, predictions))
                    lines.append(f"{task.name}, {split}: {', '.join(predictions)}")
                    predicted.step("predicted")
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
