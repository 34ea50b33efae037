"""Boosted trees over a movie's numbers and its owners' components, as a member of the blend."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from pipeline.models.estimators.tree_sum import ARRAYS, Tree, TreeSum

BAGS = 1
"""Boostings of different seeds that are averaged; a tree looks at a fifth of the columns. A
second one costs as much as extra trees do, and gives the blend .0004 of RMSE where those gave
.0014."""

HYPERPARAMETERS: Mapping[str, Any] = {
    "learning_rate": 0.06, "max_iter": 130, "max_leaf_nodes": 10, "min_samples_leaf": 20,
    "l2_regularization": 5.0, "max_features": 0.2, "max_bins": 64, "early_stopping": False,
}  # fmt: skip


class TreesModel(TreeSum):
    """Boosting; see `TreeSum`."""

    @staticmethod
    def grow(columns: np.ndarray, values: np.ndarray, seed: int) -> tuple[list[Tree], float, int]:
        """Grow the trees of `BAGS` boostings; see `TreeSum.grow`."""
        with threadpool_limits(1):
            bags = [
                HistGradientBoostingRegressor(**HYPERPARAMETERS, random_state=seed + bag).fit(
                    columns, values
                )
                for bag in range(BAGS)
            ]
        nodes = [one[0].nodes for bag in bags for one in bag._predictors]
        trees: list[Tree] = [{name: own[name] for name in ARRAYS} for own in nodes]
        return trees, float(sum(bag._baseline_prediction.item() for bag in bags)), BAGS
