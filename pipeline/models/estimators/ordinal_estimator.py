"""Revenue classes from a said revenue: the blend of `box_office`, cut at the classes' edges."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.systems import LOG10_REVENUE
from pipeline.core.versions import hash_json
from pipeline.models.estimators.blend import BLEND, BlendConfig, BlendEstimator
from pipeline.models.estimators.ordinal import cut_into_classes, spread_over_classes
from pipeline.models.estimators.transformer_estimator import SMALL
from pipeline.models.training.estimator import Inputs, NetworkKind, Target, Trained, Training
from pipeline.models.training.fitting import part_rows

KIND = "ordinal blend"

NAMED_SHARE = 0.5
"""Share of the probability that goes to the class that is named; the rest lies as a normal
law of the blend's own interval has it. So the most probable class is always the one in which the
said revenue falls: by that law alone it would nearly always be an outer class, which has no end."""

INTERVAL_SDS = 2 * 1.6449
"""Width of a normal law's 90 % interval in standard deviations."""

ROUNDING_SHARE = 0.01
"""Classes may differ so often from those of the logarithms: a revenue may lie on an edge."""


class OrdinalNetwork(nn.Module):
    """A blend and where its answers are cut.

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

    def answer(self, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
        """Return class probabilities, float64 (rows, classes).

        Raises:
            TrainingError: Classes are cut at budgets, and a movie has none.
        """
        unit = _unit_log10(self.unit, inputs, rows)
        said, low, high = BLEND.answer(self.blend, inputs, rows).T
        named = cut_into_classes(said, self.edges, self.centre_log10, unit_log10=unit)
        spread = spread_over_classes(said, (high - low) / INTERVAL_SDS, self.edges, unit)
        return NAMED_SHARE * np.eye(spread.shape[1])[named] + (1 - NAMED_SHARE) * spread


@dataclass(frozen=True)
class OrdinalEstimator:
    """One variant that learns the revenue itself and names the class in which it falls.

    Attributes:
        name: In folders and reports.
        config: Hyperparameters of the blend.
        small: Hyperparameters for the studio.
    """

    name: str
    config: BlendConfig = field(default_factory=lambda: BlendConfig(pretraining="masked"))
    small: Mapping[str, object] = field(default_factory=lambda: SMALL)

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train; see `Estimator.train`.

        Raises:
            TrainingError: Besides, where classes are not of these movies' revenues.
        """
        both = np.concatenate(part_rows(target, parts))
        unit = "usd" if "edges_usd" in target.facts else "budgets"
        edges = list(target.facts.get(f"edges_{unit}", ()))
        log10 = _revenues(inputs, target, edges, unit, both)
        number = Target(LOG10_REVENUE, log10, {})
        made = BlendEstimator(self.name, self.config).train(inputs, number, parts, training)
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
    inputs: Inputs, target: Target, edges: list[float], unit: str, rows: np.ndarray
) -> np.ndarray:
    """Return log10 revenue of movies that are trained on, NaN of all others, float64 (movies,)."""
    if not edges or inputs.revenue_usd is None:
        raise TrainingError(
            f"wanted revenues and the edges of classes, came {sorted(target.facts)} and "
            f"{'no' if inputs.revenue_usd is None else 'all'} revenues; leave this variant out"
        )
    log10 = np.full(len(target.values), np.nan)
    log10[rows] = np.log10(inputs.revenue_usd[rows])
    in_units = log10[rows] - _unit_log10(unit, inputs, rows)
    classes = np.searchsorted(np.log10(edges), in_units, side="right")
    if (classes != target.values[rows]).mean() > ROUNDING_SHARE:
        raise TrainingError(
            "wanted classes of the movies' own revenues, came others; make the splits again"
        )
    return log10


def _unit_log10(unit: str, inputs: Inputs, rows: np.ndarray) -> np.ndarray | float:
    if unit == "usd":
        return 0.0
    budgets_usd = np.array([inputs.records[row].budget_usd or np.nan for row in rows])
    if unknown := int(np.isnan(budgets_usd).sum()):
        raise TrainingError(
            f"wanted the budget of every film, came {unknown} without; classes of this model are "
            "cut at budgets, so leave these films out"
        )
    return np.log10(budgets_usd)


ORDINAL = NetworkKind(OrdinalNetwork, OrdinalNetwork.answer)
"""The network as saved models name it."""
