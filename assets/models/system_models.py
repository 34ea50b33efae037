"""Models: every variant of every system, trained on each of its splits."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.models.experiment_data import open_ground
from assets.models.experiments import Trial, models_folder, trial_named, trials
from assets.models.hyperparameters import KNOBS
from assets.models.parallel_training import train_all
from assets.models.training import model_file
from assets.orchestration.interruption import stopping
from assets.orchestration.lineage import ENCODER, input_version, write_whole
from assets.orchestration.progress import progress
from assets.orchestration.system_asset import system_asset
from pipeline.core.errors import TrainingError
from pipeline.core.systems import BOX_OFFICE, SYSTEMS, System
from pipeline.core.versions import combine
from resources.run_context import Workplace

TRIALS_FILE = "trials.json"


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
            f"Seed {system.seed}'s networks for `{system.name}`, trained on each split, splits "
            "side by side. An interrupted training is taken up where it was."
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
                made = train_all(workplace, ground, planned, config, told)
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
    return [trial_named(system.name, *names) for names in workplace.store.read_json(path)]


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
