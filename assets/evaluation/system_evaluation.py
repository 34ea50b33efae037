"""Evaluation of a system: its models, naive baselines and gradient boosting on the same films."""

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from assets.evaluation.stored_reports import read_summary
from assets.models.model_versions import promoted_number
from assets.orchestration.staleness import input_version, write_whole
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.tables import table_metadata
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from pipeline.core.versions import hash_bytes
from pipeline.evaluation.report.headline_figures import headline_figures
from pipeline.evaluation.report.stored_results import (
    REPORT_FILE,
    RESULTS_FILE,
    SPLITS_FILE,
    list_contents,
)
from pipeline.evaluation.wording import variant_title
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext

if TYPE_CHECKING:  # it imports numpy, which a run alone needs
    from assets.evaluation.promotion import Verdict

NOT_WORSE = "not_worse"
PROMOTION = "promotion"
CHECKS = {
    NOT_WORSE: "The main variant's score on each task's headline (its folds together, else its "
    "first split) is not significantly worse than at the last evaluation, on the same test movies.",
    PROMOTION: "The newest version predicts: it is not significantly worse than the one before it "
    "on the test movies that both have.",
}
"""The checks of an evaluation, and what each says where it passes."""

DIALOG_PX = 1040
"""Width of an image that fits Dagster's dialog in a window of 1366 px; the UI does not scale."""


def build_evaluation(system: System) -> dg.AssetsDefinition:
    """Build the asset of a system's scores and report."""
    name = f"{system.name}_evaluation"

    @unpartitioned_asset(
        name,
        kinds={"scikitlearn", "html"},
        metadata={
            "folder": f"reports/{system.name}/",
            "content": "every score of models, baselines and noise ceiling with its interval",
        },
        description=(
            f"Scores of `{system.name}` on each split's test set with bootstrap confidence "
            "intervals, compared with naive baselines and gradient boosting."
        ),
        check_specs=[
            dg.AssetCheckSpec(check, asset=name, description=CHECKS[check]) for check in CHECKS
        ],
    )
    def evaluation(
        context: dg.AssetExecutionContext, run_context: dg.ResourceParam[RunContext]
    ) -> dg.MaterializeResult:
        with concise_errors():
            from assets.evaluation.promotion import consider_newest, keep_tests
            from assets.evaluation.system_report import evaluate_system
            from assets.splits.features import load_features

            version = input_version(run_context, name)
            before = read_summary(run_context, system)
            paths = evaluate_system(run_context, system)
            content = paths[RESULTS_FILE].read_bytes()
            content_hash, summary = hash_bytes(content), json.loads(content)
            keep_tests(run_context, system, summary)
            verdict = consider_newest(run_context, system, load_features(run_context).notes)
            promoted = promoted_number(run_context, system)
            write_whole(run_context, name, version, content_hash)
        verdicts, missing = _list_verdicts(summary), _list_missing(summary)
        for sentence in verdicts:
            context.log.info(sentence)
        for sentence in missing:
            context.log.warning(sentence)
        return dg.MaterializeResult(
            metadata={
                "source": run_context.source.label,
                **({} if promoted is None else {"promoted_version": promoted}),
                **_describe(summary, paths, [*verdicts, *missing]),
            },
            data_version=dg.DataVersion(content_hash),
            check_results=[_compare(system, summary, before), _check_promotion(verdict)],
        )

    return evaluation


def _describe(
    summary: Mapping[str, Any], paths: Mapping[str, Path], sentences: Sequence[str]
) -> dict[str, Any]:
    """Return what an evaluation found, for the asset's page."""
    pictures = {path.stem: _scaled(path) for path in paths.values() if path.suffix == ".png"}
    return {
        "backbones": summary["weights"],
        **headline_figures(summary),
        **table_metadata("scores", _main_scores(summary)),
        "verdicts": dg.MetadataValue.md("\n".join(f"- {line}" for line in sentences)),
        **pictures,
        "dagster/column_schema": _list_columns(paths[SPLITS_FILE]),
        "report": dg.MetadataValue.path(str(paths[REPORT_FILE].absolute())),
    }


def _check_promotion(verdict: "Verdict | None") -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        passed=verdict is None or not verdict.is_worse,
        check_name=PROMOTION,
        severity=dg.AssetCheckSeverity.WARN,
        description=verdict.why if verdict else "There is no version yet.",
    )


def _compare(
    system: System, now: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dg.AssetCheckResult:
    """Compare with the last evaluation; without one, or on other movies, nothing is worse."""
    if not now["tasks"] or before is None:
        why = "There is nothing to compare."
        if now["tasks"]:
            why = "There was no evaluation before this one."
        return dg.AssetCheckResult(
            passed=True, check_name=NOT_WORSE, severity=dg.AssetCheckSeverity.WARN, description=why
        )
    from pipeline.evaluation.report.earlier_results import compare_with_earlier, describe_changes
    from pipeline.evaluation.report.evaluation_summary import SEED

    changes = compare_with_earlier(now, before, system.tasks, seed=SEED)
    return dg.AssetCheckResult(
        passed=not any(change.is_worse for change in changes),
        check_name=NOT_WORSE,
        severity=dg.AssetCheckSeverity.WARN,
        description="\n".join(describe_changes(changes)),
        metadata={
            f"difference_{change.task}": change.difference.estimate
            for change in changes
            if not change.reason
        },
    )


def _list_verdicts(summary: Mapping[str, Any]) -> list[str]:
    """List the verdicts of a summary, one per task, split and model; headlines first."""
    return [
        f"{split}: {result['verdict']}"
        for task in summary["tasks"].values()
        for split, content in list_contents(task).items()
        for result in content["results"].values()
        if "verdict" in result
    ]


def _list_missing(summary: Mapping[str, Any]) -> list[str]:
    """List the tasks for which nothing was trained, with reasons."""
    return [f"{task}: not trained; {reason}." for task, reason in summary["missing"].items()]


def _main_scores(summary: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "task": name,
            "split": split,
            "variant": variant_title(variant),
            "score": task["main_metric"],
            **{
                end: None if value is None else round(value, 4)
                for end, value in result["scores"][task["main_metric"]].items()
            },
        }
        for name, task in summary["tasks"].items()
        for split, content in list_contents(task).items()
        for variant, result in content["results"].items()
    ]


def _list_columns(path: Path) -> dg.TableSchema:
    """List the columns of the table of all scores, as it was written."""
    with path.open(encoding="utf-8") as file:
        names = next(csv.reader(file))
    texts = ("task", "split", "variant", "kind")
    return dg.TableSchema(
        columns=[dg.TableColumn(name, "str" if name in texts else "float") for name in names]
    )


def _scaled(path: Path) -> dg.MarkdownMetadataValue:
    from PIL import Image

    with Image.open(path) as full:
        image = full.convert("RGB")
    image.thumbnail((DIALOG_PX, 4 * DIALOG_PX))
    content = io.BytesIO()
    image.quantize(64).save(content, "PNG", optimize=True)
    data = base64.b64encode(content.getvalue()).decode()
    return dg.MetadataValue.md(f"![{path.name}](data:image/png;base64,{data})")


ASSETS = [build_evaluation(system) for system in SYSTEMS]
