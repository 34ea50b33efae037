"""One training: a variant of a system on one split, and what is kept of it."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assets.models.estimators import estimators_of, hyperparameters_for, inputs_of
from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment
from pipeline.core.systems import System
from pipeline.core.versions import hash_bytes
from resources.compute.device import one_thread
from resources.compute.environment import describe_environment
from resources.run_context import RunContext

FACTS_FILE = "facts.json"
MODEL_FILES = {"revenue": "best_multimodal_model.pth"}
"""Source: seed 001, "Output Files"; elsewhere the file is `model.pth`."""


def model_file(system: System) -> str:
    """Return the name of a system's model files."""
    return MODEL_FILES.get(system.name, "model.pth")


def training_folder(run_context: RunContext, experiment: Experiment) -> Path:
    """Return the folder of a split's checkpoints; they bear what they are of in their names, so
    that
    variants that begin alike share their beginning.
    """
    return experiment.folder(run_context).parent / "training"


def train(
    run_context: RunContext,
    experiment_data: ExperimentData,
    experiment: Experiment,
    hyperparameters: Mapping[str, object],
    seed: int,
) -> dict[str, Any]:
    """Train one variant on one split and keep it with all that is needed to judge it again."""
    from pipeline.models.training.estimator import Training
    from pipeline.models.training.saved import save_trained

    estimator = estimators_of(experiment.system, run_context)[experiment.variant]
    target, folder = experiment_data.target(experiment), experiment.folder(run_context)
    began_s, earlier_s = time.monotonic(), []
    training = Training(
        training_folder(run_context, experiment),
        seed=seed,
        hyperparameters=hyperparameters_for(estimator, run_context.preset.name, hyperparameters),
        on_resume=earlier_s.append,
    )
    with one_thread():
        trained = estimator.train(
            experiment_data.inputs_of(experiment),
            target,
            experiment_data.parts(experiment),
            training,
        )
    facts = {
        **_told(experiment, trained),
        "inputs": inputs_of(estimator, experiment_data.table),
        "train_s": round(time.monotonic() - began_s + sum(earlier_s), 1),
        "split_hash": hash_bytes("\x1f".join(map(str, experiment_data.parts(experiment))).encode()),
        "dates": _dates(experiment_data, experiment),
        "notes": dict(experiment_data.table.notes),
        "environment": describe_environment(),
    }
    save_trained(
        trained,
        folder / model_file(experiment.system),
        task=experiment.task,
        target_facts=target.facts,
        notes=dict(experiment_data.table.notes),
    )
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def _dates(experiment_data: ExperimentData, experiment: Experiment) -> dict[str, list[str]]:
    """Return the first and the last day of release in each part."""
    days, parts = experiment_data.table.table["release_date"], experiment_data.parts(experiment)
    found = {}
    for part in ("train", "val", "test"):
        known = days[parts == part].dropna()
        if len(known):
            found[part] = [str(day.date()) for day in (known.min(), known.max())]
    return found


def _told(experiment: Experiment, trained) -> dict[str, Any]:
    """Say what was trained and how."""
    from pipeline.models.training.fitting import as_json

    return {
        "system": experiment.system.name,
        "task": experiment.task.name,
        "split": experiment.split,
        "variant": experiment.variant,
        "kind": trained.kind,
        "config": as_json(trained.config),
        "data_hash": trained.data_hash,
        "fingerprint": trained.fingerprint,
        "parameters": sum(p.numel() for p in trained.network.parameters()) or None,
        "history": [dict(row) for row in trained.fitted.history],
        "best_epoch": trained.fitted.best_epoch,
    }
