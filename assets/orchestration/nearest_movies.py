"""The movies whose embeddings are nearest to a movie's, among those in the store."""

from __future__ import annotations

import logging
from collections.abc import Collection

from pipeline.core.errors import DamagedFileError
from pipeline.core.nearest import highest, unit_vector
from pipeline.core.numpy_on_demand import np
from resources.storage.movie_files import MovieFile
from resources.storage.store import Store

LOG = logging.getLogger("marquee")

NEAREST = 5


class NearestMovies:
    """Compares movies by the cosine of their embeddings; of several vectors, by their mean.

    Args:
        store: Where the embeddings lie.
        file: Those of one backbone.
    """

    def __init__(self, store: Store, file: MovieFile):
        self._store, self._file = store, file
        self._vectors: dict[int, np.ndarray] = {}
        self._ids = np.empty(0, dtype=np.int64)
        self._matrix = np.empty((0, 0), dtype=np.float32)

    def add(self, tmdb_ids: Collection[int]) -> None:
        """Read the embeddings of movies that have one, also of those that were read before."""
        for tmdb_id in tmdb_ids:
            vector = self._read(tmdb_id)
            if vector is not None:
                self._vectors[tmdb_id] = vector
        if self._vectors:
            self._ids = np.array(list(self._vectors))
            self._matrix = np.stack(list(self._vectors.values()))

    def find(self, tmdb_id: int) -> list[tuple[int, float]]:
        """Return the nearest other movies with their cosines, the nearest first."""
        vector = self._vectors.get(tmdb_id)
        if vector is None:
            return []
        cosines = self._matrix @ vector
        found = [(int(self._ids[i]), float(cosines[i])) for i in highest(cosines, NEAREST + 1)]
        return [one for one in found if one[0] != tmdb_id][:NEAREST]

    def _read(self, tmdb_id: int) -> np.ndarray | None:
        """Read a movie's vector of length 1, float32, shape (width,); None where it has none."""
        try:
            array = self._store.read_array(self._file.path(self._store, tmdb_id))
        except DamagedFileError:
            LOG.debug("movie %s has no readable embedding to compare", tmdb_id, exc_info=True)
            return None
        vector = unit_vector(array)
        return vector if vector is not None and self._is_comparable(vector) else None

    def _is_comparable(self, vector: np.ndarray) -> bool:
        known = next(iter(self._vectors.values()), vector)
        return known.shape == vector.shape
