"""A linear model over embeddings and a kernel over plots, stacked over all labels.

Labels go together ("action" with "adventure"), so each label's last layer reads what the members
predict of every label, for movies that they were not fitted to. Where plots are all there is, the
kernel is the only member: beside it the linear model on the same plots made the stack worse.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, KFold
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, TaskKind
from pipeline.core.track_records import franchise_number
from pipeline.core.versions import hash_json
from pipeline.models.estimators.linear_estimator import (
    LinearConfig,
    LinearEstimator,
    LinearModel,
    fit_linear,
    label_loss,
)
from pipeline.models.estimators.linear_solvers import NEVER
from pipeline.models.estimators.plot_kernel import TEXT, PlotKernel
from pipeline.models.training.estimator import FeatureSet, NetworkKind, RunConfig, Trained
from pipeline.models.training.fitting import BaseEstimator, rows_to_fit
from pipeline.models.training.summaries import column_counts, fit_scale, standardise

KIND = "label stack"

FOLDS = 4
"""In so many folds by franchise the linear model predicts movies that it is not fitted to."""

STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)
"""Inverse strengths of the last layer's L2 penalty; held-out predictions choose one."""


class LabelStack(nn.Module):
    """Members and the layer over what they predict.

    Args:
        linear: Arguments of the linear model over the other streams; None where there are none.
        kernel: Arguments of the kernel over plots; None where movies have no embedded plots.
        n_labels: How many labels there are.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(
        self,
        linear: Mapping[str, Any] | None,
        kernel: Mapping[str, Any] | None,
        n_labels: int,
    ):
        super().__init__()
        self.arguments = {"linear": linear, "kernel": kernel, "n_labels": n_labels}
        self.linear = LinearModel(**linear) if linear else None
        self.kernel = PlotKernel(**kernel) if kernel else None
        width = n_labels * (bool(linear) + bool(kernel))
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(width, dtype=torch.float64))
        self.register_buffer("weight", torch.zeros(n_labels, width, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(n_labels, dtype=torch.float64))

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict label probabilities, float64 (rows, labels)."""
        parts = list[np.ndarray]()
        if self.linear is not None:
            parts.append(as_logits(self.linear.predict(features, rows)))
        if self.kernel is not None:
            has_text = TEXT in features.table.streams
            means = np.tile(self.mean.numpy()[-len(self.bias) :], (len(rows), 1))
            parts.append(self.kernel.predict(features, rows) if has_text else means)
        columns = standardise(np.hstack(parts), self.mean.numpy(), self.scale.numpy())
        return _sigmoid(columns @ self.weight.numpy().T + self.bias.numpy())


@dataclass(frozen=True)
class LabelStackEstimator(BaseEstimator[LinearConfig]):
    """One variant of a stack; its members are fitted to training and validation set together."""

    config: LinearConfig = field(default_factory=LinearConfig)

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[LabelStack]:
        """Train; see `Estimator.train`.

        Raises:
            TrainingError: Besides, where the task is not one of labels.
        """
        if target.task.kind is not TaskKind.LABELS:
            raise TrainingError(f"expected a task of labels, got {target.task.name!r}")
        config = run.override(self.config)
        train_rows, val_rows = rows_to_fit(target, split)
        rows = np.concatenate([train_rows, val_rows])
        labels = (target.values[rows] > 0).astype(np.int64)
        folds = _folds(features, rows)
        has_text = TEXT in column_counts(features.table, config.streams)
        others = tuple(name for name in config.streams if name != TEXT or not has_text)
        has_others = bool(column_counts(features.table, others)) or not has_text
        # it also describes the training: its history is the stack's
        own = replace(config, streams=others if has_others else config.streams)
        made = LinearEstimator(self.name, own).train(features, target, split, run)
        parts, kernel = list[np.ndarray](), None
        with threadpool_limits(1):
            if has_others:
                strength = own.strengths[made.fitted.best_epoch - 1]
                parts.append(_hold_out(made.network, features, target, rows, own, strength, folds))
            if has_text:
                kernel, held_out = PlotKernel.fit(features, rows, labels, config.seed)
                parts.append(held_out)
            network = LabelStack(
                made.arguments if has_others else None,
                kernel.arguments if kernel else None,
                labels.shape[1],
            )
            preds = _fit_layer(network, np.hstack(parts), labels, folds)
        if network.linear is not None:
            network.linear.load_state_dict(made.network.state_dict())
        if kernel is not None and network.kernel is not None:
            network.kernel.load_state_dict(kernel.state_dict())
        return Trained(
            kind=KIND,
            arguments=network.arguments,
            network=network.eval(),
            fitted=made.fitted,
            config=made.config,
            data_hash=made.data_hash,
            fingerprint=hash_json([KIND, made.fingerprint]),
            val_preds=preds[len(train_rows) :],
        )


def _folds(features: FeatureSet, rows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Divide places in `rows` into folds by franchise; movie by movie where records are unknown."""
    if not features.records:
        return list(KFold(min(FOLDS, len(rows))).split(rows))
    franchises = np.array([franchise_number(features.records[row]) for row in rows])
    folds = min(FOLDS, len(np.unique(franchises)))
    if folds < 2:
        raise TrainingError("expected movies of at least two franchises, got one")
    return list(GroupKFold(folds).split(rows, groups=franchises))


def _hold_out(
    like: LinearModel,
    features: FeatureSet,
    target: Target,
    rows: np.ndarray,
    config: LinearConfig,
    strength: float,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Return the linear model's logits for movies that it is not fitted to, (rows, labels)."""
    logits = np.zeros((len(rows), like.output.n_answers))
    for fit, held in folds:
        model = fit_linear(like, features, target, rows[fit], config, strength)
        logits[held] = as_logits(model.predict(features, rows[held]))
    return logits


def _fit_layer(
    network: LabelStack,
    columns: np.ndarray,
    labels: np.ndarray,
    folds: list[tuple[np.ndarray, np.ndarray]],
) -> np.ndarray:
    """Fit the last layer; return its predictions for movies that it is not fitted to."""
    mean, scale = fit_scale(columns)
    network.mean.copy_(torch.from_numpy(mean))
    network.scale.copy_(torch.from_numpy(scale))
    columns = standardise(columns, mean, scale)
    best, preds = np.inf, np.zeros(labels.shape)
    for strength in STRENGTHS:
        held_out = np.zeros(labels.shape)
        for fit, held in folds:
            weight, bias = _regress(columns[fit], labels[fit], strength)
            held_out[held] = _sigmoid(columns[held] @ weight.T + bias)
        if (loss := label_loss(held_out, labels)) < best:
            best, preds = loss, held_out
            weight, bias = _regress(columns, labels, strength)
            network.weight.copy_(torch.from_numpy(weight))
            network.bias.copy_(torch.from_numpy(bias))
    return preds


def _regress(
    columns: np.ndarray, labels: np.ndarray, strength: float
) -> tuple[np.ndarray, np.ndarray]:
    """Fit a logistic regression for each label; one that all have or none has is constant."""
    weight = np.zeros((labels.shape[1], columns.shape[1]))
    bias = np.where(labels[0] > 0, -NEVER, NEVER)
    for place, own in enumerate(labels.T):
        if len(np.unique(own)) > 1:
            fitted = LogisticRegression(C=strength, max_iter=300).fit(columns, own)
            weight[place], bias[place] = fitted.coef_[0], fitted.intercept_[0]
    return weight, bias


def as_logits(probabilities: np.ndarray) -> np.ndarray:
    """Return the logits of probabilities, between -20 and 20."""
    inside = np.clip(probabilities, 1e-9, 1 - 1e-9)
    return np.log(inside) - np.log1p(-inside)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, NEVER, -NEVER)))


def _predict(network: LabelStack, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return network.predict(features, rows)


LABEL_STACK = NetworkKind(LabelStack, _predict)
"""The network as saved models name it."""
