"""A linear model over embeddings: what they hold without a network on top of them."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import Ridge
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, TaskKind
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.estimators.linear_solvers import fit_classes, fit_label
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.estimator import (
    FeatureSet,
    NetworkKind,
    RunConfig,
    Trained,
    check_features,
)
from pipeline.models.training.fitted import Fitted
from pipeline.models.training.fitting import BaseEstimator, config_as_json, rows_to_fit
from pipeline.models.training.inference import Output
from pipeline.models.training.summaries import (
    column_counts,
    fit_scale,
    read_columns,
    standardise,
)

KIND = "linear"


@dataclass(frozen=True)
class LinearConfig:
    """How a linear model is fitted.

    Attributes:
        streams: What it reads; a sequence counts by its mean, a log-mel by its mean and deviation
            over time. Those that the table lacks are left out.
        strengths: Inverse strengths of the L2 penalty; the validation set chooses one.
        weigh_classes: Whether rare classes count more, by their share in training.
        max_iterations: Of the solver.
        seed: Nothing is drawn at random; all estimators have one.
    """

    streams: tuple[str, ...] = ("poster",)
    strengths: tuple[float, ...] = (1e-5, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2)
    weigh_classes: bool = True
    max_iterations: int = 300
    seed: int = 42

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of its streams."""
        return self.streams


class LinearModel(nn.Module):
    """Standardised columns times weights; buffers only.

    Args:
        streams: Name and number of columns of each stream.
        output: Of `Output.as_json`.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, streams: Mapping[str, int], output: Mapping[str, Any]):
        super().__init__()
        self.streams = dict(streams)
        self.output = Output.from_json(output)
        width = sum(self.streams.values())
        self.register_buffer("mean", torch.zeros(width, dtype=torch.float64))
        self.register_buffer("scale", torch.ones(width, dtype=torch.float64))
        outputs = self.output.n_answers
        self.register_buffer("weight", torch.zeros(outputs, width, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(outputs, dtype=torch.float64))

    def fit_scaler(self, table: StreamTable, rows: np.ndarray) -> None:
        """Take each column's mean and deviation from the movies of a set that have it."""
        mean, scale = fit_scale(read_columns(table, self.streams, rows))
        self.mean.copy_(torch.from_numpy(mean))
        self.scale.copy_(torch.from_numpy(scale))

    def columns(self, table: StreamTable, rows: np.ndarray) -> np.ndarray:
        """Return standardised columns, float64 (rows, width); what a movie lacks is the mean."""
        columns = read_columns(table, self.streams, rows)
        return standardise(columns, self.mean.numpy(), self.scale.numpy())

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict probabilities or numbers; see `NetworkKind`."""
        columns = torch.from_numpy(self.columns(features.table, rows))
        return self.output.predictions(self.output.scale(columns @ self.weight.T + self.bias))


@dataclass(frozen=True)
class LinearEstimator(BaseEstimator[LinearConfig]):
    """One variant of a linear model.

    It is fitted to the training set once for each strength of the penalty, the validation set
    chooses one, and with that it is fitted again to both.
    """

    config: LinearConfig = field(default_factory=LinearConfig)

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[LinearModel]:
        """Train; see `Estimator.train`."""
        check_features(features)
        config = run.override(self.config)
        train_rows, val_rows = rows_to_fit(target, split)
        empty = _empty_model(config, features.table, target, train_rows)
        losses, val_preds = list[float](), list[np.ndarray]()
        with threadpool_limits(1):
            data = _prepare(empty, features, target, train_rows)
            for strength in config.strengths:
                model = _fit(data, target, config, strength)
                val_preds.append(model.predict(features, val_rows))
                losses.append(_loss(val_preds[-1], target, val_rows))
            best = int(np.argmin(losses))
            both = _prepare(empty, features, target, np.concatenate([train_rows, val_rows]))
            model = _fit(both, target, config, config.strengths[best])
        settings = config_as_json(config)
        values = hash_bytes(np.ascontiguousarray(target.values).tobytes())
        who = hash_json([list(map(str, split)), features.table.data_hash])
        history = tuple({"epoch": k, "val_loss": loss} for k, loss in enumerate(losses, start=1))
        return Trained(
            kind=KIND,
            arguments={"streams": model.streams, "output": model.output.as_json()},
            network=model.eval(),
            fitted=Fitted(history, best + 1),
            config=settings,
            data_hash=features.table.data_hash,
            fingerprint=hash_json([KIND, settings, values, who]),
            val_preds=val_preds[best],
        )


def _empty_model(
    config: LinearConfig, table: StreamTable, target: Target, train_rows: np.ndarray
) -> LinearModel:
    widths = column_counts(table, config.streams)
    if not widths:
        raise TrainingError(
            f"expected at least one of the streams {list(config.streams)}, got "
            f"{sorted(table.streams)}; build the embeddings first"
        )
    return LinearModel(widths, Output.of(target, train_rows).as_json())


@dataclass(frozen=True)
class _Prepared:
    """Standardised columns of some movies, turned so that there are no more of them than movies.

    With an L2 penalty the weights are a sum of the movies' columns: where there are more columns
    than movies, the same model is found among the directions that the movies span, at a fraction of
    the cost.

    Attributes:
        like: An empty model with the scaler fitted to these movies.
        columns: Float64 (movies, directions).
        turn: Takes weights of directions to those of columns, (directions, columns); None where
            the columns are used as they are.
        values: The target of these movies.
    """

    like: LinearModel
    columns: np.ndarray
    turn: np.ndarray | None
    values: np.ndarray

    def weights(self, fitted: np.ndarray) -> np.ndarray:
        """Return weights of the columns, (outputs, columns), of those of the directions."""
        return fitted if self.turn is None else fitted @ self.turn


def _prepare(
    like: LinearModel, features: FeatureSet, target: Target, rows: np.ndarray
) -> _Prepared:
    output = replace(like.output)
    if target.task.kind is TaskKind.REGRESSION:
        output = Output.of(target, rows)
    model = LinearModel(like.streams, output.as_json())
    model.fit_scaler(features.table, rows)
    columns, turn = model.columns(features.table, rows), None
    if columns.shape[1] > len(columns):
        turned, upper = np.linalg.qr(columns.T)
        columns, turn = np.ascontiguousarray(upper.T), turned.T
    return _Prepared(model, columns, turn, target.values[rows])


def fit_linear(
    like: LinearModel,
    features: FeatureSet,
    target: Target,
    rows: np.ndarray,
    config: LinearConfig,
    strength: float,
) -> LinearModel:
    """Fit a model of the same streams to some movies.

    Args:
        like: Whose streams and output it has.
        features: Of all movies.
        target: Of all movies.
        rows: Of the movies that are fitted to.
        config: Of the solver.
        strength: Inverse strength of the penalty.
    """
    return _fit(_prepare(like, features, target, rows), target, config, strength)


def _fit(data: _Prepared, target: Target, config: LinearConfig, strength: float) -> LinearModel:
    output, columns, values = data.like.output, data.columns, data.values
    if target.task.kind is TaskKind.REGRESSION:
        standard = (values - output.mean) / output.sd
        ridge = Ridge(alpha=1 / strength, solver="cholesky").fit(columns, standard)
        weight, bias = ridge.coef_[None], np.atleast_1d(ridge.intercept_)
    elif target.task.kind is TaskKind.LABELS:
        fitted = [
            fit_label(columns, values[:, k], strength, config.max_iterations)
            for k in range(values.shape[1])
        ]
        weight, bias = (np.concatenate(parts) for parts in zip(*fitted, strict=True))
    else:
        weight, bias = fit_classes(
            columns, values, output.n_answers, strength, config.max_iterations,
            weigh_classes=config.weigh_classes,
        )  # fmt: skip
    model = deepcopy(data.like)
    model.weight.copy_(torch.from_numpy(data.weights(weight)))
    model.bias.copy_(torch.from_numpy(bias))
    return model


def _loss(preds: np.ndarray, target: Target, rows: np.ndarray) -> float:
    """Return the squared error, or the log loss, which counts every class alike if weighed."""
    values = target.values[rows]
    if target.task.kind is TaskKind.REGRESSION:
        return float(np.mean((preds - values) ** 2))
    if target.task.kind is TaskKind.LABELS:
        return label_loss(preds, values)
    classes = np.arange(preds.shape[1])
    shares = np.bincount(values, minlength=len(classes))[values]
    return float(log_loss(values, preds, labels=classes, sample_weight=1 / shares))


def label_loss(preds: np.ndarray, labels: np.ndarray) -> float:
    """Return the mean log loss of label probabilities, (movies, labels)."""
    preds = np.clip(preds, 1e-12, 1 - 1e-12)
    return float(-np.mean(np.where(labels > 0, np.log(preds), np.log(1 - preds))))


def _predict(network: LinearModel, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return network.predict(features, rows)


LINEAR = NetworkKind(LinearModel, _predict)
