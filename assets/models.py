"""Models: every variant of every system, trained on each of its splits.

What belongs here: the assets. What does not: networks and their training (see `pipeline.models`),
and which trainings there are (see `assets.trials`).
"""

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import dagster as dg

from assets.ground import Ground, open_ground
from assets.knobs import KNOBS, turned
from assets.lineage import ENCODER, input_version, write_whole
from assets.progress import progress
from assets.recipes import inputs_of, knobs_for, recipes_of
from assets.stopping import stopping
from assets.system_assets import system_asset
from assets.trials import Trial, models_folder, trials
from pipeline.errors import TrainingError
from pipeline.systems import BOX_OFFICE, SYSTEMS, System
from pipeline.versions import combine, hash_bytes
from resources.environment import describe_environment
from resources.workplace import Workplace

FACTS_FILE = "facts.json"
TRIALS_FILE = "trials.json"
MODEL_FILES = {"revenue": "best_multimodal_model.pth"}
"""Source: seed 001, "Output Files"; elsewhere the file is `model.pth`."""


def model_file(system: System) -> str:
    """Give the name of a system's model files."""
    return MODEL_FILES.get(system.name, "model.pth")


def build_model(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's trained networks."""
    needs = [f"{system.name}_splits", *([ENCODER] if system is BOX_OFFICE else [])]

    @system_asset(
        system,
        "model",
        group="models",
        deps=needs,
        kinds={"pytorch"},
        metadata={
            "file": f"models/{system.name}/<task>/<split>/<variant>/{model_file(system)}",
            "content": "weights, scalers and what the network was trained on; facts.json beside it",
        },
        description=(
            f"Seed {system.seed}'s networks for `{system.name}`, trained on each split one after "
            "another. An interrupted training is taken up where it was."
        ),
    )
    def model(
        context: dg.AssetExecutionContext,
        config: KNOBS[system.name],
        workplace: dg.ResourceParam[Workplace],
    ) -> dg.MaterializeResult:
        with stopping():
            name = f"{system.name}_model"
            version = input_version(workplace, name)
            ground = open_ground(workplace, system)
            wanted = trials(system, workplace.preset.name, config.variants)
            planned = [trial for trial in wanted if ground.has(trial)]
            with progress(name, len(planned), context.log.info) as told:
                made = _train_all(workplace, ground, planned, config, told)
            _list_trials(workplace, system, planned)
            content_hash = combine(facts["fingerprint"] for facts in made)
            write_whole(workplace, name, version, content_hash)
        return dg.MaterializeResult(
            metadata={
                "source": workplace.source.label,
                **{k: v for k, v in ground.table.notes.items() if k != "source"},
                "trainings": dg.MetadataValue.table(
                    [_figures(*one) for one in zip(planned, made, strict=True)]
                ),
                "folder": str(models_folder(workplace, system)),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return model


def _train_all(
    workplace: Workplace, ground: Ground, planned: Sequence[Trial], config: Any, told: Any
) -> list[dict[str, Any]]:
    knobs, made = turned(config), []
    for trial in planned:
        made.append(train(workplace, ground, trial, knobs, seed=config.seed))
        told.step("trained")
    return made


def training_folder(workplace: Workplace, trial: Trial) -> Path:
    """Give the folder of a split's checkpoints; they bear what they are of in their names, so that
    variants that begin alike share their beginning.
    """
    return trial.folder(workplace).parent / "training"


def train(
    workplace: Workplace, ground: Ground, trial: Trial, knobs: Mapping[str, object], *, seed: int
) -> dict[str, Any]:
    """Train one variant on one split and keep it with all that is needed to judge it again."""
    from pipeline.models.recipe import Training
    from pipeline.models.saved import save_trained

    recipe = recipes_of(trial.system, workplace)[trial.variant]
    target, folder = ground.target(trial), trial.folder(workplace)
    began_s = time.monotonic()
    trained = recipe.train(
        ground.inputs_of(trial),
        target,
        ground.parts(trial),
        Training(
            training_folder(workplace, trial),
            seed=seed,
            knobs=knobs_for(recipe, workplace.preset.name, knobs),
        ),
    )
    facts = {
        **_told(trial, trained),
        "inputs": inputs_of(recipe, ground.table),
        "train_s": round(time.monotonic() - began_s, 1),
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


def _list_trials(workplace: Workplace, system: System, planned: Sequence[Trial]) -> None:
    listed = [[trial.task.name, trial.split, trial.variant] for trial in planned]
    workplace.store.write(
        workplace.store.path("models", system.name, TRIALS_FILE), json.dumps(listed).encode()
    )


def trained(workplace: Workplace, system: System) -> list[Trial]:
    """List the trainings that were done, as the model asset left them."""
    path = workplace.store.path("models", system.name, TRIALS_FILE)
    if not path.exists():
        raise TrainingError(f"No model of {system.name} was trained: materialize it first.")
    tasks = {task.name: task for task in system.tasks}
    return [
        Trial(system, tasks[task], split, variant)
        for task, split, variant in workplace.store.read_json(path)
    ]


def _told(trial: Trial, trained) -> dict[str, Any]:
    """Say what was trained and how."""
    from pipeline.models.fitting import as_json

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


def _figures(trial: Trial, facts: Mapping[str, Any]) -> dg.TableRecord:
    best = facts["history"][facts["best_epoch"] - 1] if facts["history"] else {}
    return dg.TableRecord(
        {
            "task": trial.task.name,
            "split": trial.split,
            "variant": trial.variant,
            "epochs": len(facts["history"]),
            "best_epoch": facts["best_epoch"],
            "val_loss": round(float(best.get("val_loss", float("nan"))), 4),
            "train_s": facts["train_s"],
            "parameters": facts["parameters"],
        }
    )


ASSETS = [build_model(system) for system in SYSTEMS]
