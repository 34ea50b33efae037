"""A plain sentence on whether a model beats the baselines, also where it does not."""

from collections.abc import Sequence

from pipeline.evaluation.metrics.intervals import Interval
from pipeline.evaluation.metrics.significance import Comparison
from pipeline.evaluation.metrics.task_scores import METRIC_WORDS, is_error

FEW_MOVIES = 100
"""Below so many test movies the sentence warns that little can be told."""

_WORDS = (
    ("better", "It beats"),
    ("worse", "It loses to"),
    ("open", "It cannot be told apart from"),
)


def verdict(
    variant: str,
    metric: str,
    score: Interval,
    comparisons: Sequence[Comparison],
    n_movies: int,
    n_compared: int = 0,
) -> str:
    """Say which baselines a model beats, which beat it, and which it cannot be told apart from.

    Args:
        variant: Name of the model variant.
        metric: Name of the score.
        score: The model's.
        comparisons: With each baseline, on the same movies.
        n_movies: Movies in the test part.
        n_compared: Comparisons of the whole table, that p-values are corrected for.

    Example:
        >>> sure, close = Interval(-0.1, -0.2, -0.05), Interval(0.02, -0.05, 0.08)
        >>> verdict("blend", "rmse_error", Interval(0.48, 0.46, 0.51),
        ...         [Comparison("blend", "mean", "rmse_error", sure, sure, 0.01, 0.02),
        ...          Comparison("blend", "boosting", "rmse_error", close, close, 0.6, 0.6)], 250, 2)
        'blend: RMSE 0.480 (0.460 to 0.510; lower is better) on 250 test films. It beats the mean \
(-0.100, -0.200 to -0.050). It cannot be told apart from the boosting (+0.020, -0.050 to 0.080).'
    """
    if score.estimate != score.estimate:
        return f"{variant}: {METRIC_WORDS[metric]} cannot be computed on these {n_movies} films."
    direction = "; lower is better" if is_error(metric) else ""
    sentences = [
        f"{variant}: {METRIC_WORDS[metric]} {score.estimate:.3f} "
        f"({score.low:.3f} to {score.high:.3f}{direction}) on {n_movies} test films."
    ]
    for outcome, words in _WORDS:
        named = [_name(c) for c in comparisons if c.outcome == outcome]
        if named:
            sentences.append(f"{words} {_join(named)}.")
    sentences += _say_multiplicity(comparisons, n_compared)
    if n_movies < FEW_MOVIES:
        sentences.append(f"With {n_movies} films such differences are mostly chance.")
    return " ".join(sentences)


def _name(comparison: Comparison) -> str:
    gap = comparison.difference
    return f"the {comparison.other} ({gap.estimate:+.3f}, {gap.low:.3f} to {gap.high:.3f})"


def _say_multiplicity(comparisons: Sequence[Comparison], n_compared: int) -> list[str]:
    """Name the differences that do not hold among all that were looked at."""
    weak = [c.other for c in comparisons if c.outcome != "open" and not c.is_significant]
    if not weak:
        return []
    named = _join([f"the {name}" for name in weak])
    return [
        f"Corrected for {n_compared} comparisons (Holm), the difference from {named} is not "
        "significant."
    ]


def _join(named: list[str]) -> str:
    if len(named) < 2:
        return named[0]
    return ", ".join(named[:-1]) + " and " + named[-1]
