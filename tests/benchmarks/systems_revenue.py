"""Rows of `revenue`: eight quantile classes, cut from the blend's number."""

from collections.abc import Sequence

import numpy as np

from benchmarks.paired_scores import BOOSTING, Predictions, draw_interval, format_ends
from benchmarks.report import BenchRow

MACRO_F1 = 0.33
WITHIN_ONE = 0.70


def score_revenue(preds: Predictions, seed: int) -> Sequence[BenchRow]:
    """Score the blend's classes beside those of boosting."""
    from sklearn.metrics import f1_score

    def macro_f1(true: np.ndarray, classes: np.ndarray) -> float:
        occurring = np.unique(true)  # as `pipeline.evaluation.metrics.class_metrics` has it
        return float(f1_score(true, classes, labels=occurring, average="macro", zero_division=0))

    def within_one(true: np.ndarray, classes: np.ndarray) -> float:
        return float(np.mean(np.abs(true - classes) <= 1))

    rows = []
    for word, score, limit in (
        ("macro-F1", macro_f1, MACRO_F1), ("±1 accuracy", within_one, WITHIN_ONE),
    ):  # fmt: skip
        interval = draw_interval(
            preds, seed,
            lambda some, score=score: score(preds["true_class"][some], preds["blend_class"][some]),
        )  # fmt: skip
        ours, peer = (score(preds["true_class"], preds[k]) for k in ("blend_class", "peer_class"))
        rows.append(
            BenchRow(f"revenue: {word} of eight quantile classes", ours, "share", BOOSTING, peer,
                     None, limit=limit, better="higher",
                     why=f"95 % interval: {format_ends(interval)}")
        )  # fmt: skip
    return rows
