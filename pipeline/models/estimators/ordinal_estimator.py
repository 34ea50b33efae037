"""Revenue classes from a predicted revenue: a blend, cut at the classes' edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.stats import norm
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, Task
from pipeline.core.versions import hash_json
from pipeline.models.estimators.blend import BLEND, Blend, BlendConfig, BlendEstimator
from pipeline.models.training.estimator import FeatureSet, NetworkKind, RunConfig, Trained
from pipeline.models.training.fitting import BaseEstimator, rows_to_fit

KIND = "ordinal blend"

STRETCH = 1.1
"""Predicted revenues lie closer together than actual ones, so that a plain cut yields the outer
classes too seldom. Chosen on the five folds of one seed of real movies; 1.0 to 1.4 were tried."""

PREDICTED_SHARE = 0.5
"""Share of the probability that goes to the predicted class; the rest is distributed by a normal
law of the blend's own interval. So the most probable class is always the one in which the predicted
revenue falls: by that law alone it would nearly always be an outer class, which has no end."""

INTERVAL_SDS = 2 * 1.6449
"""Width of a normal law's 90 % interval in standard deviations."""

ROUNDING_SHARE = 0.01
"""Classes may differ so often from those of the logarithms: a revenue may lie on an edge."""


def cut_into_classes(
    predicted_log10: np.ndarray,
    edges: np.ndarray,
    centre_log10: float,
    stretch: float = STRETCH,
    unit_log10: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return the class of a predicted revenue.

    Args:
        predicted_log10: Predicted log10 revenue, (n,).
        edges: Edges between the classes, rising, (classes - 1,).
        centre_log10: Mean log10 revenue of the training set, from which predictions are stretched.
        stretch: How much.
        unit_log10: What edges are multiples of: 0 for dollars, or each movie's log10 budget, (n,).

    Returns:
        int64 (n,), 0 the lowest.

    Example:
        >>> cut_into_classes(np.array([6.9, 7.95]), np.array([1e7, 1e8]), 7.0).tolist()
        [0, 2]
    """
    stretched = centre_log10 + stretch * (np.asarray(predicted_log10) - centre_log10)
    return np.searchsorted(np.log10(edges), stretched - unit_log10, side="right").astype(np.int64)


def spread_over_classes(
    predicted_log10: np.ndarray,
    sd_log10: np.ndarray,
    edges: np.ndarray,
    unit_log10: np.ndarray | float = 0.0,
) -> np.ndarray:
    """Return class probabilities of a normal law round a predicted revenue.

    Args:
        predicted_log10: Predicted log10 revenue, (n,).
        sd_log10: Standard deviation of each, (n,).
        edges: Edges between the classes, rising, (classes - 1,).
        unit_log10: As for `cut_into_classes`.

    Returns:
        Float64 (n, classes); rows sum to 1.

    Example:
        >>> spread_over_classes(np.array([7.0]), np.array([0.5]), np.array([1e7]))
        array([[0.5, 0.5]])
    """
    steps = np.log10(edges)[None, :] - (np.asarray(predicted_log10) - unit_log10)[:, None]
    below = norm.cdf(steps / np.asarray(sd_log10)[:, None])
    ends = np.zeros((len(below), 1)), np.ones((len(below), 1))
    return np.diff(np.hstack([ends[0], below, ends[1]]), axis=1)


class OrdinalNetwork(nn.Module):
    """A blend and where its predictions are cut.

    Args:
        blend: Arguments of the blend.
        edges: Edges between the classes, rising.
        unit: "usd", or "budgets" where edges are multiples of each movie's own budget.
        centre_log10: Mean log10 revenue of the movies trained on.
    """

    def __init__(
        self, blend: Mapping[str, Any], edges: list[float], unit: str, centre_log10: float
    ):
        super().__init__()
        self.blend = BLEND.build(**blend)
        self.edges, self.unit = np.asarray(edges), unit
        self.centre_log10 = centre_log10

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Return class probabilities, float64 (rows, classes).

        Raises:
            TrainingError: Classes are cut at budgets, and a movie has none.
        """
        unit = _unit_log10(self.unit, features, rows)
        mean, low, high = BLEND.predict(self.blend, features, rows).T
        return self.classify(mean, (high - low) / INTERVAL_SDS, unit)

    def classify(
        self, log10: np.ndarray, sd_log10: np.ndarray, unit_log10: np.ndarray | float
    ) -> np.ndarray:
        """Return class probabilities of predicted log10 revenues, float64 (n, classes)."""
        predicted = cut_into_classes(log10, self.edges, self.centre_log10, unit_log10=unit_log10)
        spread = spread_over_classes(log10, sd_log10, self.edges, unit_log10)
        return PREDICTED_SHARE * np.eye(spread.shape[1])[predicted] + (1 - PREDICTED_SHARE) * spread


@dataclass(frozen=True)
class OrdinalEstimator(BaseEstimator[BlendConfig]):
    """One variant that learns the revenue itself and predicts the class in which it falls.

    Attributes:
        config: Hyperparameters of the blend.
        task: The task of the blend: log10 revenue.
    """

    config: BlendConfig = field(default_factory=BlendConfig)
    task: Task = field(kw_only=True)

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[OrdinalNetwork]:
        """Train; see `Estimator.train`.

        Raises:
            TrainingError: Besides, where classes are not of these movies' revenues.
        """
        both = np.concatenate(rows_to_fit(target, split))
        unit = "usd" if "edges_usd" in target.facts else "budgets"
        given = target.facts.get(f"edges_{unit}")
        edges = list(given) if isinstance(given, list | tuple) else []
        log10 = _revenues(features, target, edges, unit, both)
        number = Target(self.task, log10, {})
        made = BlendEstimator(self.name, self.config).train(features, number, split, run)
        arguments: dict[str, Any] = {
            "blend": dict(made.arguments),
            "edges": edges,
            "unit": unit,
            "centre_log10": float(log10[both].mean()),
        }
        network = OrdinalNetwork(**arguments)
        network.blend.load_state_dict(made.network.state_dict())
        fingerprint = hash_json([KIND, made.fingerprint, unit, edges])
        return Trained(
            KIND, arguments, network.eval(), made.fitted, made.config, made.data_hash, fingerprint,
            val_preds=_classify_validation(network, made, features, rows_to_fit(target, split)[1]),
        )  # fmt: skip


def _classify_validation(
    network: OrdinalNetwork, blend: Trained[Blend], features: FeatureSet, rows: np.ndarray
) -> np.ndarray:
    """Return class probabilities of what the blend predicted before it was fitted to these rows."""
    if blend.val_preds is None:
        return network.predict(features, rows)
    _, low, high = BLEND.predict(network.blend, features, rows).T
    unit = _unit_log10(network.unit, features, rows)
    return network.classify(blend.val_preds, (high - low) / INTERVAL_SDS, unit)


def _revenues(
    features: FeatureSet, target: Target, edges: list[float], unit: str, rows: np.ndarray
) -> np.ndarray:
    """Return log10 revenue of movies that are trained on, NaN of all others, float64 (movies,)."""
    if not edges or features.revenue_usd is None:
        raise TrainingError(
            f"expected revenues and the edges of classes, got {sorted(target.facts)} and "
            f"{'no' if features.revenue_usd is None else 'all'} revenues; leave this variant out"
        )
    log10 = np.full(len(target.values), np.nan)
    log10[rows] = np.log10(features.revenue_usd[rows])
    in_units = log10[rows] - _unit_log10(unit, features, rows)
    classes = np.searchsorted(np.log10(edges), in_units, side="right")
    if (classes != target.values[rows]).mean() > ROUNDING_SHARE:
        raise TrainingError(
            "expected classes of the movies' own revenues, got others; make the splits again"
        )
    return log10


def _unit_log10(unit: str, features: FeatureSet, rows: np.ndarray) -> np.ndarray | float:
    if unit == "usd":
        return 0.0
    budgets_usd = np.array([features.records[row].budget_usd or np.nan for row in rows])
    if unknown := int(np.isnan(budgets_usd).sum()):
        raise TrainingError(
            f"expected the budget of every movie, got {unknown} without; classes of this model are "
            "cut at budgets, so leave these movies out"
        )
    return np.log10(budgets_usd)


ORDINAL = NetworkKind(OrdinalNetwork, OrdinalNetwork.predict)
"""The network as saved models name it."""
