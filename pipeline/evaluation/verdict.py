"""A plain sentence on whether a model beats the baselines, also where it does not.

What belongs here: words from intervals. What does not: the intervals.
"""

from collections.abc import Mapping

from pipeline.evaluation.intervals import Interval

METRIC_WORDS = {
    "accuracy_score": "accuracy",
    "balanced_accuracy_score": "balanced accuracy",
    "macro_f1_score": "macro-F1",
    "weighted_f1_score": "weighted F1",
    "macro_precision_score": "macro precision",
    "weighted_precision_score": "weighted precision",
    "macro_recall_score": "macro recall",
    "weighted_recall_score": "weighted recall",
    "within_one_accuracy_score": "±1 accuracy",
    "quadratic_kappa_score": "quadratic kappa",
}
"""How a score is called in front of people."""

FEW_MOVIES = 100
"""Below so many test movies the sentence warns that little can be told."""


def verdict(
    variant: str, metric: str, score: Interval, differences: Mapping[str, Interval], n_movies: int
) -> str:
    """Say which baselines a model beats, which beat it, and which it cannot be told apart from.

    Args:
        variant: Name of the model variant.
        metric: Name of the score.
        score: The model's.
        differences: By baseline, model minus baseline on the same movies.
        n_movies: Movies in the test part.

    Example:
        >>> close = Interval(0.02, -0.05, 0.08)
        >>> verdict("all streams", "macro_f1_score", Interval(0.3, 0.2, 0.4),
        ...         {"majority class": Interval(0.25, 0.1, 0.3), "prior draw": close}, 250)
        'all streams: macro-F1 0.300 (0.200 to 0.400) on 250 test films. It beats the majority \
class (+0.250, 0.100 to 0.300). It cannot be told apart from the prior draw \
(+0.020, -0.050 to 0.080).'
    """
    sentences = [
        f"{variant}: {METRIC_WORDS[metric]} {score.estimate:.3f} "
        f"({score.low:.3f} to {score.high:.3f}) on {n_movies} test films."
    ]
    for outcome, words in (
        ("above", "It beats"),
        ("below", "It loses to"),
        ("open", "It cannot be told apart from"),
    ):
        named = [
            f"the {name} ({gap.estimate:+.3f}, {gap.low:.3f} to {gap.high:.3f})"
            for name, gap in differences.items()
            if gap.verdict == outcome
        ]
        if named:
            sentences.append(f"{words} {_join(named)}.")
    if n_movies < FEW_MOVIES:
        sentences.append(f"With {n_movies} films such differences are mostly chance.")
    return " ".join(sentences)


def _join(named: list[str]) -> str:
    if len(named) < 2:
        return named[0]
    return ", ".join(named[:-1]) + " and " + named[-1]
