"""Families of splits: the folds of a cross-validation, the official splits of a paper."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from pipeline.evaluation.metrics.split_results import SplitResult

CLASS_SCORES = ("precision", "recall", "f1")
"""Scores of each class that are averaged over splits."""

_NUMBERED = re.compile(r"(?P<family>[a-z].*?)[ _-]?\d+", re.IGNORECASE)


def name_family(split: str) -> str:
    """Return the family of a numbered split; empty for a single one.

    Example:
        >>> name_family("fold-3"), name_family("official_0"), name_family("70-20-10")
        ('fold', 'official', '')
    """
    matched = _NUMBERED.fullmatch(split)
    return matched["family"] if matched else ""


def group_families(splits: Sequence[str]) -> dict[str, list[str]]:
    """Group numbered splits by family, in order; a family has at least two.

    Example:
        >>> group_families(["80-10-10", "fold-1", "fold-2", "by-date"])
        {'fold': ['fold-1', 'fold-2']}
    """
    grouped: dict[str, list[str]] = {}
    for split in splits:
        if family := name_family(split):
            grouped.setdefault(family, []).append(split)
    return {family: members for family, members in grouped.items() if len(members) > 1}


def pool_families(results: Sequence[SplitResult]) -> dict[str, list[SplitResult]]:
    """Pool one task's numbered splits, by family."""
    families = group_families(list(dict.fromkeys(result.split for result in results)))
    return {
        family: pool([result for result in results if result.split in members], family)
        for family, members in families.items()
    }


def pool(results: Sequence[SplitResult], family: str) -> list[SplitResult]:
    """Pool the predictions on a family's test sets into one result per variant.

    Args:
        results: All results of the family's splits and of one task.
        family: The pooled results' split.

    Returns:
        The variants evaluated on every split, in the order of the first; none where two test sets
        share a movie: it would count twice.
    """
    splits = list(dict.fromkeys(result.split for result in results))
    by_name = {(result.split, result.variant): result for result in results}
    variants = [
        variant
        for variant in dict.fromkeys(result.variant for result in results)
        if all((split, variant) in by_name for split in splits)
    ]
    pooled = [_pool([by_name[split, variant] for split in splits], family) for variant in variants]
    if any(len(np.unique(result.tmdb_ids)) < len(result.tmdb_ids) for result in pooled):
        return []
    return pooled


def _pool(results: Sequence[SplitResult], family: str) -> SplitResult:
    first = results[0]
    preds = [result.preds for result in results]
    if len({some.ndim for some in preds}) > 1:
        preds = [result.predicted for result in results]
    return replace(
        first,
        split=family,
        tmdb_ids=np.concatenate([result.tmdb_ids for result in results]),
        preds=np.concatenate(preds),
        cut_preds=_pool_cut_preds(results),
        earlier_preds={
            days: np.concatenate([result.earlier_preds[days] for result in results])
            for days in first.earlier_preds
            if all(days in result.earlier_preds for result in results)
        },
        target=np.concatenate([result.target for result in results]),
        franchises=_pool_franchises(results),
        history=(),
        best_epoch=0,
        set_sizes=_pool_set_sizes(results),
        facts=_pool_facts([result.facts for result in results]),
    )


def _pool_cut_preds(results: Sequence[SplitResult]) -> np.ndarray | None:
    known = [result.cut_preds for result in results if result.cut_preds is not None]
    return np.concatenate(known) if len(known) == len(results) else None


def _pool_franchises(results: Sequence[SplitResult]) -> np.ndarray | None:
    known = [result.franchises for result in results if result.franchises is not None]
    return np.concatenate(known) if len(known) == len(results) else None


def _pool_set_sizes(results: Sequence[SplitResult]) -> dict[str, int]:
    """Count all test movies, and the mean size of the training sets."""
    trained = [r.set_sizes["train"] for r in results if "train" in r.set_sizes]
    train = {"train": round(sum(trained) / len(trained))} if len(trained) == len(results) else {}
    return {**train, "test": sum(len(result.tmdb_ids) for result in results)}


def _pool_facts(facts: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Sum the training time; keep what is equal in every split."""
    first = facts[0]
    same = {k: v for k, v in first.items() if all(other.get(k) == v for other in facts)}
    times = [other["train_s"] for other in facts if "train_s" in other]
    total_s = sum(time_s for time_s in times if isinstance(time_s, int | float))
    return same | ({"train_s": float(total_s)} if len(times) == len(facts) else {})


def average_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Compute mean and standard deviation (ddof 1) of scores over splits.

    Args:
        scores: Estimates by name, of each split; NaN where undefined.

    Returns:
        By name: mean, sd and the number of splits in which the score is defined; the others do not
        count. NaN where there is none, and the deviation where there is one.

    Source:
        Reference implementation 002: its paper reports mean ± standard deviation over three splits.

    Example:
        >>> average_scores([{"mae_error": 1.0}, {"mae_error": 2.0}])
        {'mae_error': {'mean': 1.5, 'sd': 0.7071067811865476, 'splits': 2}}
        >>> average_scores([{"auc_score": 0.5}, {"auc_score": float("nan")}])
        {'auc_score': {'mean': 0.5, 'sd': nan, 'splits': 1}}
    """
    named = [name for name in scores[0] if all(name in other for other in scores)]
    return {name: _average([split[name] for split in scores]) for name in named}


def _average(values: Sequence[float]) -> dict[str, float]:
    known = np.array([value for value in values if value == value])
    return {
        "mean": float(known.mean()) if len(known) else float("nan"),
        "sd": float(known.std(ddof=1)) if len(known) > 1 else float("nan"),
        "splits": len(known),
    }


def average_classes(reports: Sequence[Sequence[Mapping[str, float | str]]]) -> list[dict[str, Any]]:
    """Average the scores of each class over splits; every class is named, also where it is missing.

    Args:
        reports: Of each split, `class_metrics.report_classes`: the same classes in the same order.

    Returns:
        Per class: name, movies (of all splits together), and precision, recall and f1 as
        `average_scores` has them: over the splits in which they are defined.
    """
    averaged = []
    for rows in zip(*reports, strict=True):
        scores = [{name: float(row[name]) for name in CLASS_SCORES} for row in rows]
        movies = sum(float(row["movies"]) for row in rows)
        averaged.append({"name": rows[0]["name"], "movies": movies, **average_scores(scores)})
    return averaged
