"""Batches of units: those of many movies together, and given back by movie.

A unit is what a network takes one of: a picture, a clip, a window of sound. What belongs here:
making batches across movies and giving results back by movie. What does not: what a unit is (see
`pipeline.embeddings.encode`), sending batches (see `pipeline.embeddings.runner`), and texts, whose
batches are made by length (see `pipeline.embeddings.text_batches`).
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.prefetch import map_ahead
from pipeline.embeddings.runner import Embedded, Runner, run_all

THREADS_FOR_A_GPU = 4
"""Threads that prepare units where a GPU computes; a CPU encoder prepares its own."""

Item = tuple[int, np.ndarray | ItemError]
Prepare = Callable[[np.ndarray], torch.Tensor | ItemError]


def encode_units(
    items: Iterable[Item], run: Runner, prepare: Prepare, width: int
) -> Iterator[Item]:
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
    threads = THREADS_FOR_A_GPU if run.depth else 0
    prepared = map_ahead(partial(_prepare, prepare), items, threads=threads)
    for parts, embedded in run_all(run, _make_batches(prepared, run, width)):
        if embedded is None:
            yield parts
            continue
        yield from _hand_back(parts, embedded)


def finite_or_error(
    tmdb_id: int, features: np.ndarray, raised: Exception | None = None
) -> tuple[int, np.ndarray | ItemError]:
    """Return a movie's embedding, or an error in its place where a number is not finite.

    Args:
        tmdb_id: The movie.
        features: Its embedding, of any shape.
        raised: What the network raised at one of its units.
    """
    if raised is not None:
        said = " ".join(str(raised).split())[:200]
        detail = f"the network fails at it: {type(raised).__name__}: {said}"
        return tmdb_id, ItemError(Reason.UNEXPECTED, detail)
    if not np.isfinite(features).all():
        return tmdb_id, ItemError(Reason.UNEXPECTED, "the embedding is not finite")
    return tmdb_id, features


@dataclass
class _Movie:
    """A movie on its way: how many of its units were sent, and how many are through."""

    tmdb_id: int
    units: torch.Tensor
    features: np.ndarray
    n_sent: int = 0
    n_done: int = 0
    raised: Exception | None = None

    @property
    def n_left(self) -> int:
        return len(self.units) - self.n_sent


_Parts = list[tuple[_Movie, slice]]


def _prepare(prepare: Prepare, item: Item) -> tuple[int, torch.Tensor | ItemError]:
    tmdb_id, array = item
    if isinstance(array, ItemError):
        return tmdb_id, array
    try:
        return tmdb_id, prepare(array)
    except (RuntimeError, ValueError, TypeError) as err:
        said = f"cannot be prepared: {type(err).__name__}: {err}"[:200]
        return tmdb_id, ItemError(Reason.MALFORMED, said)


def _make_batches(
    prepared: Iterable[tuple[int, torch.Tensor | ItemError]], run: Runner, width: int
) -> Iterator[tuple[_Parts | Item, tuple[torch.Tensor] | None]]:
    """Fill batches with the units that are there; an error goes through alone."""
    waiting: deque[_Movie] = deque()
    for tmdb_id, units in prepared:
        if isinstance(units, ItemError):
            yield (tmdb_id, units), None
            continue
        waiting.append(_Movie(tmdb_id, units, np.empty((len(units), width), dtype=np.float32)))
        while sum(movie.n_left for movie in waiting) >= run.size:
            yield _take_batch(waiting, run.size)
    while waiting:
        yield _take_batch(waiting, run.size)


def _take_batch(waiting: deque[_Movie], size: int) -> tuple[_Parts, tuple[torch.Tensor]]:
    """Take units off the front of the queue, with the movies that they are of."""
    parts: _Parts = []
    n_free = size
    while waiting and n_free:
        movie = waiting[0]
        part = slice(movie.n_sent, min(len(movie.units), movie.n_sent + n_free))
        parts.append((movie, part))
        movie.n_sent = part.stop
        n_free -= part.stop - part.start
        if not movie.n_left:
            waiting.popleft()
    units = torch.cat([movie.units[part] for movie, part in parts])
    return parts, (_fill_up(units, size),)


def _fill_up(units: torch.Tensor, size: int) -> torch.Tensor:
    """Repeat the last unit until a batch is full.

    A CPU computes batches of another size by other code, and so a little otherwise: of full batches
    alone, an embedding is the same to the last bit whatever its neighbours and its place.
    """
    n_missing = size - len(units)
    return torch.cat([units, *[units[-1:]] * n_missing]) if n_missing > 0 else units


def _hand_back(parts: _Parts, embedded: Embedded) -> Iterator[Item]:
    """Return each movie its part of a batch; yield those that are complete."""
    at = 0
    for movie, part in parts:
        n = part.stop - part.start
        movie.features[part] = embedded.features[at : at + n]
        raised = [embedded.errors[i] for i in range(at, at + n) if i in embedded.errors]
        movie.raised = movie.raised or next(iter(raised), None)
        movie.n_done, at = part.stop, at + n
        if movie.n_done == len(movie.units):
            yield finite_or_error(movie.tmdb_id, movie.features, movie.raised)
