"""Baselines: the answers that models must beat, for every task and split."""

import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import numpy as np

from assets.models.experiments import splits_in_use
from assets.models.model_inputs import inputs_for, open_inputs
from assets.orchestration.progress import progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from assets.splits.features import load_features
from assets.splits.split_options import load_options
from assets.splits.system_splits import load_splits
from pipeline.core.errors import TrainingError
from pipeline.core.systems import SYSTEMS, System, Task
from pipeline.core.versions import hash_bytes
from resources.run_context import RunContext
from resources.storage.store import npz_bytes


def baselines_path(run_context: RunContext, system: System, task: Task, split: str) -> Path:
    """Return the file of the baselines' answers on one split's test part."""
    return run_context.store.folder("baselines", system.name, task.name) / f"{split}.npz"


def load_baselines(
    run_context: RunContext, system: System, task: Task, split: str
) -> Mapping[str, np.ndarray]:
    """Read the baselines' answers by name."""
    path = baselines_path(run_context, system, task, split)
    if not path.is_file():
        raise TrainingError(
            f"There are no baselines of {system.name} on {split}. Materialize "
            f"{system.name}_baselines."
        )
    held = run_context.store.read_arrays(
        run_context.store.path("baselines", system.name, task.name, path.name)
    )
    names = json.loads(str(held["names"]))
    return {name: held[f"answers_{k}"] for k, name in enumerate(names)}


def build_baselines(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's baselines."""

    @unpartitioned_asset(
        f"{system.name}_baselines",
        kinds={"scikitlearn"},
        metadata={
            "file": f"baselines/{system.name}/<task>/<split>.npz",
            "content": "the answers of each baseline about the split's test part, float64",
        },
        description=(
            f"What `{system.name}` must beat on the same films: trivial answers and gradient "
            "boosting, fitted on each split's training part."
        ),
    )
    def baselines(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> dg.MaterializeResult:
        with concise_errors():
            name = f"{system.name}_baselines"
            version = input_version(run_context, name)
            table = load_features(run_context)
            inputs = open_inputs(run_context, table)
            planned = [
                (task, split, frame[split].to_numpy())
                for task in system.tasks
                for frame in (load_splits(run_context, system, task, table),)
                for split in splits_in_use(system, task)
                if split in frame
            ]
            hashes, answered = [], []
            with progress(name, len(planned), context.log.info) as told:
                for task, split, parts in planned:
                    names, content = _answer(run_context, system, table, inputs, task, split, parts)
                    hashes.append(content)
                    answered.append(f"{task.name}, {split}: {', '.join(names)}")
                    told.step("answered")
            content_hash = hash_bytes("".join(hashes).encode())
            write_whole(run_context, name, version, content_hash)
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                "answered": dg.MetadataValue.md("\n".join(f"- {line}" for line in answered)),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return baselines


def _answer(run_context, system, table, inputs, task, split, parts) -> tuple[list[str], str]:
    from pipeline.models.estimators.baselines import answer_baselines
    from pipeline.splits.targets import make_target

    train, test = np.flatnonzero(parts == "train"), np.flatnonzero(parts == "test")
    target = make_target(task, table.table, train, load_options(run_context, system))
    answers = answer_baselines(inputs_for(inputs, task), target, train, test)
    content = npz_bytes(
        names=np.array(json.dumps(list(answers))),
        **{f"answers_{k}": values for k, values in enumerate(answers.values())},
    )
    path = run_context.store.path("baselines", system.name, task.name, f"{split}.npz")
    run_context.store.write(path, content)
    return list(answers), hash_bytes(*(values.tobytes() for values in answers.values()))


ASSETS = [build_baselines(system) for system in SYSTEMS]
