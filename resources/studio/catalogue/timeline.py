"""Which generated movies form a franchise, and when each movie comes out.

Both are drawn in bulk, because a listing by date needs them for every movie at once, and from
blocks of `BLOCK` consecutive movies, because a movie must not depend on how many there are.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np

from resources.studio.catalogue.draws import uniforms

BLOCK = 40
"""Movies per block; each block holds two franchises."""
PARTS = (2, 3, 4)
"""Sizes of a franchise, equally likely: 2 x 3 of 40 movies, 15 %, are in one."""
FIRST_DAY = np.datetime64("1990-01-01")
LAST_DAY = np.datetime64("2025-12-31")
SEQUEL_GAP_DAYS = (500, 1100)
"""Fewest and most days between two parts of a franchise."""

_DATE, _ORDER, _SIZE, _GAP = range(4)


@dataclass(frozen=True)
class Timeline:
    """Franchise, part and release day of consecutive movies from number 0.

    Attributes:
        franchises: Number of the movie's franchise, -1 where it has none; int64 (movies,).
        parts: Place within the franchise from 1, 0 where it has none; int64 (movies,).
        days: Release days; datetime64[D] (movies,).
    """

    franchises: np.ndarray
    parts: np.ndarray
    days: np.ndarray

    def release_date(self, index: int) -> date:
        """Return one movie's release date."""
        return self.days[index].item()


def draw_timeline(seed: int, size: int) -> Timeline:
    """Draw franchises and release days of the first `size` movies.

    Example:
        >>> short, long = draw_timeline(3, 50), draw_timeline(3, 500)
        >>> bool((short.days == long.days[:50]).all())
        True
    """
    n_blocks = -(-size // BLOCK)
    numbers = np.arange(n_blocks * BLOCK).reshape(n_blocks, BLOCK)
    franchises, parts = _draw_franchises(seed, numbers)
    span = (LAST_DAY - FIRST_DAY).astype(int)
    offsets = (uniforms(seed, _DATE, numbers) * (span + 1)).astype(np.int64)
    gaps = uniforms(seed, _GAP, numbers)
    days_between = SEQUEL_GAP_DAYS[0] + (gaps * (SEQUEL_GAP_DAYS[1] - SEQUEL_GAP_DAYS[0])).astype(
        np.int64
    )
    for number in range(2):
        _space_out(offsets, days_between, franchises == numbers[:, :1] + number, parts, span)
    return Timeline(
        franchises.ravel()[:size], parts.ravel()[:size], (FIRST_DAY + offsets).ravel()[:size]
    )


def _draw_franchises(seed: int, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(uniforms(seed, _ORDER, numbers), axis=1, kind="stable")
    rank = np.argsort(order, axis=1, kind="stable")
    sizes = np.array(PARTS)[(uniforms(seed, _SIZE, numbers[:, :2]) * len(PARTS)).astype(int)]
    franchises = np.full(numbers.shape, -1, dtype=np.int64)
    parts = np.zeros(numbers.shape, dtype=np.int64)
    for number in range(2):
        place = rank - number * max(PARTS)
        inside = (place >= 0) & (place < sizes[:, number, None])
        franchises[inside] = np.broadcast_to(numbers[:, :1] + number, numbers.shape)[inside]
        # The parts follow the ids, so that a later id is a later part.
        parts[inside] = np.cumsum(inside, axis=1)[inside]
    return franchises, parts


def _space_out(
    offsets: np.ndarray, gaps: np.ndarray, inside: np.ndarray, parts: np.ndarray, span: int
) -> None:
    """Replace the days of one franchise per block by a first day and gaps, within the span."""
    waits = np.where(inside & (parts > 1), gaps, 0)
    since_first = np.cumsum(waits, axis=1)
    first = np.where(inside & (parts == 1), offsets, 0).max(axis=1, keepdims=True)
    latest_first = span - since_first[:, -1:]
    replaced = np.minimum(first, latest_first) + since_first
    offsets[inside] = replaced[inside]
