"""Models: every variant of every system, trained on each of its splits."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.models.experiments import Experiment, experiments, models_folder, write_experiments
from assets.models.hyperparameters import config_of
from assets.models.model_versions import Version, promoted_number, register_version
from assets.orchestration.closing_lines import print_at_the_end
from assets.orchestration.progress import progress
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.tables import table_metadata
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.versions import combine
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext

if TYPE_CHECKING:  # they import pandas, which a run alone needs
    from assets.models.closing_score import ValidationScore
    from pipeline.splits.features import FeatureTable


def build_model(system: System) -> dg.AssetsDefinition:
    """Build the asset of a system's trained networks."""
    name, config_class = f"{system.name}_model", config_of(system)

    @unpartitioned_asset(
        name,
        kinds={"pytorch"},
        metadata={
            "file": f"models/{system.name}/<task>/<split>/<variant>/{system.model_file}",
            "content": "weights, scalers and what the network was trained on; facts.json beside it",
        },
        description=(
            f"The networks of reference implementation {system.reference} for `{system.name}`, "
            "trained on each split, splits in parallel. An interrupted training resumes where it "
            "was."
        ),
    )
    def model(
        context: dg.AssetExecutionContext,
        config: config_class,  # pyright: ignore[reportInvalidTypeForm] # built from the row
        run_context: dg.ResourceParam[RunContext],
    ) -> dg.MaterializeResult:
        with concise_errors():
            from assets.models.closing_score import compare_with_naive
            from assets.models.experiment_data import open_experiment_data
            from assets.models.training import train_all

            version = input_version(run_context, name)
            chosen = config.chosen_variants()
            requested = list(experiments(system, run_context.preset.name, chosen))
            data = open_experiment_data(run_context, system)
            changed = config.overridden()
            context.log.info(f"Hyperparameters changed for all variants: {changed or 'none'}")
            found = {experiment: data.find_lack(experiment) for experiment in requested}
            planned = [experiment for experiment, lack in found.items() if not lack]
            lacks = {experiment: lack for experiment, lack in found.items() if lack}
            with progress(name, len(planned), context.log.info) as trained:
                facts = train_all(run_context, data, planned, config, trained)
            write_experiments(run_context, system, planned, lacks)
            registered = register_version(run_context, system, planned)
            content_hash = combine(of_one["fingerprint"] for of_one in facts)
            scored = compare_with_naive(data, planned, facts)
            write_whole(run_context, name, version, content_hash)
        if scored:
            context.log.info(scored.line)
            print_at_the_end(scored.line)
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                **_summarise(data.table, planned, facts, lacks),
                **_list_scores(scored),
                **_describe_version(run_context, system, registered),
                "hyperparameters_changed": dg.MetadataValue.json(changed),
                "folder": str(models_folder(run_context, system)),
            },
            data_version=dg.DataVersion(content_hash),
        )

    return model


def _summarise(
    table: "FeatureTable",
    planned: Sequence[Experiment],
    facts: Sequence[Mapping[str, Any]],
    lacks: Mapping[Experiment, str],
) -> dict[str, Any]:
    """Return how much was trained, on how much, in which time, and what was not."""
    trainings = [_record(*both) for both in zip(planned, facts, strict=True)]
    not_trained = [{"experiment": str(one), "reason": lack} for one, lack in lacks.items()]
    return {
        **{k: v for k, v in table.notes.items() if k != "source"},
        "models": len(facts),
        "movies": len(table),
        "train_s": round(sum(of_one["train_s"] for of_one in facts), 3),
        **table_metadata("trainings", trainings),
        **table_metadata("not_trained", not_trained),
    }


def _describe_version(
    run_context: RunContext, system: System, version: Version | None
) -> dict[str, int]:
    """Return the number of this training's version, and of the one that predicts."""
    promoted = promoted_number(run_context, system)
    numbers = {"version": version.number if version else None, "promoted_version": promoted}
    return {name: number for name, number in numbers.items() if number is not None}


def _list_scores(scored: "ValidationScore | None") -> dict[str, float | str]:
    """Return the validation score and the naive baseline's; what is undefined is left out."""
    if scored is None:
        return {}
    figures = {"val_score": scored.score, "naive_val_score": scored.naive_score}
    known = {name: round(value, 4) for name, value in figures.items() if isfinite(value)}
    return {**known, "val_metric": scored.experiment.task.main_metric}


def _record(experiment: Experiment, facts: Mapping[str, Any]) -> dict[str, Any]:
    best = facts["history"][facts["best_epoch"] - 1] if facts["history"] else {}
    return {
        "task": experiment.task.name,
        "split": experiment.split,
        "variant": experiment.variant,
        "epochs": len(facts["history"]),
        "best_epoch": facts["best_epoch"],
        "val_loss": round(float(best.get("val_loss", float("nan"))), 4),
        "train_s": facts["train_s"],
        "parameters": facts["parameters"],
    }


ASSETS = [build_model(system) for system in SYSTEMS]
