"""Comparison of an evaluation with the one before it, on the same movies."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pipeline.core.tasks import Task
from pipeline.evaluation.metrics.intervals import Interval
from pipeline.evaluation.metrics.significance import (
    SIGNIFICANCE,
    bootstrap_p,
    classify_difference,
    correct_holm,
)
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.report.stored_results import find_headline, find_main

UNDEFINED = Interval(float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True)
class Change:
    """What became of the main variant's score since the last evaluation.

    Attributes:
        task, split, variant, metric: Which score.
        before, now: The scores; NaN where they were not compared.
        difference: Now minus before, paired on the same movies.
        p_holm: Of the difference, corrected for all tasks; NaN where they were not compared.
        reason: Why they were not compared; "" where they were.
    """

    task: str
    split: str
    variant: str
    metric: str
    before: float = float("nan")
    now: float = float("nan")
    difference: Interval = UNDEFINED
    p_holm: float = float("nan")
    reason: str = ""

    @property
    def is_worse(self) -> bool:
        """Whether the score is significantly worse."""
        outcome = classify_difference(self.metric, self.difference)
        return outcome == "worse" and self.p_holm < SIGNIFICANCE


def compare_with_earlier(
    now: Mapping[str, Any], before: Mapping[str, Any], tasks: Sequence[Task], *, seed: int
) -> list[Change]:
    """Compare the main variant of every task on its headline with the last evaluation.

    The headline is the pooled folds where there are some, else the first split.

    Args:
        now: `evaluation_results.json` of a system.
        before: The same of its last evaluation.
        tasks: The system's.
        seed: Of the bootstrap.
    """
    changes = [_compare(task, now, before, seed) for task in tasks if task.name in now["tasks"]]
    corrected = correct_holm([change.p_holm for change in changes])
    return [replace(change, p_holm=p) for change, p in zip(changes, corrected, strict=True)]


def _compare(task: Task, now: Mapping[str, Any], before: Mapping[str, Any], seed: int) -> Change:
    of_task = now["tasks"][task.name]
    split, variant = of_task["headline"], find_main(of_task, now["main_variant"])
    change = Change(task.name, split, variant, task.main_metric)
    content, earlier = find_headline(of_task), _find_earlier(before, task.name, split)
    if variant not in earlier.get("results", {}) or variant not in content["results"]:
        return replace(change, reason="the last evaluation has no such model")
    if any(content[key] != earlier[key] for key in ("tmdb_ids", "y_true", "franchises")):
        return replace(change, reason="the test movies or what is known of them changed")
    restored = [_restore(task, split, variant, one) for one in (content, earlier)]
    return _with_difference(change, restored[0], restored[1], seed)


def _with_difference(change: Change, now: SplitResult, before: SplitResult, seed: int) -> Change:
    """Compare two results on the same movies, whole franchises drawn."""
    scores = [one.bootstrap(seed=seed)[change.metric] for one in (now, before)]
    difference = scores[0].minus(scores[1])
    return replace(
        change,
        now=scores[0].estimate,
        before=scores[1].estimate,
        difference=difference.interval(),
        p_holm=bootstrap_p(difference, now.n_independent),
    )


def _find_earlier(before: Mapping[str, Any], task: str, split: str) -> Mapping[str, Any]:
    """Return an earlier evaluation's content of a split or pooled family; empty without one."""
    of_task = before["tasks"].get(task, {"splits": {}, "families": {}})
    pooled = of_task["families"].get(split, {}).get("pooled")
    return pooled or of_task["splits"].get(split, {})


def _restore(task: Task, split: str, variant: str, content: Mapping[str, Any]) -> SplitResult:
    """Build a result again from what an evaluation stored."""
    franchises = content["franchises"]
    return SplitResult(
        task=task,
        split=split,
        variant=variant,
        kind="model",
        tmdb_ids=np.array(content["tmdb_ids"]),
        preds=np.array(content["results"][variant]["answers"], np.float64),
        target=np.array(content["y_true"]),
        franchises=None if franchises is None else np.array(franchises),
    )


def compare_versions(
    now: Mapping[str, Any], before: Mapping[str, Any], tasks: Sequence[Task], *, seed: int
) -> list[Change]:
    """Compare two versions of a system on the movies that both had in their test sets.

    Movies whose actual value is another one by now are left out: an edge between classes has moved.

    Args:
        now: Of each task `split`, `variant` and the split's `content`, as `tests.json` holds them.
        before: The same of the version that it would replace.
        tasks: The system's.
        seed: Of the bootstrap.
    """
    changes = [
        _compare_versions(task, now[task.name], before.get(task.name), seed)
        for task in tasks
        if task.name in now
    ]
    corrected = correct_holm([change.p_holm for change in changes])
    return [replace(change, p_holm=p) for change, p in zip(changes, corrected, strict=True)]


def _compare_versions(
    task: Task, now: Mapping[str, Any], before: Mapping[str, Any] | None, seed: int
) -> Change:
    change = Change(task.name, now["split"], now["variant"], task.main_metric)
    if before is None:
        return replace(change, reason="the promoted version has no such model")
    results = [
        _restore(task, one["split"], one["variant"], _in_units(one)) for one in (now, before)
    ]
    places = [{int(i): k for k, i in enumerate(one.tmdb_ids)} for one in results]
    common = [
        (places[0][i], places[1][i])
        for i in places[0]
        if i in places[1]
        and np.array_equal(results[0].target[places[0][i]], results[1].target[places[1][i]])
    ]
    if not common:
        return replace(change, reason="no movie is in the test sets of both")
    both = [_take(one, [pair[k] for pair in common]) for k, one in enumerate(results)]
    return _with_difference(change, both[0], both[1], seed)


def _in_units(tests: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a split's content with numbers in the unit of the actual values: a score counts in
    deviations from its own training set's mean, which differ between two versions.
    """
    content, facts = tests["content"], tests["facts"]
    if tests["unit"] != "standard deviations":
        return content
    mean, sd = float(facts["mean"]), float(facts["sd"])
    result = content["results"][tests["variant"]]
    preds = mean + sd * np.array(result["answers"], np.float64)
    actual = np.round(mean + sd * np.array(content["y_true"], np.float64), _UNIT_DIGITS)
    results = {tests["variant"]: {**result, "answers": preds.tolist()}}
    return {**content, "y_true": actual.tolist(), "results": results}


_UNIT_DIGITS = 6
"""Actual values that agree to so many digits are the same."""


def _take(result: SplitResult, rows: Sequence[int]) -> SplitResult:
    """Return a result on some of its movies."""
    franchises = result.franchises
    return replace(
        result,
        tmdb_ids=result.tmdb_ids[rows],
        preds=result.preds[rows],
        target=result.target[rows],
        franchises=None if franchises is None else franchises[rows],
    )


def describe_changes(changes: Sequence[Change]) -> Iterator[str]:
    """Describe each change in a sentence."""
    for change in changes:
        name = f"{change.task}, {change.split}, {change.variant}, {change.metric}"
        if change.reason:
            yield f"{name}: not compared; {change.reason}."
            continue
        word = "significantly worse" if change.is_worse else "not significantly worse"
        low, high = change.difference.low, change.difference.high
        yield (
            f"{name}: {word}; {change.now:.4f} after {change.before:.4f}, difference "
            f"{change.difference.estimate:+.4f} ({low:+.4f} to {high:+.4f}), p {change.p_holm:.3f}."
        )
