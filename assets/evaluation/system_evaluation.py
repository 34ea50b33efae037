"""Evaluation of a system: its models, naive baselines and gradient boosting on the same films."""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg

from assets.evaluation.evaluation_metadata import describe, list_verdicts
from assets.evaluation.model_evaluation import evaluate_model, make_result, write_scores
from assets.evaluation.noise_ceiling import ceiling_predictions
from assets.evaluation.report_context import samples_of, segments_of, subject_of
from assets.evaluation.stored_reports import reports_folder
from assets.models.baselines import load_baselines
from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.models.experiments import Experiment, read_experiments
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.versions import hash_bytes
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext

NOISE_CEILING = "reachable limit"
"""The name under which evaluations store the noise ceiling; on synthetic films alone."""

COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("split", "str"),
        dg.TableColumn("variant", "str", description="model, baseline or noise ceiling"),
        dg.TableColumn("<score>, <score>_low, <score>_high", "float"),
    ]
)


def build_evaluation(system: System) -> dg.AssetsDefinition:
    """Build the asset of a system's scores and report."""

    @unpartitioned_asset(
        f"{system.name}_evaluation",
        kinds={"scikitlearn", "html"},
        metadata={
            "folder": f"reports/{system.name}/",
            "dagster/column_schema": COLUMNS,
        },
        description=(
            f"Scores of `{system.name}` on each split's test set with bootstrap confidence "
            "intervals, compared with naive baselines and gradient boosting."
        ),
    )
    def evaluation(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> dg.MaterializeResult:
        with concise_errors():
            from pipeline.evaluation.report.stored_results import RESULTS_FILE

            name = f"{system.name}_evaluation"
            version = input_version(run_context, name)
            experiment_data = open_experiment_data(run_context, system)
            experiments = read_experiments(run_context, system)
            results = list(_evaluate(run_context, system, experiment_data, experiments))
            folder = reports_folder(run_context, system)
            if not results:
                return _skip(context, run_context, system, folder, version)
            paths = _write(run_context, system, experiment_data, results)
            summary = json.loads(paths[RESULTS_FILE].read_text(encoding="utf-8"))
            of_models = (result for result in results if result.kind == "model")
            for experiment, result in zip(experiments, of_models, strict=True):
                write_scores(experiment.folder(run_context), result, summary)
            _copy_main(run_context, system, folder)
            content_hash = hash_bytes(paths[RESULTS_FILE].read_bytes())
            write_whole(run_context, name, version, content_hash)
        for sentence in list_verdicts(summary):
            context.log.info(sentence)
        return dg.MaterializeResult(
            metadata=describe(run_context, summary, paths),
            data_version=dg.DataVersion(content_hash),
        )

    return evaluation


def _write(
    run_context: RunContext,
    system: System,
    experiment_data: ExperimentData,
    results: Sequence[SplitResult],
) -> Mapping[str, Path]:
    from pipeline.evaluation.report.evaluation_files import write_evaluation

    folder = reports_folder(run_context, system)
    return write_evaluation(
        folder,
        results,
        subject_of(run_context, system, experiment_data),
        segments=segments_of(system, experiment_data),
        samples=samples_of(system, experiment_data, results, folder),
    )


def _skip(
    context: dg.AssetExecutionContext,
    run_context: RunContext,
    system: System,
    folder: Path,
    version: str,
) -> dg.MaterializeResult:
    """Remove the report where there are too few films for any split."""
    shutil.rmtree(folder, ignore_errors=True)
    message = f"Too few films for {system.name}: see {system.name}_splits for counts and reasons."
    context.log.warning(message)
    write_whole(run_context, f"{system.name}_evaluation", version, "none")
    return dg.MaterializeResult(metadata={"nothing": message}, data_version=dg.DataVersion("none"))


def _evaluate(
    run_context: RunContext,
    system: System,
    experiment_data: ExperimentData,
    experiments: Sequence[Experiment],
) -> Iterator[SplitResult]:
    """Evaluate every model, baseline and, on synthetic films, the noise ceiling."""
    for task in system.tasks:
        for split in system.split_names(task):
            of_split = [e for e in experiments if e.task is task and e.split == split]
            if not of_split:
                continue
            for experiment in of_split:
                yield evaluate_model(run_context, experiment_data, experiment)
            first = of_split[0]
            for name, preds in load_baselines(run_context, system, task, split).items():
                yield make_result(experiment_data, first, name, "baseline", preds)
            preds = ceiling_predictions(run_context, experiment_data, first)
            if preds is not None:
                yield make_result(experiment_data, first, NOISE_CEILING, "limit", preds)


def _copy_main(run_context: RunContext, system: System, folder: Path) -> None:
    """Copy the main model of the headline split into the report's folder.

    The first split, not the one with the best test score: that would be tuning on test sets.
    """
    experiment = Experiment(system, system.tasks[0], system.headline, system.main_variant)
    name = system.model_file
    if (experiment.folder(run_context) / name).is_file():
        shutil.copyfile(experiment.folder(run_context) / name, folder / name)


ASSETS = [build_evaluation(system) for system in SYSTEMS]
