"""The page of an evaluation, and the templates of all pages."""

import base64
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.metrics.regression_metrics import COVERAGE
from pipeline.evaluation.metrics.significance import SIGNIFICANCE
from pipeline.evaluation.plots.task_plots import Plot
from pipeline.evaluation.report.ceiling import describe_ceiling
from pipeline.evaluation.report.stored_results import find_headline, headline_title, list_contents
from pipeline.evaluation.wording import (
    KIND_WORDS,
    describe_coverage_by_segment,
    format_count,
    format_duration,
    format_figure,
    format_p,
    format_signed,
    variant_title,
)

MAIN_COLUMNS = (
    "accuracy_score", "balanced_accuracy_score", "macro_f1_score", "within_one_accuracy_score",
    "quadratic_kappa_score", "top3_accuracy_score", "auc_score",
    "rmse_error", "mae_error", "r2_score", "interval_coverage_score",
    "interval_score_error",
    "micro_ap_score", "macro_ap_score", "weighted_ap_score", "sample_ap_score",
    "average_precision_score",
)  # fmt: skip
"""Scores in the page's first tables; the others are folded."""

_OWN_KEYS = ("tasks", "missing", "left_out", "notices")
"""Keys of a summary that the page shows in a form of its own."""

_FOLDER = Path(__file__).parent


@cache
def load_template(name: str) -> jinja2.Template:
    """Load a template of this package, with the formats that all share; it is compiled once."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_FOLDER), autoescape=name.endswith(".html"),
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(
        coverage_by_segment=describe_coverage_by_segment,
        figure=format_figure,
        signed=format_signed,
        p_value=format_p,
        span=format_duration,
        many=format_count,
        cell=lambda text: str(text).replace("|", "\\|"),
        variant_title=variant_title,
    )
    environment.globals.update(
        words=METRIC_WORDS, kind_words=KIND_WORDS, is_error=is_error, significance=SIGNIFICANCE
    )
    return environment.get_template(name)


def render_report(summary: Mapping[str, Any], plots: Mapping[str, Sequence[Plot]]) -> str:
    """Render the page; it embeds its plots and loads nothing else."""
    left_out = summary.get("left_out", ())
    return load_template("report.html").render(
        **{k: v for k, v in summary.items() if k not in _OWN_KEYS},
        notices=list_summary_notices([summary]),
        is_random=has_random_weights(summary),
        missing=summary.get("missing", {}),
        tasks={
            name: {
                **_task_context(name, task, plots.get(name, ())),
                "left_out": [one for one in left_out if one["task"] == name],
            }
            for name, task in summary["tasks"].items()
        },
    )


def list_summary_notices(summaries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, str]]:
    """List the notices that the sources of evaluations demand, each once.

    An evaluation of an earlier version names none.
    """
    notices = (notice for summary in summaries for notice in summary.get("notices", ()))
    return list({notice["text"]: notice for notice in notices}.values())


def has_random_weights(summary: Mapping[str, Any]) -> bool:
    """Return whether a backbone of the evaluation has random weights."""
    return bool(re.search(r"\brandom\b", summary["weights"]))


def _task_context(name: str, task: Mapping[str, Any], plots: Sequence[Plot]) -> dict[str, Any]:
    shown = list_contents(task)
    main = [metric for metric in task["metrics"] if metric in MAIN_COLUMNS]
    return {
        **task,
        "name": name,
        "title": name.replace("_", " "),
        "contents": {split: _split_context(task, content) for split, content in shown.items()},
        "headline_title": headline_title(task),
        "folds": {
            family: _family_context(task, content) for family, content in task["families"].items()
        },
        "columns": {"main": main, "other": [m for m in task["metrics"] if m not in main]},
        "headline_result": find_headline(task),
        "plots": [
            {
                "title": plot.title,
                "caption": plot.caption,
                "data": base64.b64encode(plot.path.read_bytes()).decode(),
            }
            for plot in plots
        ],
    }


def _split_context(task: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    results = content["results"]
    models = {name: result for name, result in results.items() if result["kind"] == "model"}
    return {
        **content,
        "movies": len(content["tmdb_ids"]),
        "best": find_best(results, task["metrics"]),
        "models": models,
        "before_release": {
            name: result["before_release"]
            for name, result in models.items()
            if "before_release" in result
        },
        "verdicts": [r["verdict"] for r in models.values()],
        "ceiling": describe_ceiling(content, task["main_metric"]),
        "expected": [
            (name, METRIC_WORDS.get(f"{fact.removeprefix('expected_')}_score", fact), value)
            for name, result in results.items()
            if result["kind"] == "limit"
            for fact, value in result["facts"].items()
            if fact.startswith("expected_")
        ],
        **_trainings_context(models, task["main_metric"]),
    }


def _trainings_context(models: Mapping[str, Any], main_metric: str) -> dict[str, Any]:
    """Choose the score whose training curve is known: the main one, else the first in histories."""
    trained = {name: result for name, result in models.items() if result["history"]}
    followed = {key for result in trained.values() for row in result["history"] for key in row}
    known = [name for result in trained.values() for name in result["scores"]]
    metric = next(
        (m for m in [main_metric, *known] if followed & {f"val_{m}", f"val_{_short(m)}"}),
        main_metric,
    )
    return {
        "training_metric": metric,
        "trainings": [_training_context(name, r, metric) for name, r in trained.items()],
    }


def _short(metric: str) -> str:
    return re.sub(r"_(score|error)$", "", metric)


def _training_context(variant: str, result: Mapping[str, Any], metric: str) -> dict[str, Any]:
    """Collect one score of the training, validation and test set, with time and parameters."""
    short = _short(metric)
    epochs = len(result["history"])
    kept = result["history"][max(result["best_epoch"], 1) - 1]
    seconds = result["facts"].get("train_s")
    return {
        "variant": variant,
        "train": kept.get(f"train_{metric}", kept.get(f"train_{short}")),
        "val": kept.get(f"val_{metric}", kept.get(f"val_{short}")),
        "test": result["scores"][metric]["estimate"],
        "best_epoch": result["best_epoch"],
        "epochs": epochs,
        "train_s": seconds,
        "epoch_s": None if seconds is None else seconds / epochs,
        "parameters": result["facts"].get("parameters"),
    }


def _family_context(task: Mapping[str, Any], family: Mapping[str, Any]) -> dict[str, Any]:
    main = task["main_metric"]
    rows = [
        {
            "variant": variant,
            "kind": result["kind"],
            "mean": result["scores"].get(main, {"mean": None, "sd": None}),
            "splits": [
                task["splits"][split]["results"][variant]["scores"][main]["estimate"]
                for split in family["splits"]
            ],
            "scores": result["scores"],
            "classes": result.get("classes", []),
        }
        for variant, result in family["means"].items()
    ]
    return {"splits": family["splits"], "rows": rows, "is_pooled": bool(family["pooled"])}


def find_best(results: Mapping[str, Any], metrics: Sequence[str]) -> dict[str, float | None]:
    """Find the best estimate of each score, the noise ceiling aside: the page sets it in bold.

    Coverage has no best one, as it is to meet its level; neither has a score that is equal in all.
    """
    found: dict[str, float | None] = {}
    for metric in metrics:
        estimates = [
            result["scores"][metric]["estimate"]
            for result in results.values()
            if result["kind"] != "limit" and metric in result["scores"]
        ]
        known = [value for value in estimates if value is not None]
        has_best = metric != COVERAGE and len(set(known)) > 1
        found[metric] = (min if is_error(metric) else max)(known) if has_best else None
    return found
