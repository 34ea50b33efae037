"""A sum of regression trees, kept as plain arrays so that a saved model holds no pickle."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor

from pipeline.models.estimators.owner_components import OwnerComponents
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import MovieReader, RevenueModel

ARRAYS = {
    "feature_idx": np.int32, "num_threshold": np.float64, "left": np.int32, "right": np.int32,
    "is_leaf": np.bool_, "value": np.float64,
}  # fmt: skip
"""What a node is: the column it looks at, and the largest value that goes left."""

Tree = Mapping[str, np.ndarray]

_AT_ONCE = 512
"""Movies that descend all trees together."""


class TreeSum(RevenueModel):
    """The mean of sums of trees over numbers and owners' components; buffers only.

    Args:
        reader: Arguments of its reader.
        owners: Arguments of its `OwnerComponents`.
        n_trees, n_nodes: Trees, and nodes of the largest one.
    """

    value: Tensor
    base: Tensor
    bags: Tensor

    kind: type[np.floating[Any]] = np.float64
    """Numbers are rounded to it before they are compared, as when the trees were grown."""

    def __init__(
        self, reader: Mapping[str, Any], owners: Mapping[str, Any], n_trees: int, n_nodes: int
    ):
        super().__init__(reader, owners=dict(owners), n_trees=n_trees, n_nodes=n_nodes)
        self.owners = OwnerComponents(**owners)
        for name, kind in ARRAYS.items():
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
    ) -> Self:
        """Fit to log10 revenues of the training set, and to copies of its movies in `cuts`."""
        owners = OwnerComponents.fit(reader, features, rows, seed)
        views = [_read(reader, owners, view, rows) for view in (features, *cuts)]
        trees, base, bags = cls.grow(np.vstack(views), np.tile(values, len(views)), seed)
        sizes = [len(tree["value"]) for tree in trees]
        model = cls(reader.arguments, owners.arguments, len(trees), max(sizes))
        model.reader.load_state_dict(reader.state_dict())
        model.owners.load_state_dict(owners.state_dict())
        for name in ARRAYS:
            array = getattr(model, name).numpy()  # shares memory with the buffer
            for place, own in enumerate(trees):
                array[place, : sizes[place]] = own[name]
        model.base.fill_(base)
        model.bags.fill_(float(bags))
        return model

    @staticmethod
    def grow(columns: np.ndarray, values: np.ndarray, seed: int) -> tuple[list[Tree], float, int]:
        """Grow the trees.

        Returns:
            Trees by the names of `ARRAYS`, what is added to their sum, and by what it is divided.
        """
        raise NotImplementedError

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue, float64 (rows,)."""
        columns = _read(self.reader, self.owners, features, rows).astype(self.kind)
        arrays = {name: getattr(self, name).numpy() for name in ARRAYS}
        total = np.full(len(columns), self.base.item())
        for start in range(0, len(columns), _AT_ONCE):
            some = slice(start, start + _AT_ONCE)
            for of_tree in _descend(arrays, columns[some]):  # one by one: digits as of one movie
                total[some] += of_tree
        return total / self.bags.item()


def _read(
    reader: MovieReader, owners: OwnerComponents, features: FeatureSet, rows: np.ndarray
) -> np.ndarray:
    return np.hstack([reader.raw_numbers(features, rows), owners.read(reader, features, rows)])


def _descend(trees: Tree, columns: np.ndarray) -> np.ndarray:
    """Return each tree's value for each movie, float64 (trees, movies)."""
    tree = np.arange(len(trees["value"]))[:, None]
    rows = np.arange(len(columns))[None, :]
    node = np.zeros((len(tree), len(columns)), dtype=np.int64)
    while not (at_leaf := trees["is_leaf"][tree, node]).all():
        values = columns[rows, trees["feature_idx"][tree, node]]
        goes_left = values <= trees["num_threshold"][tree, node]
        below = np.where(goes_left, trees["left"][tree, node], trees["right"][tree, node])
        node = np.where(at_leaf, node, below)
    return trees["value"][tree, node]
