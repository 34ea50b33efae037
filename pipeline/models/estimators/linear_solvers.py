"""Logistic regression on columns: one label, or all classes at once."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

NEVER = -20.0
"""Logit of a class or label that no movie of the training set has."""


def fit_label(
    columns: np.ndarray, has_label: np.ndarray, strength: float, max_iterations: int
) -> tuple[np.ndarray, np.ndarray]:
    """Fit one label; one that all movies have or none has is always or never predicted.

    Args:
        columns: Standardised, float64 (movies, columns).
        has_label: 1 or 0, (movies,).
        strength: Inverse strength of the L2 penalty.
        max_iterations: Of the solver.

    Returns:
        Weights (1, columns) and bias (1,).
    """
    if len(np.unique(has_label)) < 2:
        logit = -NEVER if has_label.any() else NEVER
        return np.zeros((1, columns.shape[1])), np.array([logit])
    fitted = _regress(columns, has_label.astype(np.int64), strength, max_iterations, balance=None)
    return fitted.coef_, np.atleast_1d(fitted.intercept_)


def fit_classes(
    columns: np.ndarray,
    values: np.ndarray,
    n_classes: int,
    strength: float,
    max_iterations: int,
    *,
    weigh_classes: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit all classes at once; one without movies is never predicted.

    Args:
        columns: Standardised, float64 (movies, columns).
        values: Classes, from 0 to `n_classes` - 1, (movies,).
        n_classes: Also those that do not occur.
        strength: Inverse strength of the L2 penalty.
        max_iterations: Of the solver.
        weigh_classes: Whether rare classes count more.

    Returns:
        Weights (n_classes, columns) and biases (n_classes,).
    """
    weight, bias = np.zeros((n_classes, columns.shape[1])), np.full(n_classes, NEVER)
    present = np.unique(values)
    bias[present] = 0.0
    if len(present) > 1:
        balance = "balanced" if weigh_classes else None
        fitted = _regress(columns, values, strength, max_iterations, balance=balance)
        several = len(present) > 2  # of two classes one logit is fitted, that of the second
        weight[present if several else present[1:]] = fitted.coef_
        bias[present if several else present[1:]] = fitted.intercept_
    return weight, bias


def _regress(
    columns: np.ndarray,
    values: np.ndarray,
    strength: float,
    max_iterations: int,
    *,
    balance: str | None,
) -> LogisticRegression:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # the validation set decides
        model = LogisticRegression(C=strength, max_iter=max_iterations, class_weight=balance)
        return model.fit(columns, values)
