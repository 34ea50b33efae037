"""What a model card warns of: limits that follow from the evaluation, and uses that are wrong."""

import re
from collections.abc import Mapping
from typing import Any

from pipeline.evaluation.report.verdict import FEW_MOVIES

MISUSES = (
    "Green-lighting, casting, hiring or paying: no decision about a person may rest on it. Where "
    "it sees names or earlier takings of people, it repeats who was given chances before.",
    "Films unlike the training films: of other countries, decades, lengths or budgets.",
    "Proof that an input causes success: it saw what goes together, not what brings about what.",
    "Single films without the interval: an error of the size above is what is to be expected.",
)
"""Said on every card."""

_STUDIO_MISUSE = (
    "Real films. It was trained on invented films of the built-in studio; its scores show that the "
    "path works and say nothing about cinema."
)
_TASK_MISUSES = {
    "log10_revenue": "Promising takings to investors: a point without its interval is no forecast.",
    "revenue_class": "Promising takings to investors: classes are bands of its training films.",
    "profit": "Calling a film a success: the cinemas' share and advertising are not known.",
    "score": "Judging a film's worth: it predicts what voters of one site said, from a trailer.",
}

_AGAINST = {
    "worse": "The {name} is better than this model on these films.",
    "open": "It cannot be told apart from the {name} on these films.",
}

_WEIGHTS = re.compile(r"\brandom\b")


def is_studio(source: str) -> bool:
    """Tell whether a source's label is that of the built-in studio's invented films.

    Example:
        >>> is_studio("built-in studio, invented films (seed 7)"), is_studio("TMDB")
        (True, False)
    """
    return "studio" in source and ("invented" in source or "generated" in source)


def list_misuses(facts: Mapping[str, Any], summary: Mapping[str, Any]) -> list[str]:
    """List what a model must not be used for.

    Args:
        facts: What the model's folder says; `task` is read.
        summary: What `evaluation_results.json` holds; `source` is read.
    """
    studio = [_STUDIO_MISUSE] if is_studio(summary["source"]) else []
    task = [_TASK_MISUSES[facts["task"]]] if facts["task"] in _TASK_MISUSES else []
    return [*studio, *MISUSES, *task]


def list_limits(
    facts: Mapping[str, Any],
    summary: Mapping[str, Any],
    task: Mapping[str, Any],
    content: Mapping[str, Any],
    result: Mapping[str, Any],
) -> list[str]:
    """List what a model's evaluation leaves open.

    Args:
        facts: What the model's folder says.
        summary: What `evaluation_results.json` holds.
        task: Its part of the model's task.
        content: The task's part of the model's split.
        result: The split's part of the model's variant.
    """
    n_movies = len(content["tmdb_ids"])
    limits = []
    if _WEIGHTS.search(summary["weights"]):
        limits.append(
            "Some backbones have random weights: embeddings made with them carry little of what "
            "they show."
        )
    if n_movies < FEW_MOVIES:
        limits.append(f"{n_movies} test films are few: differences on them are mostly chance.")
    limits += [
        _AGAINST[row["outcome"]].format(name=row["other"])
        for row in content["comparisons"]
        if row["model"] == facts["variant"]
        and content["results"][row["other"]]["kind"] == "baseline"
        and row["outcome"] != "better"
    ]
    limits += _list_coverage(task, result)
    limits += [
        "Test films come from the same source and years as the training films"
        + (": of a split by release date only the years differ." if facts["split"] == "by-date"
           else ", so films to come may be harder; see the split by release date."),
        "Figures come from TMDB's users; missing ones are masked, wrong ones are not seen.",
    ]  # fmt: skip
    return limits


def _list_coverage(task: Mapping[str, Any], result: Mapping[str, Any]) -> list[str]:
    coverage = result["scores"].get("interval_coverage_score")
    if task["kind"] != "regression":
        return []
    if coverage is None:
        return ["It gives no predictive interval."]
    level = result["numbers"]["interval_level"]
    return [
        f"Its {level:.0%} predictive intervals hold {coverage['estimate']:.0%} of the test films."
    ]
