"""Extremely randomised trees over numbers and owners' components, as a member of the blend.

They are no better than boosting, but wrong about other movies.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor

from pipeline.models.estimators.tree_sum import Tree, TreeSum

HYPERPARAMETERS: Mapping[str, Any] = {
    "n_estimators": 60, "min_samples_leaf": 8, "max_features": 0.3,
}  # fmt: skip


class ExtraTreesModel(TreeSum):
    """Extremely randomised trees; see `TreeSum`.

    Source: Geurts, Ernst and Wehenkel 2006, "Extremely Randomized Trees".
    """

    kind = np.float32

    @staticmethod
    def grow(columns: np.ndarray, values: np.ndarray, seed: int) -> tuple[list[Tree], float, int]:
        """Grow the trees; see `TreeSum.grow`."""
        forest = ExtraTreesRegressor(**HYPERPARAMETERS, random_state=seed, n_jobs=1)
        forest.fit(columns, values)
        trees = [_as_arrays(one.tree_) for one in forest.estimators_]
        return trees, 0.0, len(trees)


def _as_arrays(tree: Any) -> Tree:
    is_leaf = tree.children_left < 0
    return {
        "feature_idx": np.where(is_leaf, 0, tree.feature),
        "num_threshold": np.where(is_leaf, 0.0, tree.threshold),
        "left": np.where(is_leaf, 0, tree.children_left),
        "right": np.where(is_leaf, 0, tree.children_right),
        "is_leaf": is_leaf,
        "value": tree.value[:, 0, 0],
    }
