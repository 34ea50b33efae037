"""Two versions of a system side by side: who gets which, and how far their answers agree."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipeline.core.errors import ConfigurationError
from pipeline.core.revenue_classes import classify
from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.core.versions import hash_json
from pipeline.predict.predictions import Answer

_HEX_DIGITS = 12


@dataclass(frozen=True)
class Trial:
    """A version that answers a share of the requests instead of the promoted one.

    Attributes:
        system: Name of the system.
        version: The challenger's number.
        share: Share of the requests that it answers, above 0 and at most 1.
    """

    system: str
    version: int
    share: float

    def __post_init__(self):
        if not 0 < self.share <= 1:
            raise ConfigurationError(f"The share is {self.share:g}; it must be above 0, at most 1.")

    def is_challengers(self, request: str) -> bool:
        """Whether the challenger answers; the same request always has the same answerer.

        Example:
            >>> Trial("revenue", 2, 1.0).is_challengers("597")
            True
        """
        drawn = int(hash_json([self.system, self.version, request])[:_HEX_DIGITS], 16)
        return drawn < self.share * 16**_HEX_DIGITS


def read_trial(text: str, share: float) -> Trial:
    """Read `revenue=3`.

    Raises:
        ConfigurationError: It has another form, or the share is out of bounds.

    Example:
        >>> read_trial("revenue=3", 0.1)
        Trial(system='revenue', version=3, share=0.1)
    """
    system, _, number = text.partition("=")
    if not system.strip() or not number.strip().isdecimal():
        raise ConfigurationError(f"{text!r} is no challenger; expected SYSTEM=VERSION: revenue=3.")
    return Trial(system.strip(), int(number), share)


def digits_of(answer: Answer) -> list[float]:
    """Return an answer as evaluations store it: a number, with its interval, or probabilities."""
    if answer.number is None:
        return list((answer.probabilities or {}).values())
    ends = [answer.number.low, answer.number.high]
    return [answer.number.value, *(end for end in ends if end is not None)]


def describe_agreement(
    task: Task, pairs: Sequence[tuple[Sequence[float], Sequence[float]]]
) -> Mapping[str, Any]:
    """Describe how far two versions agree: on the predicted class or labels, or in the number.

    Args:
        task: What is predicted.
        pairs: The digits of both for each request.

    Returns:
        `requests`, and `same` (share of equal classes, or of equal labels); of numbers `mean_gap`,
        the second minus the first, and `mean_absolute_gap`.
    """
    first, second = (np.array([pair[k] for pair in pairs], np.float64) for k in (0, 1))
    if task.kind is TaskKind.REGRESSION:
        gap = second[:, 0] - first[:, 0]
        return {
            "requests": len(pairs),
            "mean_gap": round(float(gap.mean()), 6),
            "mean_absolute_gap": round(float(np.abs(gap).mean()), 6),
        }
    if task.kind is TaskKind.LABELS:
        same = ((first >= 0.5) == (second >= 0.5)).mean()
    else:
        same = (first.argmax(axis=1) == second.argmax(axis=1)).mean()
    return {"requests": len(pairs), "same": round(float(same), 6)}


def actual_values(
    target: Target, revenue_usd: np.ndarray, facts: Mapping[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the actual values as a version counts them: by its own edges, mean and deviation.

    Args:
        target: Of all movies, by the edges, mean and deviation of today's training set.
        revenue_usd: Of all movies, float64 (movies,).
        facts: The target's facts that the version was trained with.

    Returns:
        Values as in `Target`, and which are known, bool (movies,).
    """
    known, values = target.is_known, target.values
    if "edges_usd" in facts:
        values = np.full(len(known), -1, np.int64)
        values[known] = classify(revenue_usd[known], np.array(facts["edges_usd"]))
    elif target.task.unit == "standard deviations":
        own: Mapping[str, Any] = target.facts
        values = (values * own["sd"] + own["mean"] - facts["mean"]) / facts["sd"]
    return values, known
