"""Rows of different length in one array: the frames, clips or regions of many movies."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Ragged:
    """Sequences of vectors, one per movie, concatenated.

    Attributes:
        values: Shape (total, width); may lie on disk, only the requested rows are read.
        offsets: int64 (movies + 1,): movie i has `values[offsets[i] : offsets[i + 1]]`; none where
            both are equal.
    """

    values: np.ndarray
    offsets: np.ndarray

    def __post_init__(self) -> None:
        is_rising = bool((np.diff(self.offsets) >= 0).all())
        if self.values.ndim != 2 or not is_rising or self.offsets[-1] != len(self.values):
            raise ValueError(
                f"expected values (total, width) and offsets that rise to total, got "
                f"{self.values.shape} and offsets that end at {self.offsets[-1:]}"
            )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def width(self) -> int:
        """Length of a vector."""
        return self.values.shape[1]

    @property
    def lengths(self) -> np.ndarray:
        """How many vectors each movie has, int64 (movies,)."""
        return np.diff(self.offsets)

    def row(self, movie: int) -> np.ndarray:
        """Return one movie's vectors, (length, width), as they are stored."""
        return self.values[self.offsets[movie] : self.offsets[movie + 1]]

    def take(
        self, rows: np.ndarray, *, dtype: type | np.dtype = np.float32
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return some movies' vectors, padded with zeros to the longest, and a mask of no padding.

        Args:
            rows: Row numbers, shape (n,).
            dtype: Of the returned vectors.

        Returns:
            (n, longest, width) and bool (n, longest); at least one place long.

        Example:
            >>> ragged = Ragged(np.array([[1.0], [2.0], [3.0]]), np.array([0, 2, 2, 3]))
            >>> values, mask = ragged.take(np.array([0, 1]))
            >>> values[..., 0].tolist(), mask.tolist()
            ([[1.0, 2.0], [0.0, 0.0]], [[True, True], [False, False]])
        """
        lengths = self.offsets[rows + 1] - self.offsets[rows]
        longest = max(1, int(lengths.max(initial=0)))
        values = np.zeros((len(rows), longest, self.width), dtype=dtype)
        for place, (movie, length) in enumerate(zip(rows, lengths, strict=True)):
            values[place, :length] = self.row(int(movie))
        return values, np.arange(longest) < lengths[:, None]

    def mean(self) -> np.ndarray:
        """Average each movie's vectors: float32 (movies, width), zeros where it has none."""
        sums = np.zeros((len(self), self.width), dtype=np.float32)
        for movie in np.flatnonzero(self.lengths):
            sums[movie] = np.asarray(self.row(int(movie)), dtype=np.float32).mean(axis=0)
        return sums


def pack_ragged(sequences: Sequence[np.ndarray]) -> Ragged:
    """Concatenate sequences, each (length, width).

    Example:
        >>> pack_ragged([np.ones((2, 3)), np.ones((0, 3))]).lengths.tolist()
        [2, 0]
    """
    lengths = [len(sequence) for sequence in sequences]
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return Ragged(np.concatenate(sequences), offsets)
