"""Which differences between answers are more than chance, with many of them in one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest, norm

from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.intervals import Draws, Interval
from pipeline.evaluation.metrics.split_results import SplitResult, check_same_movies
from pipeline.evaluation.metrics.task_scores import is_error

SIGNIFICANCE = 0.05
"""Chance of calling any difference of a table real where none is."""


@dataclass(frozen=True)
class Comparison:
    """One difference of a table, on the same movies.

    Attributes:
        model, other: Names of the two variants.
        metric: Name of the score.
        difference: Model minus other.
        relative: The same as a share of the other's score.
        p_value: Of the difference, from its bootstrap; NaN where it cannot be had.
        p_holm: The same, corrected for all comparisons of the table.
        mcnemar_p, mcnemar_p_holm: Of being right more often, for said classes; else NaN.
    """

    model: str
    other: str
    metric: str
    difference: Interval
    relative: Interval
    p_value: float
    p_holm: float = float("nan")
    mcnemar_p: float = float("nan")
    mcnemar_p_holm: float = float("nan")

    @property
    def outcome(self) -> str:
        """Of the model: "better", "worse", or "open" where the interval holds zero."""
        return judge(self.metric, self.difference)

    @property
    def is_significant(self) -> bool:
        """Whether the difference holds among all comparisons of the table."""
        return self.p_holm < SIGNIFICANCE


def judge(metric: str, difference: Interval) -> str:
    """Turn a difference's side into "better", "worse" or "open": errors are better below.

    Example:
        >>> judge("rmse_error", Interval(-0.2, -0.3, -0.1))
        'better'
    """
    if difference.side == "open":
        return "open"
    return "better" if (difference.side == "below") == is_error(metric) else "worse"


def compare_all(
    results: Sequence[SplitResult], draws: Mapping[str, Mapping[str, Draws]]
) -> list[Comparison]:
    """Compare every model with every baseline and with the models after it.

    Args:
        results: Of one split and task, about the same movies; limits are passed over.
        draws: By variant, from `SplitResult.draw` with one seed.

    Raises:
        ValueError: Two results answered about different movies.
    """
    check_same_movies(results)
    models = [result for result in results if result.kind == "model"]
    baselines = [result for result in results if result.kind == "baseline"]
    pairs = [
        (model, other) for k, model in enumerate(models) for other in [*baselines, *models[k + 1 :]]
    ]
    made = [_compare(model, other, draws) for model, other in pairs]
    holm = correct_holm([c.p_value for c in made])
    mcnemar = correct_holm([c.mcnemar_p for c in made])
    return [
        replace(c, p_holm=p, mcnemar_p_holm=m) for c, p, m in zip(made, holm, mcnemar, strict=True)
    ]


def _compare(
    model: SplitResult, other: SplitResult, draws: Mapping[str, Mapping[str, Draws]]
) -> Comparison:
    metric = model.task.main_metric
    theirs = draws[other.variant][metric]
    gap = draws[model.variant][metric].minus(theirs)
    return Comparison(
        model.variant,
        other.variant,
        metric,
        gap.interval(),
        gap.over(theirs).interval(),
        bootstrap_p(gap),
        mcnemar_p=mcnemar_p(model, other),
    )


def bootstrap_p(difference: Draws) -> float:
    """Compute the two-sided p-value of a paired difference from the spread of its draws.

    The difference over its bootstrap standard error is read as normal: counting draws beyond zero
    could give no p-value below 2 in 1,000, which no correction for many comparisons survives.

    Returns:
        In [0, 1]; 1 where nothing varies, NaN where the difference cannot be had.

    Example:
        >>> draws = np.random.default_rng(0).normal(0.2, 0.1, 1000)
        >>> round(bootstrap_p(Draws(0.2, draws)), 3)
        0.041
    """
    drawn = difference.drawn[~np.isnan(difference.drawn)]
    if np.isnan(difference.estimate) or not len(drawn):
        return float("nan")
    spread = float(drawn.std())
    if spread < 1e-12:
        return 1.0
    return float(2 * norm.sf(abs(difference.estimate) / spread))


def mcnemar_p(model: SplitResult, other: SplitResult) -> float:
    """Compute McNemar's exact p-value of one being right more often than the other.

    Returns:
        In [0, 1]; 1 where both are right about the same movies; NaN where no class is said:
        numbers, labels, or answers that are drawn.
    """
    if model.task.kind != TaskKind.CLASSES or model.is_drawn or other.is_drawn:
        return float("nan")
    right = model.y_said == model.y_true
    other_right = other.y_said == other.y_true
    won, lost = int((right & ~other_right).sum()), int((~right & other_right).sum())
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values for their number by Holm's steps; NaN stays and is not counted.

    Example:
        >>> correct_holm([0.04, 0.01, float("nan")])
        [0.04, 0.02, nan]
    """
    p = np.asarray(p_values, dtype=np.float64)
    corrected = np.full(len(p), np.nan)
    order = np.argsort(p)[: int((~np.isnan(p)).sum())]
    steps = p[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return corrected.tolist()
