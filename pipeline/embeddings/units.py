"""The batch loop: units of many movies flow through one network in full batches.

A unit is what a network takes one of: a picture, a clip, a window of sound. What belongs here:
making batches across movies and giving results back by movie. What does not: what a unit is (see
`pipeline.embeddings.encode`), and texts, whose batches are made by length.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch

from pipeline.embeddings.runner import Runner
from pipeline.errors import ItemError
from pipeline.outcomes import Reason


def encode_units(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    run: Runner,
    prepare: Callable[[np.ndarray], torch.Tensor | ItemError],
    width: int,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the units of many movies; each movie comes out as soon as it is complete.

    A batch is filled with units of several movies. A movie that cannot be embedded comes out as an
    error, and so does one that came in as an error; its neighbours are not touched.

    Args:
        items: (tmdb_id, array), or an error in place of the array.
        run: The network; its size is in units.
        prepare: Turns a movie's array into units, first axis, or says what is wrong with it.
        width: Length of an embedding.

    Yields:
        (tmdb_id, float32 (units, width)) or (tmdb_id, error), roughly in the order of `items`.
    """
    waiting: deque[_Movie] = deque()
    for tmdb_id, array in items:
        units = array if isinstance(array, ItemError) else prepare(array)
        if isinstance(units, ItemError):
            yield tmdb_id, units
            continue
        waiting.append(_Movie(tmdb_id, units, np.empty((len(units), width), dtype=np.float32)))
        while sum(movie.n_left for movie in waiting) >= run.size:
            yield from _embed_next(waiting, run)
    while waiting:
        yield from _embed_next(waiting, run)


def finite_or_error(tmdb_id: int, features: np.ndarray) -> tuple[int, np.ndarray | ItemError]:
    """Give a movie's embedding, or an error in its place where a number is not finite."""
    if not np.isfinite(features).all():
        return tmdb_id, ItemError(Reason.UNEXPECTED, "the embedding is not finite")
    return tmdb_id, features


@dataclass
class _Movie:
    """A movie on its way: which of its units went into batches already."""

    tmdb_id: int
    units: torch.Tensor
    features: np.ndarray
    n_done: int = 0

    @property
    def n_left(self) -> int:
        return len(self.units) - self.n_done


def _embed_next(
    waiting: deque[_Movie], run: Runner
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed one batch off the front of the queue and yield the movies that it completes."""
    parts: list[tuple[_Movie, slice]] = []
    n_free = run.size
    for movie in waiting:
        part = slice(movie.n_done, min(len(movie.units), movie.n_done + n_free))
        parts.append((movie, part))
        n_free -= part.stop - part.start
        if not n_free:
            break
    features = run(torch.cat([movie.units[part] for movie, part in parts]))
    at = 0
    for movie, part in parts:
        n = part.stop - part.start
        movie.features[part] = features[at : at + n]
        movie.n_done, at = part.stop, at + n
    while waiting and not waiting[0].n_left:
        movie = waiting.popleft()
        yield finite_or_error(movie.tmdb_id, movie.features)
