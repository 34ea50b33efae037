"""A blend of the transformer, a Gaussian process, boosted trees and ridge regression on embeddings;
a blend may have one member.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.estimators.boosted_trees import TreesModel
from pipeline.models.estimators.embedding_ridge import RidgeModel
from pipeline.models.estimators.gaussian_process import KernelModel
from pipeline.models.estimators.transformer_estimator import SMALL, TransformerEstimator
from pipeline.models.networks.box_office_transformer import (
    BoxOfficeTransformer,
    TransformerConfig,
    as_interval,
    calibrate_interval,
)
from pipeline.models.training.estimator import (
    FeatureSet,
    NetworkKind,
    RunConfig,
    Trained,
    check_features,
)
from pipeline.models.training.fitting import BaseEstimator, config_as_json, rows_to_fit
from pipeline.models.training.loop import Fitted
from pipeline.models.training.movie_reader import RevenueModel, fit_reader

KIND = "box office blend"

TRANSFORMER, KERNEL, TREES = "transformer", "gaussian process", "boosting"
RIDGE = "ridge on embeddings"
FITTED: Mapping[str, type[KernelModel | TreesModel | RidgeModel]] = {
    KERNEL: KernelModel,
    TREES: TreesModel,
    RIDGE: RidgeModel,
}
BUILDS: Mapping[str, type[RevenueModel]] = {TRANSFORMER: BoxOfficeTransformer, **FITTED}

PULL = 0.5
"""How strongly weights are pulled to equal ones, in units of the members' mean squared error: a
validation set is small."""


@dataclass(frozen=True)
class BlendConfig(TransformerConfig):
    """The transformer's hyperparameters, and the members that are blended; the field's name is
    hashed and saved.
    """

    parts: tuple[str, ...] = (TRANSFORMER, KERNEL, TREES, RIDGE)


SMALL_BLEND: Mapping[str, object] = {**SMALL, "parts": (KERNEL, TREES, RIDGE)}
"""Hyperparameters for seconds on one core: the transformer takes most of the time."""


class Blend(nn.Module):
    """The weighted mean of its members' predictions.

    Args:
        parts: By name, the arguments of each member's network; the parameter's name is saved.
    """

    weights: Tensor
    reach: Tensor
    sd: Tensor

    def __init__(self, parts: Mapping[str, Mapping[str, Any]]):
        super().__init__()
        self.names = tuple(parts)
        self.arguments = {name: dict(own) for name, own in parts.items()}
        built = [BUILDS[name](**arguments) for name, arguments in parts.items()]
        self.models = nn.ModuleList(built)
        for name, start in (("weights", 1 / len(built)), ("reach", 1.645)):
            size = len(built) if name == "weights" else 2
            self.register_buffer(name, torch.full((size,), start, dtype=torch.float64))
        self.register_buffer("sd", torch.ones(1, dtype=torch.float64))

    @property
    def members(self) -> dict[str, RevenueModel]:
        """The models by name."""
        models = (model for model in self.models if isinstance(model, RevenueModel))
        return dict(zip(self.names, models, strict=True))

    def predict_members(self, features: FeatureSet, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Predict by each member alone: by name, log10 revenue, float64 (rows,)."""
        return {name: _mean(model.predict(features, rows)) for name, model in self.members.items()}

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict mean and standard deviation of log10 revenue, float64 (rows, 2)."""
        total = np.zeros(len(rows))
        sd = np.full(len(rows), self.sd.item())
        for weight, model in zip(self.weights.tolist(), self.members.values(), strict=True):
            preds = model.predict(features, rows)
            if preds.ndim == 2:
                preds, sd = preds[:, 0], preds[:, 1]
            total += weight * preds
        return np.stack([total, sd], axis=1)


def weigh_members(
    preds: Sequence[np.ndarray], target: np.ndarray, pull: float = PULL
) -> np.ndarray:
    """Fit weights of at least 0 that sum to 1 and have the least squared error.

    Args:
        preds: Each member's predictions for movies that it was not trained on, (n,) each.
        target: Actual values, (n,).
        pull: How strongly equal weights are preferred.

    Example:
        >>> target = np.array([1.0, 2.0, 3.0, 4.0])
        >>> weigh_members([target, 0 * target], target, pull=0.0).round(3).tolist()
        [1.0, 0.0]
    """
    columns = np.stack(preds, axis=1)
    n, k = columns.shape
    error = ((columns - target[:, None]) ** 2).mean()
    even = np.sqrt(pull * n * error / k)
    whole = 1e3 * np.sqrt(n) * max(float(np.abs(columns).max()), 1.0)
    terms = np.vstack([columns, even * np.eye(k), np.full((1, k), whole)])
    sides = np.concatenate([target, np.full(k, even / k), [whole]])
    weights, _ = nnls(terms, sides)
    return weights / weights.sum()


@dataclass(frozen=True)
class BlendEstimator(BaseEstimator[BlendConfig]):
    """One variant of a blend.

    The Gaussian process and the trees are fitted to the training set, weighed by the validation
    set, then fitted again to both: they require nothing to stop by.
    """

    config: BlendConfig = field(default_factory=BlendConfig)
    small: Mapping[str, object] = field(default_factory=lambda: SMALL_BLEND)

    @property
    def transformer(self) -> TransformerEstimator | None:
        """Its transformer by itself; None where it has none."""
        return transformer_of(self.config) if TRANSFORMER in self.config.parts else None

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[Blend]:
        """Train; see `Estimator.train`."""
        check_features(features)
        config = run.override(self.config)
        if not config.parts or set(config.parts) - set(BUILDS):
            raise TrainingError(f"expected members of {sorted(BUILDS)}, got {list(config.parts)}")
        train_rows, val_rows = rows_to_fit(target, split)
        fitted, networks = None, dict[str, RevenueModel]()
        if TRANSFORMER in config.parts:
            own = replace(run, hyperparameters={})  # the config has them already
            trained = transformer_of(config).train(features, target, split, own)
            fitted, networks = trained.fitted, {TRANSFORMER: trained.network}
        blend, mixed = _mix(config.parts, networks, features, target, train_rows, val_rows,
                             run.seed)  # fmt: skip
        error = float(np.mean((mixed - target.values[val_rows]) ** 2))
        settings = config_as_json(config)
        values = hash_bytes(np.ascontiguousarray(target.values).tobytes())
        who = hash_json([list(map(str, split)), features.table.data_hash])
        return Trained(
            kind=KIND,
            arguments={"parts": blend.arguments},
            network=blend.eval(),
            fitted=fitted or _one_epoch(error),
            config=settings,
            data_hash=features.table.data_hash,
            fingerprint=hash_json([KIND, settings, values, who]),
            val_preds=mixed,
        )


def _mix(
    names: Sequence[str],
    networks: Mapping[str, RevenueModel],
    features: FeatureSet,
    target: Target,
    train_rows: np.ndarray,
    val_rows: np.ndarray,
    seed: int,
) -> tuple[Blend, np.ndarray]:
    """Weigh the members by the validation set; return the blend, and what it predicted there while
    its members were fitted to the training set alone.
    """
    others = [name for name in names if name not in networks]
    first = {**networks, **_fit(others, features, target, train_rows, seed)}
    actual = target.values[val_rows]
    preds = [_mean(first[name].predict(features, val_rows)) for name in names]
    weights = weigh_members(preds, actual)
    both = np.concatenate([train_rows, val_rows])
    last = {**networks, **_fit(others, features, target, both, seed)}
    blend = _assemble(names, last, weights)
    mixed = np.stack(preds, axis=1) @ weights
    error = float(np.mean((mixed - actual) ** 2))
    blend.sd.fill_(error**0.5 or 1.0)
    sd = blend.predict(features, val_rows)[:, 1]
    blend.reach.copy_(torch.from_numpy(calibrate_interval(np.stack([mixed, sd], axis=1), actual)))
    return blend, mixed


def transformer_of(config: BlendConfig) -> TransformerEstimator:
    """Return the estimator of a blend's transformer by itself."""
    own = {one.name: getattr(config, one.name) for one in fields(TransformerConfig)}
    return TransformerEstimator(TRANSFORMER, TransformerConfig(**own))


def _fit(
    names: Sequence[str], features: FeatureSet, target: Target, rows: np.ndarray, seed: int
) -> dict[str, RevenueModel]:
    if not names:
        return {}
    reader = fit_reader(features, target.values, rows)
    return {n: FITTED[n].fit(reader, features, rows, target.values[rows], seed) for n in names}


def _assemble(
    names: Sequence[str], models: Mapping[str, RevenueModel], weights: np.ndarray
) -> Blend:
    blend = Blend({name: models[name].arguments for name in names})
    for place, name in enumerate(names):
        blend.models[place].load_state_dict(models[name].state_dict())
    blend.weights.copy_(torch.from_numpy(weights))
    return blend


def _mean(preds: np.ndarray) -> np.ndarray:
    return preds if preds.ndim == 1 else preds[:, 0]


def _one_epoch(error: float) -> Fitted:
    """Describe a training without epochs as one of a single epoch."""
    return Fitted(({"epoch": 1, "val_loss": error, "val_rmse": error**0.5},), 1)


def _predict(network: Blend, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return as_interval(network.predict(features, rows), network.reach.numpy())


BLEND = NetworkKind(Blend, _predict)
