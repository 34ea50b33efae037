"""Tests of differences between results, corrected for the many comparisons of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import binomtest, t

from pipeline.core.tasks import TaskKind
from pipeline.evaluation.metrics.intervals import Draws, Interval
from pipeline.evaluation.metrics.metric_names import is_error
from pipeline.evaluation.metrics.split_results import SplitResult, check_same_movies

SIGNIFICANCE = 0.05
"""Family-wise error rate of a table of comparisons."""


@dataclass(frozen=True)
class Comparison:
    """One paired difference of a table, on the same movies.

    Attributes:
        model, other: Names of the two variants.
        metric: Name of the score.
        difference: Model minus other.
        relative: The same as a fraction of the other's score.
        p_value: Of the difference, from its bootstrap; NaN where undefined.
        p_holm: The same, corrected for all comparisons of the table.
        mcnemar_p, mcnemar_p_holm: Of the accuracies, for predicted classes; else NaN.
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
        return classify_difference(self.metric, self.difference)

    @property
    def is_significant(self) -> bool:
        """Whether the difference is significant after Holm's correction."""
        return self.p_holm < SIGNIFICANCE


def classify_difference(metric: str, difference: Interval) -> str:
    """Return "better", "worse", or "open" where zero is inside; lower errors are better.

    Example:
        >>> classify_difference("rmse_error", Interval(-0.2, -0.3, -0.1))
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
        results: Of one split and task, about the same movies; noise ceilings are skipped.
        draws: By variant, from `SplitResult.bootstrap` with one seed.

    Raises:
        ValueError: Two results are about different movies.
    """
    check_same_movies(results)
    models = [result for result in results if result.kind == "model"]
    baselines = [result for result in results if result.kind == "baseline"]
    pairs = [
        (model, other) for k, model in enumerate(models) for other in [*baselines, *models[k + 1 :]]
    ]
    comparisons = [_compare(model, other, draws) for model, other in pairs]
    holm = correct_holm([c.p_value for c in comparisons])
    mcnemar = correct_holm([c.mcnemar_p for c in comparisons])
    return [
        replace(c, p_holm=p, mcnemar_p_holm=m)
        for c, p, m in zip(comparisons, holm, mcnemar, strict=True)
    ]


def _compare(
    model: SplitResult, other: SplitResult, draws: Mapping[str, Mapping[str, Draws]]
) -> Comparison:
    metric = model.task.main_metric
    reference = draws[other.variant][metric]
    difference = draws[model.variant][metric].minus(reference)
    return Comparison(
        model.variant,
        other.variant,
        metric,
        difference.interval(),
        difference.over(reference).interval(),
        bootstrap_p(difference, model.n_independent),
        mcnemar_p=mcnemar_p(model, other),
    )


def bootstrap_p(difference: Draws, n_independent: int) -> float:
    """Compute the two-sided p-value of a paired difference from the spread of its draws.

    The difference over its bootstrap standard error is compared with Student's t: counting draws
    beyond zero yields no p-value below 2 in 1,000, which no correction for many comparisons
    survives. Draws of n movies vary by (n - 1) / n of the variance, and of two or three they vary
    little by chance alone, so that a normal law would call nearly any difference significant.

    Args:
        difference: Of two scores of the same draws.
        n_independent: Movies, or franchises where whole ones were drawn.

    Returns:
        In [0, 1]; 1 where nothing varies or there is but one movie, NaN where the difference is
        undefined.

    Example:
        >>> draws = np.random.default_rng(0).normal(0.2, 0.1, 1000)
        >>> [round(bootstrap_p(Draws(0.2, draws), n), 3) for n in (1, 3, 1000)]
        [1.0, 0.237, 0.041]
    """
    drawn = difference.drawn[~np.isnan(difference.drawn)]
    if np.isnan(difference.estimate) or not len(drawn):
        return float("nan")
    spread = float(drawn.std())
    if spread < 1e-12 or n_independent < 2:
        return 1.0
    error = spread * (n_independent / (n_independent - 1)) ** 0.5
    return float(2 * t.sf(abs(difference.estimate) / error, n_independent - 1))


def mcnemar_p(model: SplitResult, other: SplitResult) -> float:
    """Compute the p-value of McNemar's exact test of equal accuracies.

    Returns:
        In [0, 1]; 1 where both are correct on the same movies; NaN where no class is predicted:
        numbers, labels, or classes that are sampled.
    """
    if model.task.kind != TaskKind.CLASSES or model.is_sampled or other.is_sampled:
        return float("nan")
    correct = model.predicted == model.target
    other_correct = other.predicted == other.target
    won = int((correct & ~other_correct).sum())
    lost = int((~correct & other_correct).sum())
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def correct_holm(p_values: Sequence[float]) -> list[float]:
    """Correct p-values by Holm's step-down method; NaN stays and is not counted.

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
