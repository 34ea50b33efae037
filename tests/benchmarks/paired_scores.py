"""Scores of pooled folds and their ratios; intervals draw whole franchises."""

from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.report import BenchRow
from pipeline.evaluation.metrics.intervals import Interval, bootstrap

BOOSTING = "scikit-learn boosting, tuned: the same inputs, dropout and refit"
RESAMPLES = 2000

Predictions = Mapping[str, np.ndarray]


def compare_errors(
    name: str,
    ours: np.ndarray,
    preds: Predictions,
    key: str,
    peer: str,
    target: float | None,
    seed: int,
) -> BenchRow:
    """Compare the RMSE of predicted numbers with that of the predictions under `key`."""
    true, theirs = preds["true"], preds[key]
    ratio = draw_interval(
        preds, seed, lambda some: rmse(true[some], ours[some]) / rmse(true[some], theirs[some])
    )
    why = f"95 % interval of the ratio, paired bootstrap of franchises: {format_ends(ratio)}"
    errors = rmse(preds["true"], ours), rmse(preds["true"], preds[key])
    return BenchRow(name, errors[0], "RMSE of log10 $", peer, errors[1], target, why=why)


def rmse(true: np.ndarray, preds: np.ndarray) -> float:
    """Return the root of the mean squared error."""
    return float(np.sqrt(np.mean((true - preds) ** 2)))


def draw_interval(preds: Predictions, seed: int, score: Callable[[np.ndarray], float]) -> Interval:
    """Return the 95 % interval of a score of some rows; whole franchises are drawn."""
    drawn = bootstrap(
        lambda draws: {"score": np.array([score(some) for some in draws])},
        len(preds["true"]),
        seed=seed,
        franchises=preds["franchise"],
        resamples=RESAMPLES,
    )
    return drawn["score"].interval()


def format_ends(interval: Interval) -> str:
    """Write an interval in words."""
    return f"{interval.low:.4f} to {interval.high:.4f}"
