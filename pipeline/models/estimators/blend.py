"""A blend of a Gaussian process, boosted and extremely randomised trees, and ridge regression on
embeddings; it may have one member.

Its members are fitted to whole records and to copies that are cut at random, so that they work
before release; weights and interval come from what each predicted for movies it was not fitted to.
A sequel is moved towards what its predecessor earned, and a movie that comes out after all of
those, as one to be forecast does, by how levels drifted (`past_and_drift`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import GroupKFold
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.core.track_records import franchise_number
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.estimators.boosted_trees import TreesModel
from pipeline.models.estimators.embedding_ridge import EMBEDDED, RidgeModel
from pipeline.models.estimators.extra_trees import ExtraTreesModel
from pipeline.models.estimators.gaussian_process import KernelModel
from pipeline.models.estimators.grouped_intervals import GroupedIntervals
from pipeline.models.estimators.member_weights import weigh_members
from pipeline.models.estimators.past_and_drift import Drift, FranchisePast, split_forward
from pipeline.models.estimators.tree_sum import TreeSum
from pipeline.models.training.cut_features import Views
from pipeline.models.training.estimator import (
    FeatureSet,
    NetworkKind,
    RunConfig,
    Trained,
    check_features,
)
from pipeline.models.training.fitted import Fitted
from pipeline.models.training.fitting import BaseEstimator, config_as_json, rows_to_fit
from pipeline.models.training.movie_reader import FIELDS, RevenueModel, fit_reader

KIND = "box office blend"

KERNEL, TREES, RIDGE = "gaussian process", "boosting", "ridge on embeddings"
EXTRA_TREES = "extra trees"
SEES_COPIES: Mapping[str, type[TreeSum | RidgeModel]] = {
    TREES: TreesModel,
    EXTRA_TREES: ExtraTreesModel,
    RIDGE: RidgeModel,
}
"""Members that are fitted to whole records and to copies that are cut."""

BUILDS: Mapping[str, type[RevenueModel]] = {KERNEL: KernelModel, **SEES_COPIES}


@dataclass(frozen=True)
class BlendConfig:
    """Which members are blended, and how they are weighed.

    Attributes:
        parts: Names of the members; the field's name is hashed and saved.
        folds: In so many folds by franchise each member predicts the movies it is not fitted to.
        seed: Of the members and of the cuts.
    """

    parts: tuple[str, ...] = (KERNEL, TREES, EXTRA_TREES, RIDGE)
    folds: int = 3
    seed: int = 42

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what the members read."""
        streams = EMBEDDED if RIDGE in self.parts else ("text",)
        return (*FIELDS, "numbers", *streams)


class Blend(nn.Module):
    """The weighted mean of its members' predictions.

    Args:
        parts: By name, the arguments of each member's network; the parameter's name is saved.
        n_past: Movies whose sequels are known.
    """

    weights: Tensor

    def __init__(self, parts: Mapping[str, Mapping[str, Any]], n_past: int = 0):
        super().__init__()
        self.names = tuple(parts)
        self.arguments = {name: dict(own) for name, own in parts.items()}
        built = [BUILDS[name](**arguments) for name, arguments in parts.items()]
        self.models = nn.ModuleList(built)
        equal = torch.full((len(built),), 1 / len(built), dtype=torch.float64)
        self.register_buffer("weights", equal)
        self.past = FranchisePast(n_past)
        self.drift = Drift()
        self.intervals = GroupedIntervals()

    @property
    def members(self) -> dict[str, RevenueModel]:
        """The models by name."""
        models = (model for model in self.models if isinstance(model, RevenueModel))
        return dict(zip(self.names, models, strict=True))

    def predict_members(self, features: FeatureSet, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Predict by each member alone: by name, log10 revenue, float64 (rows,)."""
        return {name: model.predict(features, rows) for name, model in self.members.items()}

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue and both ends of its 90 % interval, float64 (rows, 3)."""
        preds = np.stack([*self.predict_members(features, rows).values()])  # (members, rows)
        records = [features.records[row] for row in rows]
        days = None if features.days is None else [features.days[row] for row in rows]
        moved = self.past.move(records, self.weights.numpy() @ preds, days)
        intervals = self.intervals.predict(records, self.drift.move(records, moved))
        return self.drift.widen(records, intervals)


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
            arguments={"parts": blend.arguments, "n_past": blend.past.n_movies},
            network=blend.eval(),
            fitted=_one_epoch(error),
            config=settings,
            data_hash=features.table.data_hash,
            fingerprint=hash_json([KIND, settings, values, who]),
            val_preds=val_preds,
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
    known = [views.whole.records[row] for row in rows]
    past = FranchisePast.fit(known, weights @ whole, actual)
    blend = _assemble(config.parts, _fit(config, views, target, rows), weights, past)
    mixed = np.concatenate([past.move(known, weights @ some, None) for some in (whole, cut)])
    _fit_drift(blend.drift, config, views, target, rows, whole[_place_of_drift(config)])
    records = [view.records[row] for view in (views.whole, views.before_release) for row in rows]
    blend.intervals.fit(records, mixed, twice)
    return blend, mixed[: len(rows)]


def _place_of_drift(config: BlendConfig) -> int:
    """Return the place of the member by which the drift is measured: trees are the quickest."""
    return config.parts.index(TREES) if TREES in config.parts else 0


def _fit_drift(
    drift: Drift,
    config: BlendConfig,
    views: Views,
    target: Target,
    rows: np.ndarray,
    held_out: np.ndarray,
) -> None:
    """Measure the drift: what one member predicts of later movies when fitted to earlier ones.

    Args:
        drift: What is fitted.
        config: Of the blend.
        views: Of the movies.
        target: What is predicted.
        rows: That it is fitted to.
        held_out: What the member predicts of each while fitted to movies of all years, (rows,).
    """
    released = [views.whole.records[row].release_date for row in rows]
    days = np.array([day.toordinal() if day else 0 for day in released])
    if not days.any():
        return
    alone = replace(config, parts=(config.parts[_place_of_drift(config)],))
    years, forward, usual = list[np.ndarray](), list[np.ndarray](), list[np.ndarray]()
    for earlier, later, since in split_forward(days):
        [model] = _fit(alone, views, target, rows[earlier]).values()
        actual = target.values[rows[later]]
        forward.append(model.predict(views.whole, rows[later]) - actual)
        usual.append(held_out[later] - actual)
        years.append(since)
    none = [np.zeros(0)]
    last = max(day for day in released if day)
    drift.fit(last, *(np.concatenate(part or none) for part in (years, forward, usual)))


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
            build = SEES_COPIES[name]
            models[name] = build.fit(reader, views.whole, rows, values, seed, (views.cut,))
    return models


def _assemble(
    names: Sequence[str],
    models: Mapping[str, RevenueModel],
    weights: np.ndarray,
    past: FranchisePast,
) -> Blend:
    blend = Blend({name: models[name].arguments for name in names}, past.n_movies)
    blend.past.load_state_dict(past.state_dict())
    for place, name in enumerate(names):
        blend.models[place].load_state_dict(models[name].state_dict())
    blend.weights.copy_(torch.from_numpy(weights))
    return blend


def _one_epoch(error: float) -> Fitted:
    """Describe a training without epochs as one of a single epoch."""
    return Fitted(({"epoch": 1, "val_loss": error, "val_rmse": error**0.5},), 1)


BLEND = NetworkKind(Blend, Blend.predict)
