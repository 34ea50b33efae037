"""The metrics by name: their words in reports, and which way is better."""

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
    "top3_accuracy_score": "top-3 accuracy",
    "auc_score": "ROC AUC",
    "rmse_error": "RMSE",
    "mae_error": "MAE",
    "mse_error": "MSE",
    "r2_score": "R²",
    "interval_coverage_score": "interval coverage",
    "interval_score_error": "interval score",
    "micro_ap_score": "μAP",
    "macro_ap_score": "mAP",
    "weighted_ap_score": "wAP",
    "sample_ap_score": "sAP",
    "average_precision_score": "average precision",
}
"""The name of each score in reports, in the order of their columns."""


LEAST_MOVIES = 50
"""Of a segment of fewer movies the coverage of intervals says little."""

COVERED = (0.87, 0.93)
"""What 90 % intervals shall cover in every segment of `LEAST_MOVIES`."""


def is_error(metric: str) -> bool:
    """Return whether lower is better."""
    return metric.endswith("_error")
