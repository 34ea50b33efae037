"""Models: every variant of every system, trained on each of its splits."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from assets.models.experiment_data import open_experiment_data
from assets.models.experiments import Experiment, experiment_named, experiments, models_folder
from assets.models.hyperparameters import HYPERPARAMETERS
from assets.models.parallel_training import train_all
from assets.models.training import model_file
from assets.orchestration.progress import progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.errors import TrainingError
from pipeline.core.systems import SYSTEMS, System
from pipeline.core.versions import combine
from resources.run_context import RunContext

TRIALS_FILE = "experiments.json"


def build_model(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's trained networks."""

    @unpartitioned_asset(
        f"{system.name}_model",
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
        config: HYPERPARAMETERS[system.name],
        run_context: dg.ResourceParam[RunContext],
    ) -> dg.MaterializeResult:
        with concise_errors():
            name = f"{system.name}_model"
            version = input_version(run_context, name)
            experiment_data = open_experiment_data(run_context, system)
            wanted = experiments(system, run_context.preset.name, config.variants)
            planned = [experiment for experiment in wanted if experiment_data.has(experiment)]
            with progress(name, len(planned), context.log.info) as told:
                made = train_all(run_context, experiment_data, planned, config, told)
            _list_experiments(run_context, system, planned)
            content_hash = combine(facts["fingerprint"] for facts in made)
            write_whole(run_context, name, version, content_hash)
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                **{k: v for k, v in experiment_data.table.notes.items() if k != "source"},
                "trainings": dg.MetadataValue.table(
                    [_figures(*one) for one in zip(planned, made, strict=True)]
                ),
                "folder": str(models_folder(run_context, system)),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return model


def _list_experiments(
    run_context: RunContext, system: System, planned: Sequence[Experiment]
) -> None:
    listed = [
        [experiment.task.name, experiment.split, experiment.variant] for experiment in planned
    ]
    run_context.store.write(
        run_context.store.path("models", system.name, TRIALS_FILE), json.dumps(listed).encode()
    )


def trained(run_context: RunContext, system: System) -> list[Experiment]:
    """List the trainings that were done, as the model asset left them."""
    path = run_context.store.path("models", system.name, TRIALS_FILE)
    if not path.exists():
        raise TrainingError(f"No model of {system.name} was trained: materialize it first.")
    return [experiment_named(system.name, *names) for names in run_context.store.read_json(path)]


def _figures(experiment: Experiment, facts: Mapping[str, Any]) -> dg.TableRecord:
    best = facts["history"][facts["best_epoch"] - 1] if facts["history"] else {}
    return dg.TableRecord(
        {
            "task": experiment.task.name,
            "split": experiment.split,
            "variant": experiment.variant,
            "epochs": len(facts["history"]),
            "best_epoch": facts["best_epoch"],
            "val_loss": round(float(best.get("val_loss", float("nan"))), 4),
            "train_s": facts["train_s"],
            "parameters": facts["parameters"],
        }
    )


ASSETS = [build_model(system) for system in SYSTEMS]
