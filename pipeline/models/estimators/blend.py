"""A blend of a Gaussian process, boosted trees and ridge regression on embeddings; it may have one
member.

Its members are fitted to whole records and to copies that are cut at random, so that they work
before release; weights and interval come from what each predicted for movies it was not fitted to.
For movies that come out after all of those, as those to be forecast do, level and interval come
from the latest ones, predicted by members that were fitted to the older ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from sklearn.model_selection import GroupKFold
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.core.track_records import franchise_number
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.estimators.boosted_trees import TreesModel
from pipeline.models.estimators.embedding_ridge import RidgeModel
from pipeline.models.estimators.gaussian_process import KernelModel
from pipeline.models.networks.box_office_transformer import as_interval, calibrate_interval
from pipeline.models.training.cut_features import (
    features_before_release,
    features_cut_at_random,
    features_mixed,
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
from pipeline.models.training.movie_reader import FIELDS, RevenueModel, fit_reader

KIND = "box office blend"

KERNEL, TREES, RIDGE = "gaussian process", "boosting", "ridge on embeddings"
BUILDS: Mapping[str, type[KernelModel | TreesModel | RidgeModel]] = {
    KERNEL: KernelModel,
    TREES: TreesModel,
    RIDGE: RidgeModel,
}

PULL = 0.05
"""How strongly weights are pulled to equal ones, in units of the members' mean squared error."""

LATEST_SHARE = 0.15
"""Share of the movies that stand for those to come."""

MIN_LATEST = 50
"""With fewer of them nothing is known of movies to come: level and interval stay."""

SHRINKAGE_MOVIES = 50
"""Additional movies without drift, by which the drift is shrunk."""


@dataclass(frozen=True)
class BlendConfig:
    """Which members are blended, and how they are weighed.

    Attributes:
        parts: Names of the members; the field's name is hashed and saved.
        folds: In so many folds by franchise each member predicts the movies it is not fitted to.
        seed: Of the members and of the cuts.
    """

    parts: tuple[str, ...] = (KERNEL, TREES, RIDGE)
    folds: int = 3
    seed: int = 42

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what the members read."""
        return (*FIELDS, "numbers", "text")


class Blend(nn.Module):
    """The weighted mean of its members' predictions.

    Args:
        parts: By name, the arguments of each member's network; the parameter's name is saved.
    """

    weights: Tensor
    reach: Tensor
    sd: Tensor
    last_day: Tensor
    drift: Tensor
    later_reach: Tensor

    def __init__(self, parts: Mapping[str, Mapping[str, Any]]):
        super().__init__()
        self.names = tuple(parts)
        self.arguments = {name: dict(own) for name, own in parts.items()}
        built = [BUILDS[name](**arguments) for name, arguments in parts.items()]
        self.models = nn.ModuleList(built)
        even = torch.full((len(built),), 1 / len(built), dtype=torch.float64)
        self.register_buffer("weights", even)
        for name in ("reach", "later_reach"):
            self.register_buffer(name, torch.full((2,), 1.645, dtype=torch.float64))
        self.register_buffer("sd", torch.ones(1, dtype=torch.float64))
        self.register_buffer("last_day", torch.full((1,), date.max.toordinal()))
        self.register_buffer("drift", torch.zeros(1, dtype=torch.float64))

    @property
    def members(self) -> dict[str, RevenueModel]:
        """The models by name."""
        models = (model for model in self.models if isinstance(model, RevenueModel))
        return dict(zip(self.names, models, strict=True))

    def predict_members(self, features: FeatureSet, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Predict by each member alone: by name, log10 revenue, float64 (rows,)."""
        return {name: model.predict(features, rows) for name, model in self.members.items()}

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict mean and standard deviation of log10 revenue, float64 (rows, 2)."""
        preds = np.stack([*self.predict_members(features, rows).values()])  # (members, rows)
        mean = self.weights.numpy() @ preds
        mean += np.where(self._come_later(features, rows), self.drift.item(), 0.0)
        return np.stack([mean, np.full(len(rows), self.sd.item())], axis=1)

    def predict_interval(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict mean, lower and upper end of a 90 % interval, float64 (rows, 3)."""
        preds = self.predict(features, rows)
        ends, later_ends = (
            as_interval(preds, reach.numpy()) for reach in (self.reach, self.later_reach)
        )
        return np.where(self._come_later(features, rows)[:, None], later_ends, ends)

    def _come_later(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Return which movies come out after all that it was fitted to, bool (rows,)."""
        return _days(features, rows) > self.last_day.item()


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

    Training and validation set are one to it: it requires nothing to stop by.
    """

    config: BlendConfig = field(default_factory=BlendConfig)

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[Blend]:
        """Train; see `Estimator.train`."""
        check_features(features)
        config = run.override(self.config)
        if not config.parts or set(config.parts) - set(BUILDS):
            raise TrainingError(f"expected members of {sorted(BUILDS)}, got {list(config.parts)}")
        train_rows, val_rows = rows_to_fit(target, split)
        rows = np.concatenate([train_rows, val_rows])
        views = Views.of(features, config.seed)
        blend, mixed = _mix(config, views, target, rows)
        val_preds = mixed[len(train_rows) :]
        error = float(np.mean((val_preds - target.values[val_rows]) ** 2))
        settings = config_as_json(config)
        values = hash_bytes(np.ascontiguousarray(target.values).tobytes())
        who = hash_json([list(map(str, split)), features.table.data_hash])
        return Trained(
            kind=KIND,
            arguments={"parts": blend.arguments},
            network=blend.eval(),
            fitted=_one_epoch(error),
            config=settings,
            data_hash=features.table.data_hash,
            fingerprint=hash_json([KIND, settings, values, who]),
            val_preds=val_preds,
        )


@dataclass(frozen=True)
class Views:
    """The same movies with whole records, and with records cut in three ways.

    Attributes:
        whole: As they are.
        before_release: All cut as the test set "as before release" is.
        cut: All cut at random.
        mixed: Every other one cut at random, for a member to which copies of a movie would count
            as two movies that agree.
    """

    whole: FeatureSet
    before_release: FeatureSet
    cut: FeatureSet
    mixed: FeatureSet

    @classmethod
    def of(cls, features: FeatureSet, seed: int) -> "Views":
        """Cut all records."""
        return cls(
            features,
            features_before_release(features),
            features_cut_at_random(features, seed),
            features_mixed(features, seed),
        )


def _mix(
    config: BlendConfig, views: Views, target: Target, rows: np.ndarray
) -> tuple[Blend, np.ndarray]:
    """Fit and weigh the members; return the blend, and what it predicts for each of these movies
    while its members are fitted to others.
    """
    whole, cut = _predict_held_out(config, views, target, rows)  # (members, rows) each
    actual = target.values[rows]
    twice = np.tile(actual, 2)
    weights = weigh_members(list(np.hstack([whole, cut])), twice)
    blend = _assemble(config.parts, _fit(config, views, target, rows), weights)
    mixed = np.concatenate([weights @ whole, weights @ cut])
    blend.sd.fill_(float(np.sqrt(np.mean((mixed - twice) ** 2))) or 1.0)
    blend.reach.copy_(_calibrate(blend, mixed, twice))
    blend.later_reach.copy_(blend.reach)
    _look_ahead(config, views, target, rows, blend)
    return blend, mixed[: len(rows)]


def _calibrate(blend: Blend, preds: np.ndarray, actual: np.ndarray) -> Tensor:
    sd = np.full(len(preds), blend.sd.item())
    return torch.from_numpy(calibrate_interval(np.stack([preds, sd], axis=1), actual))


def _look_ahead(
    config: BlendConfig, views: Views, target: Target, rows: np.ndarray, blend: Blend
) -> None:
    """Set level and interval of movies that come out after all of these.

    The latest `LATEST_SHARE` of them are predicted by members that are fitted to the older ones:
    levels drift, and what comes later is harder to predict than what lies between.
    """
    days = _days(views.whole, rows)
    dated = rows[np.isfinite(days)]
    n_latest = int(LATEST_SHARE * len(dated))
    if n_latest < MIN_LATEST:
        return
    dated = dated[np.argsort(_days(views.whole, dated), kind="stable")]
    first_day = _days(views.whole, dated[-n_latest:])[0]
    is_latest = days >= first_day
    older, latest = rows[~is_latest], rows[is_latest]
    models = _fit(config, views, target, older)
    preds = np.concatenate([
        blend.weights.numpy() @ [models[name].predict(view, latest) for name in config.parts]
        for view in (views.whole, views.before_release)
    ])  # fmt: skip
    actual = np.tile(target.values[latest], 2)
    blend.last_day.fill_(int(days[np.isfinite(days)].max()))
    shrunk = len(latest) / (len(latest) + SHRINKAGE_MOVIES)
    blend.drift.fill_(float(np.mean(actual - preds)) * shrunk)
    reach = _calibrate(blend, preds + blend.drift.item(), actual)
    blend.later_reach.copy_(torch.maximum(reach, blend.reach))


def _days(features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    """Return the days of release, proleptic ordinals, float64 (rows,); NaN unknown."""
    released = (features.records[row].release_date for row in rows)
    return np.array([day.toordinal() if day else np.nan for day in released], dtype=np.float64)


def _predict_held_out(
    config: BlendConfig, views: Views, target: Target, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Predict each movie by members that were fitted to other franchises.

    Returns:
        Of whole records and of those as before release, float64 (members, rows).
    """
    franchises = np.array([franchise_number(views.whole.records[row]) for row in rows])
    folds = min(config.folds, len(np.unique(franchises)))
    if folds < 2:
        raise TrainingError("expected movies of at least two franchises, got one")
    preds = np.zeros((2, len(config.parts), len(rows)))
    for fit, held in GroupKFold(folds).split(rows, groups=franchises):
        models = _fit(config, views, target, rows[fit])
        for place, name in enumerate(config.parts):
            for view, features in enumerate((views.whole, views.before_release)):
                preds[view, place, held] = models[name].predict(features, rows[held])
    return preds[0], preds[1]


def _fit(
    config: BlendConfig, views: Views, target: Target, rows: np.ndarray
) -> dict[str, RevenueModel]:
    reader = fit_reader(views.whole, target.values, rows)
    values, seed = target.values[rows], config.seed
    models = dict[str, RevenueModel]()
    for name in config.parts:
        if name == KERNEL:
            models[name] = KernelModel.fit(reader, views.mixed, rows, values, seed)
        else:
            build = TreesModel if name == TREES else RidgeModel
            models[name] = build.fit(reader, views.whole, rows, values, seed, (views.cut,))
    return models


def _assemble(
    names: Sequence[str], models: Mapping[str, RevenueModel], weights: np.ndarray
) -> Blend:
    blend = Blend({name: models[name].arguments for name in names})
    for place, name in enumerate(names):
        blend.models[place].load_state_dict(models[name].state_dict())
    blend.weights.copy_(torch.from_numpy(weights))
    return blend


def _one_epoch(error: float) -> Fitted:
    """Describe a training without epochs as one of a single epoch."""
    return Fitted(({"epoch": 1, "val_loss": error, "val_rmse": error**0.5},), 1)


BLEND = NetworkKind(Blend, Blend.predict_interval)
