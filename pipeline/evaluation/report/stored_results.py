"""The files of an evaluation, and what its results hold; nothing here computes a score."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

RESULTS_FILE = "evaluation_results.json"
REPORT_FILE = "report.html"
SPLITS_FILE = "split_comparison.csv"

_FLIPPED = {"better": "worse", "worse": "better", "open": "open"}


def find_headline(task_summary: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the content of a task's headline split: its set sizes, results and comparisons."""
    name = task_summary["headline"]
    pooled = task_summary["families"].get(name, {}).get("pooled")
    return pooled or task_summary["splits"][name]


def list_contents(task_summary: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return a task's headline and then its other splits, by the words for each.

    Splits of a pooled family count as one, together.
    """
    pooled = {
        f"{name}, all {len(family['splits'])} pooled": family["pooled"]
        for name, family in task_summary["families"].items()
        if family["pooled"]
    }
    together = {
        split
        for family in task_summary["families"].values()
        if family["pooled"]
        for split in family["splits"]
    }
    alone = {name: c for name, c in task_summary["splits"].items() if name not in together}
    headline = find_headline(task_summary)
    contents = {**pooled, **alone}
    first = [name for name, content in contents.items() if content is headline]
    return {name: contents[name] for name in [*first, *contents]}


def headline_title(task_summary: Mapping[str, Any]) -> str:
    """Return the words for a task's headline split.

    Example:
        >>> folds = {"splits": ["fold-1", "fold-2"], "pooled": {"results": {}}}
        >>> headline_title({"headline": "fold", "families": {"fold": folds}})
        'fold, all 2 pooled'
        >>> headline_title({"headline": "by-date", "families": {}})
        'split by-date'
    """
    name = task_summary["headline"]
    family = task_summary["families"].get(name, {})
    if family.get("pooled"):
        return f"{name}, all {len(family['splits'])} pooled"
    return f"split {name}"


def find_main(task_summary: Mapping[str, Any], main_variant: str) -> str:
    """Return the variant that represents a task: the main one, else the first model; else ""."""
    results = find_headline(task_summary)["results"]
    models = [name for name, result in results.items() if result["kind"] == "model"]
    return main_variant if main_variant in models else next(iter(models), "")


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


def score_of(result: Mapping[str, Any], metric: str) -> float | None:
    """Return a result's score; None or NaN where it is undefined."""
    score = result["scores"].get(metric)
    return None if score is None else score["estimate"]


def is_known(value: float | None) -> TypeGuard[float]:
    """Return whether a score is neither None, as in JSON, nor NaN.

    Example:
        >>> is_known(0.0), is_known(None), is_known(float("nan"))
        (True, False, False)
    """
    return value is not None and value == value
