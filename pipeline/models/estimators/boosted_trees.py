"""Boosted trees over a movie's numbers, kept as plain arrays so that a saved model holds no
pickle.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits
from torch import Tensor

from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import MovieReader, RevenueModel

BAGS = 2
"""Boostings of different seeds that are averaged; a tree looks at a fifth of the columns."""

AT_ONCE = 1_000
"""Movies that go down all trees together."""

HYPERPARAMETERS: Mapping[str, Any] = {
    "learning_rate": 0.06, "max_iter": 130, "max_leaf_nodes": 10, "min_samples_leaf": 20,
    "l2_regularization": 5.0, "max_features": 0.2, "max_bins": 64, "early_stopping": False,
}  # fmt: skip

_ARRAYS = {
    "feature_idx": np.int64, "num_threshold": np.float64, "left": np.int64, "right": np.int64,
    "missing_go_to_left": np.bool_, "is_leaf": np.bool_, "value": np.float64,
}  # fmt: skip


class TreesModel(RevenueModel):
    """A sum of regression trees; buffers only.

    Args:
        reader: Arguments of its reader.
        n_trees, n_nodes: Trees, and nodes of the largest one.
    """

    value: Tensor
    base: Tensor
    bags: Tensor

    def __init__(self, reader: Mapping[str, Any], n_trees: int, n_nodes: int):
        super().__init__(reader, n_trees=n_trees, n_nodes=n_nodes)
        for name, kind in _ARRAYS.items():
            empty = torch.from_numpy(np.zeros((n_trees, n_nodes), dtype=kind))
            self.register_buffer(name, empty)
        self.register_buffer("base", torch.zeros(1, dtype=torch.float64))
        self.register_buffer("bags", torch.ones(1, dtype=torch.float64))

    @classmethod
    def fit(
        cls,
        reader: MovieReader,
        features: FeatureSet,
        rows: np.ndarray,
        values: np.ndarray,
        seed: int,
        cuts: Sequence[FeatureSet] = (),
    ) -> "TreesModel":
        """Fit to log10 revenues of the training set, and to copies of its movies in `cuts`."""
        numbers = np.vstack([reader.raw_numbers(view, rows) for view in (features, *cuts)])
        values = np.tile(values, 1 + len(cuts))
        numbers[:, np.isnan(numbers).all(axis=0)] = 0.0  # scikit-learn cannot bin such a column
        with threadpool_limits(1):
            bags = [
                HistGradientBoostingRegressor(**HYPERPARAMETERS, random_state=seed + bag).fit(
                    numbers, values
                )
                for bag in range(BAGS)
            ]
        nodes = [one[0].nodes for bag in bags for one in bag._predictors]
        model = cls(reader.arguments, len(nodes), max(map(len, nodes)))
        model.reader.load_state_dict(reader.state_dict())
        for name in _ARRAYS:
            array = getattr(model, name).numpy()  # shares memory with the buffer
            for tree, own in enumerate(nodes):
                array[tree, : len(own)] = own[name]
        model.base.fill_(float(sum(bag._baseline_prediction.item() for bag in bags)))
        model.bags.fill_(float(BAGS))
        return model

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue, float64 (rows,)."""
        numbers = self.reader.raw_numbers(features, rows)
        parts = [self._sum(part) for part in _split(numbers)]
        return np.concatenate(parts) / self.bags.item()

    def _sum(self, numbers: np.ndarray) -> np.ndarray:
        total = np.full(len(numbers), self.base.item())
        for leaves in self._descend(numbers):  # one after another: the last digit depends on it
            total += leaves
        return total

    def _descend(self, numbers: np.ndarray) -> np.ndarray:
        """Return the value of each movie's leaf in each tree, float64 (trees, movies)."""
        arrays = {name: getattr(self, name).numpy() for name in _ARRAYS}
        trees, rows = np.arange(len(self.value))[:, None], np.arange(len(numbers))[None, :]
        node = np.zeros((len(trees), len(numbers)), dtype=np.int64)
        while (inner := ~arrays["is_leaf"][trees, node]).any():
            values = numbers[rows, arrays["feature_idx"][trees, node]]
            goes_left = np.where(
                np.isnan(values),
                arrays["missing_go_to_left"][trees, node],
                values <= arrays["num_threshold"][trees, node],
            )
            below = np.where(goes_left, arrays["left"][trees, node], arrays["right"][trees, node])
            node = np.where(inner, below, node)
        return arrays["value"][trees, node]


def _split(numbers: np.ndarray) -> list[np.ndarray]:
    """Split movies, so that the memory of all trees at once stays bounded."""
    return np.split(numbers, range(AT_ONCE, len(numbers), AT_ONCE))
