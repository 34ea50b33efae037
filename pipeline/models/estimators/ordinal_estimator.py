"""Revenue classes from a predicted revenue: a blend, cut at the classes' edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, Task
from pipeline.core.versions import hash_json
from pipeline.models.estimators.blend import BLEND, BlendConfig, BlendEstimator
from pipeline.models.estimators.ordinal import cut_into_classes, spread_over_classes
from pipeline.models.estimators.transformer_estimator import SMALL
from pipeline.models.training.estimator import FeatureSet, NetworkKind, RunConfig, Trained
from pipeline.models.training.fitting import rows_to_fit

KIND = "ordinal blend"

PREDICTED_SHARE = 0.5
"""Share of the probability that goes to the predicted class; the rest is distributed by a normal
law of the blend's own interval. So the most probable class is always the one in which the predicted
revenue falls: by that law alone it would nearly always be an outer class, which has no end."""

INTERVAL_SDS = 2 * 1.6449
"""Width of a normal law's 90 % interval in standard deviations."""

ROUNDING_SHARE = 0.01
"""Classes may differ so often from those of the logarithms: a revenue may lie on an edge."""


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
        predicted = cut_into_classes(mean, self.edges, self.centre_log10, unit_log10=unit)
        spread = spread_over_classes(mean, (high - low) / INTERVAL_SDS, self.edges, unit)
        return PREDICTED_SHARE * np.eye(spread.shape[1])[predicted] + (1 - PREDICTED_SHARE) * spread


@dataclass(frozen=True)
class OrdinalEstimator:
    """One variant that learns the revenue itself and predicts the class in which it falls.

    Attributes:
        name: In folders and reports.
        task: The task of the blend: log10 revenue.
        config: Hyperparameters of the blend.
        small: Hyperparameters for a demonstration.
    """

    name: str
    task: Task
    config: BlendConfig = field(default_factory=lambda: BlendConfig(pretraining="masked"))
    small: Mapping[str, object] = field(default_factory=lambda: SMALL)

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what the blend reads."""
        return self.config.reads

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained:
        """Train; see `Estimator.train`.

        Raises:
            TrainingError: Besides, where classes are not of these movies' revenues.
        """
        both = np.concatenate(rows_to_fit(target, split))
        unit = "usd" if "edges_usd" in target.facts else "budgets"
        edges = list(target.facts.get(f"edges_{unit}", ()))
        log10 = _revenues(features, target, edges, unit, both)
        number = Target(self.task, log10, {})
        made = BlendEstimator(self.name, self.config).train(features, number, split, run)
        arguments = {
            "blend": dict(made.arguments),
            "edges": edges,
            "unit": unit,
            "centre_log10": float(log10[both].mean()),
        }
        network = OrdinalNetwork(**arguments)
        network.blend.load_state_dict(made.network.state_dict())
        fingerprint = hash_json([KIND, made.fingerprint, unit, edges])
        return replace(
            made, kind=KIND, arguments=arguments, network=network.eval(), fingerprint=fingerprint
        )


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
