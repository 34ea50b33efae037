"""Sentences on whether a model beats the baselines, also where it does not."""

from collections.abc import Sequence

from pipeline.evaluation.metrics.intervals import Interval
from pipeline.evaluation.metrics.metric_names import METRIC_WORDS, is_error
from pipeline.evaluation.metrics.significance import Comparison
from pipeline.evaluation.wording import variant_title

FEW_MOVIES = 100
"""Below this number of test movies the verdict warns that differences are mostly chance."""

_WORDS = (
    ("better", "It beats"),
    ("worse", "It loses to"),
    ("open", "There is no significant difference from"),
)


def write_verdict(
    variant: str,
    metric: str,
    score: Interval,
    comparisons: Sequence[Comparison],
    n_movies: int,
    n_compared: int = 0,
) -> str:
    """Write which baselines a model beats, which beat it, and which do not differ significantly.

    Example:
        >>> sure, close = Interval(-0.1, -0.2, -0.05), Interval(0.02, -0.05, 0.08)
        >>> write_verdict("blend", "rmse_error", Interval(0.48, 0.46, 0.51),
        ...         [Comparison("blend", "mean", "rmse_error", sure, sure, 0.01, 0.02),
        ...          Comparison("blend", "median", "rmse_error", close, close, 0.6, 0.6)], 250, 2)
        'blend: RMSE 0.480 (0.460 to 0.510; lower is better) on 250 test films. It beats the mean \
(-0.100, -0.200 to -0.050). There is no significant difference from the median (+0.020, -0.050 to \
0.080).'
    """
    title = variant_title(variant)
    if score.estimate != score.estimate:
        return f"{title}: {METRIC_WORDS[metric]} cannot be computed on these {n_movies} films."
    direction = "; lower is better" if is_error(metric) else ""
    sentences = [
        f"{title}: {METRIC_WORDS[metric]} {score.estimate:.3f} "
        f"({score.low:.3f} to {score.high:.3f}{direction}) on {n_movies} test films."
    ]
    for outcome, words in _WORDS:
        if named := [_describe(c) for c in comparisons if c.outcome == outcome]:
            sentences.append(f"{words} {_enumerate(named)}.")
    weak = [c.other for c in comparisons if c.outcome != "open" and not c.is_significant]
    if weak:
        named = _enumerate([f"the {variant_title(name)}" for name in weak])
        sentences.append(
            f"Corrected for {n_compared} comparisons (Holm), the difference from {named} is not "
            "significant."
        )
    if n_movies < FEW_MOVIES:
        sentences.append(f"With {n_movies} films such differences are mostly chance.")
    return " ".join(sentences)


def _describe(comparison: Comparison) -> str:
    gap = comparison.difference
    ends = f"{gap.estimate:+.3f}, {gap.low:.3f} to {gap.high:.3f}"
    return f"the {variant_title(comparison.other)} ({ends})"


def _enumerate(named: list[str]) -> str:
    return " and ".join([", ".join(named[:-1]), named[-1]]) if len(named) > 1 else named[0]
