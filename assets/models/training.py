"""One training: a variant of a system on one split, and what is kept of it."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assets.models.estimators import inputs_of, knobs_for, recipes_of
from assets.models.experiment_data import Ground
from assets.models.experiments import Trial
from pipeline.core.systems import System
from pipeline.core.versions import hash_bytes
from resources.compute.device import one_thread
from resources.compute.environment import describe_environment
from resources.run_context import Workplace

FACTS_FILE = "facts.json"
MODEL_FILES = {"revenue": "best_multimodal_model.pth"}
"""Source: seed 001, "Output Files"; elsewhere the file is `model.pth`."""


def model_file(system: System) -> str:
    """Give the name of a system's model files."""
    return MODEL_FILES.get(system.name, "model.pth")


def training_folder(workplace: Workplace, trial: Trial) -> Path:
    """Give the folder of a split's checkpoints; they bear what they are of in their names, so that
    variants that begin alike share their beginning.
    """
    return trial.folder(workplace).parent / "training"


def train(
    workplace: Workplace, ground: Ground, trial: Trial, knobs: Mapping[str, object], seed: int
) -> dict[str, Any]:
    """Train one variant on one split and keep it with all that is needed to judge it again."""
    from pipeline.models.training.estimator import Training
    from pipeline.models.training.saved import save_trained

    recipe = recipes_of(trial.system, workplace)[trial.variant]
    target, folder = ground.target(trial), trial.folder(workplace)
    began_s, earlier_s = time.monotonic(), []
    training = Training(
        training_folder(workplace, trial),
        seed=seed,
        knobs=knobs_for(recipe, workplace.preset.name, knobs),
        on_resume=earlier_s.append,
    )
    with one_thread():
        trained = recipe.train(ground.inputs_of(trial), target, ground.parts(trial), training)
    facts = {
        **_told(trial, trained),
        "inputs": inputs_of(recipe, ground.table),
        "train_s": round(time.monotonic() - began_s + sum(earlier_s), 1),
        "split_hash": hash_bytes("\x1f".join(map(str, ground.parts(trial))).encode()),
        "dates": _dates(ground, trial),
        "notes": dict(ground.table.notes),
        "environment": describe_environment(),
    }
    save_trained(
        trained,
        folder / model_file(trial.system),
        task=trial.task,
        target_facts=target.facts,
        notes=dict(ground.table.notes),
    )
    (folder / FACTS_FILE).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    return facts


def _dates(ground: Ground, trial: Trial) -> dict[str, list[str]]:
    """Give the first and the last day of release in each part."""
    days, parts = ground.table.table["release_date"], ground.parts(trial)
    found = {}
    for part in ("train", "val", "test"):
        known = days[parts == part].dropna()
        if len(known):
            found[part] = [str(day.date()) for day in (known.min(), known.max())]
    return found


def _told(trial: Trial, trained) -> dict[str, Any]:
    """Say what was trained and how."""
    from pipeline.models.training.fitting import as_json

    return {
        "system": trial.system.name,
        "task": trial.task.name,
        "split": trial.split,
        "variant": trial.variant,
        "kind": trained.kind,
        "config": as_json(trained.config),
        "data_hash": trained.data_hash,
        "fingerprint": trained.fingerprint,
        "parameters": sum(p.numel() for p in trained.network.parameters()) or None,
        "history": [dict(row) for row in trained.fitted.history],
        "best_epoch": trained.fitted.best_epoch,
    }
