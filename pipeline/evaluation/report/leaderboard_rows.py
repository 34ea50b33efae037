"""The rows of the leaderboard: every model and baseline on the headline split of its task."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.report.stored_results import find_headline
from pipeline.evaluation.wording import (
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


TERMINAL_COLUMNS = ("variant", "score", "interval", "naive", "boosting")
_SHORT_OUTCOMES = {"better": "better", "worse": "worse", "open": "n.s.", "": ""}
TERMINAL_LEGEND = (
    "naive, boosting: against the strongest baseline of each kind on the same test set, Holm's "
    "correction; n.s.: no significant difference. interval: 95 %, franchises drawn whole."
)


def tabulate_leaderboard(
    rows: Sequence[Mapping[str, Any]],
) -> list[tuple[str, list[tuple[str, ...]]]]:
    """Format rows as texts for tables in a terminal of 80 columns.

    Returns:
        For each task its title, and its rows in the order of `TERMINAL_COLUMNS`.
    """
    tables: dict[str, list[tuple[str, ...]]] = {}
    for row in rows:
        direction = "lower" if is_error(row["metric"]) else "higher"
        title = (
            f"{row['system']}, {row['task']}: {METRIC_WORDS[row['metric']]} ({direction} is "
            f"better), {row['split']}, {row['test_movies']} test movies"
        )
        outcomes = (
            _SHORT_OUTCOMES[row[name]] if row["kind"] == "model" else ""
            for name in ("versus_trivial", "versus_boosting")
        )
        texts = (variant_title(row["variant"]), *_format_score(row), *outcomes)
        tables.setdefault(title, []).append(texts)
    return list(tables.items())


def _format_score(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["estimate"] is None:
        return "–", ""
    low, high = format_figure(row["low"]), format_figure(row["high"])
    return format_figure(row["estimate"]), f"{low} to {high}"
