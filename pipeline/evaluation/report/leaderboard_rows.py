"""The rows of the leaderboard: every model and baseline on the headline split of its task."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.report.stored_results import find_headline
from pipeline.evaluation.wording import (
    OUTCOME_WORDS,
    format_count,
    format_duration,
    format_figure,
    variant_title,
)

NAIVE, LINEAR, BOOSTING = "naive", "linear", "boosting"

_FLIPPED = {"better": "worse", "worse": "better", "open": "open"}


def list_leaderboard(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List every model, baseline and noise ceiling of every task, best first within a task.

    Args:
        summaries: `evaluation_results.json` of each system, in the order to be shown.

    Returns:
        Rows: system, task, split, variant, kind, is_main, metric, estimate, low, high,
        train_movies, test_movies, train_s, parameters, source, weights; for models `versus_trivial`
        and `versus_boosting` ("better", "worse", "open" or "", against the strongest of each) and
        `better_than`, `worse_than`: the names of those that differ significantly after Holm's
        correction. Unknown values are None.
    """
    return [
        row
        for summary in summaries
        for name, task in summary["tasks"].items()
        for row in _list_task(summary, name, task)
    ]


def classify_baseline(variant: str) -> str:
    """Return the kind of a baseline by its name: `BOOSTING`, `LINEAR`, else `NAIVE`.

    Example:
        >>> classify_baseline("boosting on metadata"), classify_baseline("majority class")
        ('boosting', 'naive')
    """
    for kind in (BOOSTING, LINEAR):
        if variant.startswith(kind):
            return kind
    return NAIVE


def find_main(task_summary: Mapping[str, Any], main_variant: str) -> str:
    """Return the variant that represents a task: the main one, else the first model; else ""."""
    results = find_headline(task_summary)["results"]
    models = [name for name, result in results.items() if result["kind"] == "model"]
    return main_variant if main_variant in models else next(iter(models), "")


def _list_task(
    summary: Mapping[str, Any], name: str, task: Mapping[str, Any]
) -> list[dict[str, Any]]:
    content = find_headline(task)
    metric = task["main_metric"]
    main = find_main(task, summary["main_variant"])
    rows = [
        {
            "system": summary["system"],
            "task": name,
            "split": task["headline"],
            "variant": variant,
            "kind": result["kind"],
            "is_main": variant == main,
            "metric": metric,
            **result["scores"][metric],
            "train_movies": content["rows"].get("train"),
            "test_movies": len(content["tmdb_ids"]),
            "train_s": result["facts"].get("train_s"),
            "parameters": result["facts"].get("parameters"),
            **_compare_with_others(variant, content, metric),
            "source": summary["source"],
            "weights": summary["weights"],
        }
        for variant, result in content["results"].items()
    ]
    return sorted(rows, key=lambda row: _rank(row, metric))


def _rank(row: Mapping[str, Any], metric: str) -> tuple[bool, bool, float]:
    """Sort noise ceilings last, unknown scores before them, else best first."""
    estimate = row["estimate"]
    if estimate is None:
        return row["kind"] == "limit", True, 0.0
    return row["kind"] == "limit", False, estimate if is_error(metric) else -estimate


def _compare_with_others(variant: str, content: Mapping[str, Any], metric: str) -> dict[str, Any]:
    outcomes = find_outcomes(variant, content["comparisons"])
    return {
        "versus_trivial": _compare_with_strongest(outcomes, content, metric, NAIVE),
        "versus_boosting": _compare_with_strongest(outcomes, content, metric, BOOSTING),
        "better_than": [name for name, outcome in outcomes.items() if outcome == "better"],
        "worse_than": [name for name, outcome in outcomes.items() if outcome == "worse"],
    }


def find_outcomes(variant: str, comparisons: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return the outcome against each other variant; "open" where not significant after Holm."""
    outcomes = {}
    for row in comparisons:
        outcome = row["outcome"] if row["is_significant"] else "open"
        if row["model"] == variant:
            outcomes[row["other"]] = outcome
        elif row["other"] == variant:
            outcomes[row["model"]] = _FLIPPED[outcome]
    return outcomes


def _compare_with_strongest(
    outcomes: Mapping[str, str], content: Mapping[str, Any], metric: str, kind: str
) -> str:
    """Return the outcome against the strongest baseline of a kind; "" where there is none."""
    results = content["results"]
    scores = {
        name: result["scores"][metric]["estimate"]
        for name, result in results.items()
        if result["kind"] == "baseline" and classify_baseline(name) == kind and name in outcomes
    }
    known = {name: score for name, score in scores.items() if score is not None}
    if not known:
        return ""
    strongest = (min if is_error(metric) else max)(known, key=lambda name: known[name])
    return outcomes[strongest]


TERMINAL_COLUMNS = (
    "task", "variant", "score", "test films", "training", "parameters", "naive baseline",
    "gradient boosting",
)  # fmt: skip


def tabulate_leaderboard(rows: Sequence[Mapping[str, Any]]) -> list[tuple[str, ...]]:
    """Format rows as texts for a terminal's table, in the order of `TERMINAL_COLUMNS`."""
    return [
        (
            f"{row['system']}: {row['task']}",
            variant_title(row["variant"]),
            _format_score(row),
            str(row["test_movies"]),
            format_duration(row["train_s"]),
            format_count(row["parameters"]),
            OUTCOME_WORDS[row["versus_trivial"]] if row["kind"] == "model" else "",
            OUTCOME_WORDS[row["versus_boosting"]] if row["kind"] == "model" else "",
        )
        for row in rows
    ]


def _format_score(row: Mapping[str, Any]) -> str:
    words = METRIC_WORDS[row["metric"]] + (" ↓" if is_error(row["metric"]) else "")
    if row["estimate"] is None:
        return f"{words} –"
    low, high = format_figure(row["low"]), format_figure(row["high"])
    return f"{words} {format_figure(row['estimate'])} ({low} to {high})"
