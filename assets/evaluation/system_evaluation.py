"""Evaluation: every model beside trivial answers and boosting, on the same films."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from assets.evaluation.evaluation_metadata import describe, verdicts
from assets.evaluation.model_evaluation import judge_model, keep_judgement, result_of
from assets.evaluation.noise_ceiling import ceiling_predictions
from assets.evaluation.report_context import groups_of, samples_of, subject_of
from assets.models.baselines import load_baselines
from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.models.experiments import Experiment, read_experiments
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.versions import hash_bytes
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext

LIMIT = "reachable limit"
"""Name of the answer of somebody who knows everything but the noise; the studio's films alone."""


COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("split", "str"),
        dg.TableColumn("variant", "str", description="model, baseline or limit"),
        dg.TableColumn("<score>, <score>_low, <score>_high", "float"),
    ]
)


def reports_folder(run_context: RunContext, system: System) -> Path:
    """Return the folder of a system's report."""
    return run_context.store.folder("reports") / system.name


def build_evaluation(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's scores and report."""

    @unpartitioned_asset(
        f"{system.name}_evaluation",
        kinds={"scikitlearn", "html"},
        metadata={
            "folder": f"reports/{system.name}/",
            "dagster/column_schema": COLUMNS,
        },
        description=(
            f"Scores of `{system.name}` on each split's test part with bootstrap intervals, beside "
            "trivial answers and gradient boosting, and whether it beats them."
        ),
    )
    def evaluation(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> dg.MaterializeResult:
        with concise_errors():
            from pipeline.evaluation.report.evaluation_files import RESULTS_FILE

            name = f"{system.name}_evaluation"
            version = input_version(run_context, name)
            experiment_data = open_experiment_data(run_context, system)
            planned = read_experiments(run_context, system)
            results = list(_predict(run_context, system, experiment_data, planned))
            folder = reports_folder(run_context, system)
            if not results:
                return _say_nothing(context, run_context, system, folder, version)
            paths = _write(run_context, system, experiment_data, results)
            summary = json.loads(paths[RESULTS_FILE].read_text(encoding="utf-8"))
            of_models = (result for result in results if result.kind == "model")
            for experiment, result in zip(planned, of_models, strict=True):
                keep_judgement(experiment.folder(run_context), result, summary)
            _copy_main(run_context, system, folder)
            content_hash = hash_bytes(paths[RESULTS_FILE].read_bytes())
            write_whole(run_context, name, version, content_hash)
        for sentence in verdicts(summary):
            context.log.info(sentence)
        return dg.MaterializeResult(
            metadata=describe(run_context, summary, paths),
            data_version=dg.DataVersion(content_hash),
        )

    return evaluation


def _write(
    run_context: RunContext, system: System, experiment_data: ExperimentData, results: list
) -> Mapping[str, Path]:
    from pipeline.evaluation.report.evaluation_files import write_evaluation

    folder = reports_folder(run_context, system)
    return write_evaluation(
        folder,
        results,
        subject_of(run_context, system, experiment_data),
        groups=groups_of(system, experiment_data),
        samples=samples_of(system, experiment_data, results, folder),
    )


def _say_nothing(
    context: dg.AssetExecutionContext,
    run_context: RunContext,
    system: System,
    folder: Path,
    version: str,
) -> dg.MaterializeResult:
    """Where there are too few films for any split: no report, and none of an earlier time."""
    shutil.rmtree(folder, ignore_errors=True)
    said = f"too few films for {system.name}: {system.name}_splits says how many and why"
    context.log.warning(said)
    write_whole(run_context, f"{system.name}_evaluation", version, "none")
    return dg.MaterializeResult(metadata={"nothing": said}, data_version=dg.DataVersion("none"))


def _predict(
    run_context: RunContext,
    system: System,
    experiment_data: ExperimentData,
    planned: list[Experiment],
) -> Iterator[object]:
    """Ask every model, baseline and, on generated films, the limit about its test part."""
    for task in system.tasks:
        for split in system.split_names(task):
            of_split = [t for t in planned if t.task is task and t.split == split]
            if not of_split:
                continue
            for experiment in of_split:
                yield judge_model(run_context, experiment_data, experiment)
            answers = load_baselines(run_context, system, task, split)
            for name, answer in answers.items():
                yield result_of(experiment_data, of_split[0], name, "baseline", answer)
            if (
                answer := ceiling_predictions(run_context, experiment_data, of_split[0])
            ) is not None:
                yield result_of(experiment_data, of_split[0], LIMIT, "limit", answer)


def _copy_main(run_context: RunContext, system: System, folder: Path) -> None:
    """Put the main model of the headline split beside the report.

    The first split, not the one with the best test score: that would be tuning on test parts.
    """
    experiment = Experiment(system, system.tasks[0], system.headline, system.main_variant)
    name = system.model_file
    if (experiment.folder(run_context) / name).is_file():
        shutil.copyfile(experiment.folder(run_context) / name, folder / name)


ASSETS = [build_evaluation(system) for system in SYSTEMS]
