"""Splits that belong together: the folds of a cross-validation, the official splits of a paper."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pipeline.evaluation.metrics.split_results import SplitResult

_NUMBERED = re.compile(r"(?P<family>[a-z].*?)[ _-]?\d+", re.IGNORECASE)


def name_family(split: str) -> str:
    """Name the family of a numbered split; empty for one that stands alone.

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


def pool(results: Sequence[SplitResult], family: str) -> list[SplitResult]:
    """Put the answers of a family's test parts into one result per variant.

    Args:
        results: All results of the family's splits and of one task.
        family: The pooled results' split.

    Returns:
        The variants that answered on every split, in the order of the first; none where a movie
        stands in two test parts: it would count twice.
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
    answers = [result.answers for result in results]
    if len({answer.ndim for answer in answers}) > 1:
        answers = [result.y_said for result in results]
    return replace(
        first,
        split=family,
        tmdb_ids=np.concatenate([result.tmdb_ids for result in results]),
        y_true=np.concatenate([result.y_true for result in results]),
        answers=np.concatenate(answers),
        franchises=_pool_franchises(results),
        history=(),
        best_epoch=0,
        rows=_pool_rows(results),
        facts=_pool_facts([result.facts for result in results]),
    )


def _pool_franchises(results: Sequence[SplitResult]) -> np.ndarray | None:
    known = [result.franchises for result in results if result.franchises is not None]
    return np.concatenate(known) if len(known) == len(results) else None


def _pool_rows(results: Sequence[SplitResult]) -> dict[str, int]:
    """Count all test movies, and the mean of the training parts."""
    trained = [result.rows["train"] for result in results if "train" in result.rows]
    train = {"train": round(sum(trained) / len(trained))} if len(trained) == len(results) else {}
    return {**train, "test": sum(len(result.tmdb_ids) for result in results)}


def _pool_facts(facts: Sequence[Mapping[str, object]]) -> dict[str, object]:
    """Add up the time of training; keep what is the same in every split."""
    first = facts[0]
    same = {k: v for k, v in first.items() if all(other.get(k) == v for other in facts)}
    times = [other["train_s"] for other in facts if "train_s" in other]
    return same | ({"train_s": float(sum(times))} if len(times) == len(facts) else {})


def average(scores: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Compute mean and standard deviation (ddof 1) of scores over splits.

    Args:
        scores: Estimates by name, of each split; NaN where one cannot be had.

    Returns:
        By name: mean, sd and the number of splits.

    Source:
        Seed 002's paper reports mean ± standard deviation over its three official splits.

    Example:
        >>> average([{"mae_error": 1.0}, {"mae_error": 2.0}])
        {'mae_error': {'mean': 1.5, 'sd': 0.7071067811865476, 'splits': 2}}
    """
    named = [name for name in scores[0] if all(name in other for other in scores)]
    averaged = {}
    for name in named:
        values = np.array([split[name] for split in scores])
        averaged[name] = {
            "mean": float(values.mean()), "sd": float(values.std(ddof=1)), "splits": len(values),
        }  # fmt: skip
    return averaged
