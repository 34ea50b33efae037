"""People, companies and genres summed up as a few numbers, for models that read numbers alone."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from torch import Tensor, nn

from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import UNKNOWN, MovieReader

MAX_OWNER_COMPONENTS = 24
MIN_MOVIES_PER_COMPONENT = 20


class OwnerComponents(nn.Module):
    """Components of which movie has which owner; buffers only.

    Args:
        n_components: How many.
        n_owners: Places of the reader's vocabulary.
    """

    components: Tensor

    def __init__(self, n_components: int, n_owners: int):
        super().__init__()
        self.arguments: Mapping[str, Any] = {"n_components": n_components, "n_owners": n_owners}
        empty = torch.zeros(n_components, n_owners, dtype=torch.float64)
        self.register_buffer("components", empty)

    @classmethod
    def fit(
        cls, reader: MovieReader, features: FeatureSet, rows: np.ndarray, seed: int
    ) -> "OwnerComponents":
        """Fit on the training set; there are none where it is small."""
        n_owners = len(reader.vocabulary)
        wanted = min(MAX_OWNER_COMPONENTS, len(rows) // MIN_MOVIES_PER_COMPONENT, n_owners - 1)
        model = cls(max(0, wanted), n_owners)
        if wanted > 0:
            found = TruncatedSVD(wanted, random_state=seed).fit(mark_owners(reader, features, rows))
            model.components.copy_(torch.from_numpy(found.components_))
        return model

    def read(self, reader: MovieReader, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
        """Return the components of some movies, float64 (rows, components)."""
        if not len(self.components):
            return np.zeros((len(rows), 0))
        return mark_owners(reader, features, rows) @ self.components.numpy().T


def mark_owners(reader: MovieReader, features: FeatureSet, rows: np.ndarray) -> csr_matrix:
    """Return which owners of the vocabulary each movie has: sparse 0 and 1, (rows, owners)."""
    places = reader.owner_places(features, rows)
    row, token = np.nonzero(places > UNKNOWN)
    columns = places[row, token].astype(np.int64) - UNKNOWN - 1
    shape = (len(places), len(reader.vocabulary))
    return csr_matrix((np.ones(len(row)), (row, columns)), shape=shape)
