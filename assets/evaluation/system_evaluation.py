"""Evaluation: every model beside trivial answers and boosting, on the same films."""

import json
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import dagster as dg

from assets.evaluation.evaluation_metadata import describe, verdicts
from assets.evaluation.model_evaluation import judge_model, keep_judgement, result_of
from assets.evaluation.noise_ceiling import limit_answers
from assets.evaluation.report_context import groups_of, samples_of, subject_of
from assets.models.baselines import load_baselines
from assets.models.experiment_data import Ground, open_ground
from assets.models.experiments import Trial, headline, splits_in_use
from assets.models.system_models import trained
from assets.models.training import model_file
from assets.orchestration.interruption import stopping
from assets.orchestration.lineage import input_version, write_whole
from assets.orchestration.system_asset import system_asset
from pipeline.core.systems import SYSTEMS, System
from pipeline.core.versions import hash_bytes
from resources.run_context import Workplace

LIMIT = "reachable limit"
"""Name of the answer of somebody who knows everything but the noise; the studio's films alone."""


COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("split", "str"),
        dg.TableColumn("variant", "str", description="model, baseline or limit"),
        dg.TableColumn("<score>, <score>_low, <score>_high", "float"),
    ]
)


def reports_folder(workplace: Workplace, system: System) -> Path:
    """Give the folder of a system's report."""
    return workplace.store.folder("reports") / system.name


def build_evaluation(system: System) -> dg.AssetsDefinition:
    """Make the asset of a system's scores and report."""

    @system_asset(
        system,
        "evaluation",
        group="evaluation",
        deps=[f"{system.name}_baselines", f"{system.name}_model"],
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
        context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]
    ) -> dg.MaterializeResult:
        with stopping():
            from pipeline.evaluation.report.files import RESULTS_FILE

            name = f"{system.name}_evaluation"
            version = input_version(workplace, name)
            ground = open_ground(workplace, system)
            planned = trained(workplace, system)
            results = list(_answer(workplace, system, ground, planned))
            folder = reports_folder(workplace, system)
            if not results:
                return _say_nothing(context, workplace, system, folder, version)
            paths = _write(workplace, system, ground, results)
            summary = json.loads(paths[RESULTS_FILE].read_text(encoding="utf-8"))
            of_models = (result for result in results if result.kind == "model")
            for trial, result in zip(planned, of_models, strict=True):
                keep_judgement(trial.folder(workplace), result, summary)
            _copy_main(workplace, system, folder)
            content_hash = hash_bytes(paths[RESULTS_FILE].read_bytes())
            write_whole(workplace, name, version, content_hash)
        for sentence in verdicts(summary):
            context.log.info(sentence)
        return dg.MaterializeResult(
            metadata=describe(workplace, summary, paths),
            data_version=dg.DataVersion(content_hash),
        )

    return evaluation


def _write(
    workplace: Workplace, system: System, ground: Ground, results: list
) -> Mapping[str, Path]:
    from pipeline.evaluation.report.files import write_evaluation

    folder = reports_folder(workplace, system)
    return write_evaluation(
        folder,
        results,
        subject_of(workplace, system, ground),
        groups=groups_of(system, ground),
        samples=samples_of(system, ground, results, folder),
    )


def _say_nothing(
    context: dg.AssetExecutionContext,
    workplace: Workplace,
    system: System,
    folder: Path,
    version: str,
) -> dg.MaterializeResult:
    """Where there are too few films for any split: no report, and none of an earlier time."""
    shutil.rmtree(folder, ignore_errors=True)
    said = f"too few films for {system.name}: {system.name}_splits says how many and why"
    context.log.warning(said)
    write_whole(workplace, f"{system.name}_evaluation", version, "none")
    return dg.MaterializeResult(metadata={"nothing": said}, data_version=dg.DataVersion("none"))


def _answer(
    workplace: Workplace, system: System, ground: Ground, planned: list[Trial]
) -> Iterator[object]:
    """Ask every model, baseline and, on generated films, the limit about its test part."""
    for task in system.tasks:
        for split in splits_in_use(system, task):
            of_split = [t for t in planned if t.task is task and t.split == split]
            if not of_split:
                continue
            for trial in of_split:
                yield judge_model(workplace, ground, trial)
            answers = load_baselines(workplace, system, task, split)
            for name, answer in answers.items():
                yield result_of(ground, of_split[0], name, "baseline", answer)
            if (answer := limit_answers(workplace, ground, of_split[0])) is not None:
                yield result_of(ground, of_split[0], LIMIT, "limit", answer)


def _copy_main(workplace: Workplace, system: System, folder: Path) -> None:
    """Put the main model of the headline split beside the report.

    The first split, not the one with the best test score: that would be tuning on test parts.
    """
    trial = Trial(system, system.tasks[0], headline(system), system.main_variant)
    name = model_file(system)
    if (trial.folder(workplace) / name).is_file():
        shutil.copyfile(trial.folder(workplace) / name, folder / name)


ASSETS = [build_evaluation(system) for system in SYSTEMS]
