"""Losses and scores by the kind of a task: classes, a number, labels."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from sklearn.metrics import average_precision_score, f1_score
from torch import Tensor
from torch.nn import functional as F

from pipeline.core.tasks import Target, TaskKind
from pipeline.models.training.fitted import Objective

Loss = Callable[[Tensor, Tensor], Tensor]


def make_objective(
    target: Target, train_rows: np.ndarray, *, weigh_classes: bool = False, loss: str = "mse"
) -> Objective:
    """Return loss and scores of a target.

    Args:
        target: Outputs are logits of its classes or labels, or its number as it is: (batch,).
        train_rows: Rows of the training set, for the weights of classes.
        weigh_classes: Whether rare classes, or labels, count more.
        loss: Of a number: "mse", "mae" or "huber".
    """
    task = target.task
    if task.kind is TaskKind.REGRESSION:
        return Objective(_NUMBER_LOSSES[loss], _score_number)
    if task.kind is TaskKind.LABELS:
        weights = label_weights(target.values[train_rows]) if weigh_classes else None
        return Objective(partial(_label_loss, weights=weights), _score_labels)
    n_classes = len(task.class_names)
    weights = class_weights(target.values[train_rows], n_classes) if weigh_classes else None
    return Objective(partial(_class_loss, weights=weights), _score_classes)


def class_weights(labels_train: np.ndarray, n_classes: int) -> Tensor:
    """Weigh each class by the inverse of its share, 1 on average over the movies.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1]), 2).tolist()
        [0.6666666865348816, 2.0]
    """
    counts = np.maximum(np.bincount(labels_train, minlength=n_classes), 1)
    return torch.tensor(len(labels_train) / (n_classes * counts), dtype=torch.float32)


def label_weights(labels_train: np.ndarray) -> Tensor:
    """Weigh a label's presence by its absences per presence, (labels,)."""
    there = np.maximum(labels_train.sum(axis=0), 1)
    return torch.tensor((len(labels_train) - there) / there, dtype=torch.float32)


def _class_loss(logits: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    return F.cross_entropy(logits, target, None if weights is None else weights.to(logits.device))


def _label_loss(logits: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    weights = None if weights is None else weights.to(logits.device)
    return F.binary_cross_entropy_with_logits(logits, target, pos_weight=weights)


_NUMBER_LOSSES: Mapping[str, Loss] = {
    "mse": lambda preds, target: F.mse_loss(preds, target.to(preds)),
    "mae": lambda preds, target: F.l1_loss(preds, target.to(preds)),
    "huber": lambda preds, target: F.smooth_l1_loss(preds, target.to(preds)),
}


def _score_classes(logits: Tensor, target: Tensor) -> Mapping[str, float]:
    preds, actual = logits.argmax(dim=1).cpu().numpy(), target.cpu().numpy()
    occurring = np.unique(actual)  # as evaluations have it: see `class_metrics`
    f1 = f1_score(actual, preds, labels=occurring, average="macro", zero_division=0)  # pyright: ignore[reportArgumentType] # scikit-learn has no annotations: the default's type is taken for the argument's
    return {"accuracy": float((preds == actual).mean()), "macro_f1": float(f1)}


def _score_number(preds: Tensor, target: Tensor) -> Mapping[str, float]:
    off = preds.double() - target.double()
    return {"rmse": float(off.square().mean().sqrt()), "mae": float(off.abs().mean())}


def _score_labels(logits: Tensor, target: Tensor) -> Mapping[str, float]:
    preds, actual = logits.float().cpu().numpy(), target.cpu().numpy() > 0.5
    if not np.isfinite(preds).all() or not actual.any():
        return {"micro_ap": float("nan")}
    return {"micro_ap": float(average_precision_score(actual, preds, average="micro"))}
