"""The rows of the leaderboard: every model and baseline of every task, and tasks without any."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipeline.evaluation.metrics.metric_names import is_error
from pipeline.evaluation.report.best_variant import VAL_SCORE, find_best_variant
from pipeline.evaluation.report.stored_results import find_headline, find_main, find_outcomes
from pipeline.evaluation.report.verdict import find_verdict

MISSING = "missing"
"""The kind of a row of a task for which nothing was trained."""

CUT_COLUMNS = {"estimate": "cut_estimate", "low": "cut_low", "high": "cut_high"}
"""Columns of the main score on the same movies as before release, by their names in a score."""


def list_leaderboard(summaries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List every model, baseline and noise ceiling of every task, best first within a table.

    Where pooled folds are a task's headline, and other variants were trained on its first split
    alone, that split is a second table of the task.

    Args:
        summaries: `evaluation_results.json` of each system, in the order to be shown.

    Returns:
        Rows: system, task, split, is_headline, variant, kind, is_main, is_best (the variant that
        the validation set prefers), val_score, metric, estimate, low, high, `cut_estimate`,
        `cut_low` and `cut_high` (the same movies with records as before release), train_movies,
        test_movies, train_s, parameters, reason, source, weights; for models best_baseline and
        best_baseline_score, `verdict` and `versus` (`find_verdict`'s outcome and against), and
        `better_than`, `worse_than`: the names of those that differ significantly after Holm's
        correction. A task for which nothing was trained is one row of the kind `MISSING` with its
        reason. Unknown values are None, texts and lists are empty.
    """
    return [row for summary in summaries for row in _list_system(summary)]


def _list_system(summary: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, task in summary["tasks"].items():
        best = find_best_variant(task)
        about = {
            **_empty_row(summary, name),
            "metric": task["main_metric"],
            "main": find_main(task, summary["main_variant"]),
            "best": best.variant if best else "",
        }
        for split, content in list_tables(task).items():
            yield from _list_table(about, split, content, is_headline=split == task["headline"])
    for name, reason in summary.get("missing", {}).items():
        yield {**_empty_row(summary, name), "kind": MISSING, "reason": reason}


def list_tables(task_summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return a task's headline and, where that lacks models of the first split, that split."""
    headline = find_headline(task_summary)
    first, content = next(iter(task_summary["splits"].items()))
    tables = {task_summary["headline"]: headline}
    if not _models(content) <= _models(headline):
        tables[first] = content
    return tables


def _models(content: Mapping[str, Any]) -> set[str]:
    return {name for name, result in content["results"].items() if result["kind"] == "model"}


def _empty_row(summary: Mapping[str, Any], task: str) -> dict[str, Any]:
    return {
        "system": summary["system"],
        "task": task,
        **dict.fromkeys(("split", "variant", "kind", "metric", "reason"), ""),
        **{"is_headline": True, "is_main": False, "is_best": False},
        **dict.fromkeys(("val_score", "estimate", "low", "high"), None),
        **dict.fromkeys(CUT_COLUMNS.values(), None),
        **dict.fromkeys(("train_movies", "test_movies", "train_s", "parameters"), None),
        **{"best_baseline": "", "best_baseline_score": None, "verdict": "", "versus": ""},
        **{"better_than": [], "worse_than": []},
        "source": summary["source"],
        "weights": summary["weights"],
    }


def _list_table(
    about: Mapping[str, Any], split: str, content: Mapping[str, Any], *, is_headline: bool
) -> list[dict[str, Any]]:
    shared = {name: value for name, value in about.items() if name not in ("main", "best")}
    rows = [
        {
            **shared,
            "split": split,
            "is_headline": is_headline,
            "variant": variant,
            "kind": result["kind"],
            "is_main": variant == about["main"],
            "is_best": variant == about["best"],
            "val_score": result["facts"].get(VAL_SCORE),
            **result["scores"][about["metric"]],
            **_score_before_release(result, about["metric"]),
            "train_movies": content["rows"].get("train"),
            "test_movies": len(content["tmdb_ids"]),
            "train_s": result["facts"].get("train_s"),
            "parameters": result["facts"].get("parameters"),
            **_compare_with_others(variant, content, about["metric"]),
        }
        for variant, result in content["results"].items()
    ]
    return sorted(rows, key=lambda row: _rank(row, about["metric"]))


def _score_before_release(result: Mapping[str, Any], metric: str) -> dict[str, float | None]:
    score = result.get("before_release", {}).get("scores", {}).get(metric, {})
    return {column: score.get(name) for name, column in CUT_COLUMNS.items()}


def _rank(row: Mapping[str, Any], metric: str) -> tuple[bool, bool, float]:
    """Sort noise ceilings last, unknown scores before them, else best first."""
    estimate = row["estimate"]
    if estimate is None:
        return row["kind"] == "limit", True, 0.0
    return row["kind"] == "limit", False, estimate if is_error(metric) else -estimate


def _compare_with_others(variant: str, content: Mapping[str, Any], metric: str) -> dict[str, Any]:
    if content["results"][variant]["kind"] != "model":
        return {}
    outcomes = find_outcomes(variant, content["comparisons"])
    verdict = find_verdict(variant, content, metric)
    return {
        "best_baseline": verdict.best_baseline,
        "best_baseline_score": verdict.best_score,
        "verdict": verdict.outcome,
        "versus": verdict.against,
        "better_than": [name for name, outcome in outcomes.items() if outcome == "better"],
        "worse_than": [name for name, outcome in outcomes.items() if outcome == "worse"],
    }
