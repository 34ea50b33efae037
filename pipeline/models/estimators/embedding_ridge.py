"""Ridge regression of revenue on a movie's numbers and embeddings, as a member of the blend."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.linear_model import Ridge
from threadpoolctl import threadpool_limits
from torch import Tensor

from pipeline.models.estimators.gaussian_process import group_numbers
from pipeline.models.estimators.group_variances import scale_groups
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import MovieReader, RevenueModel, name_numbers
from pipeline.models.training.summaries import (
    column_counts,
    deviations,
    fit_scale,
    read_columns,
    standardise,
)

EMBEDDED = ("text", "poster", "video", "audio")
"""Streams that it reads where the table has them: a sequence by its mean, a log-mel by its mean and
deviation over time."""


class RidgeModel(RevenueModel):
    """Standardised columns times weights; buffers only.

    Each stream counts by what it says of revenue, whatever its width, and so does each group of
    numbers (those of the Gaussian process): the marginal likelihood finds a prior variance for
    each (`scale_groups`). Within a stream columns count by how much they vary: those of an
    embedding that hardly do are mostly noise, which a scale of their own would enlarge.

    Args:
        reader: Arguments of its reader.
        streams: Number of columns of each stream.
        n_numbers: How many numbers the reader reads.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self, reader: Mapping[str, Any], streams: Mapping[str, int], n_numbers: int):
        super().__init__(reader, streams=dict(streams), n_numbers=n_numbers)
        self.streams = dict(streams)
        width = n_numbers + sum(streams.values())
        for name, start in (("mean", 0.0), ("scale", 1.0), ("weight", 0.0)):
            self.register_buffer(name, torch.full((width,), start, dtype=torch.float64))
        self.register_buffer("bias", torch.zeros(1, dtype=torch.float64))
        widths = np.array([n_numbers, *streams.values()])
        self._share = np.repeat(1 / np.sqrt(np.maximum(widths, 1)), widths)

    @classmethod
    def fit(
        cls,
        reader: MovieReader,
        features: FeatureSet,
        rows: np.ndarray,
        values: np.ndarray,
        seed: int,
        cuts: Sequence[FeatureSet] = (),
    ) -> "RidgeModel":
        """Fit to log10 revenues of the training set, and to copies of its movies in `cuts`.

        A movie and its copies count as one: they share its likelihood.
        """
        numbers = reader.raw_numbers(features, rows)
        model = cls(reader.arguments, column_counts(features.table, EMBEDDED), numbers.shape[1])
        model.reader.load_state_dict(reader.state_dict())
        columns = model._read(features, rows)
        mean, scale = fit_scale(columns)
        model.mean.copy_(torch.from_numpy(mean))
        model.scale.copy_(torch.from_numpy(scale))
        factors = _spread_in_stream(columns, model.streams)
        groups = _group_columns(name_numbers(features), model.streams)
        with threadpool_limits(1):
            views = [
                model._standardise(some) * factors
                for some in (columns, *(model._read(cut, rows) for cut in cuts))
            ]
            more = scale_groups(views, groups, values, seed)
            known, twice = np.vstack(views) * more, np.tile(values, len(views))
            fitted = Ridge(alpha=len(views)).fit(known, twice)
        model.weight.copy_(torch.from_numpy(fitted.coef_ * factors * more))
        model.bias.fill_(float(fitted.intercept_))
        return model

    def predict(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Predict log10 revenue, float64 (rows,)."""
        columns = self._standardise(self._read(features, rows))
        return columns @ self.weight.numpy() + self.bias.item()

    def _read(self, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        numbers = self.reader.raw_numbers(features, rows)
        return np.hstack([numbers, read_columns(features.table, self.streams, rows)])

    def _standardise(self, columns: np.ndarray) -> np.ndarray:
        return standardise(columns, self.mean.numpy(), self.scale.numpy()) * self._share


def _group_columns(numbers: Sequence[str], streams: Mapping[str, int]) -> np.ndarray:
    """Return the place of each column's group: groups of numbers, then a group for each stream.

    Example:
        >>> _group_columns(["log10_budget", "weekday"], {"text": 2, "audio": 1}).tolist()
        [0, 1, 2, 2, 3]
    """
    own = np.array(group_numbers(numbers), dtype=np.int64)
    first = own.max(initial=-1) + 1
    widths = [*streams.values()]
    return np.concatenate([own, np.repeat(first + np.arange(len(widths)), widths)])


def _spread_in_stream(columns: np.ndarray, streams: Mapping[str, int]) -> np.ndarray:
    """Return each column's standard deviation over the root mean square of those in its stream; 1
    of the numbers, which stand before the streams' columns.

    Example:
        >>> columns = np.array([[0.0, 0.0, 6.0], [2.0, 0.0, 0.0]])
        >>> _spread_in_stream(columns, {"text": 2}).round(2).tolist()
        [1.0, 0.0, 1.41]
    """
    spread = np.ones(columns.shape[1])
    stop = len(spread) - sum(streams.values())
    for width in streams.values():
        start, stop = stop, stop + width
        own = deviations(columns[:, start:stop])
        spread[start:stop] = own / (np.sqrt(np.square(own).mean()) or 1.0)
    return spread
