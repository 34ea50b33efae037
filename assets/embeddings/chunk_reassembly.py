"""Inputs that come in parts, and are put together again behind the backbones.

All clips of one trailer are up to 650 MB, so a movie's input may be an iterator over parts of it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pipeline.core.errors import ItemError

Items = Iterable[tuple[int, Any]]
Made = dict[str, "np.ndarray | BaseException"]

_END = object()


@dataclass
class _Movie:
    """A movie on its way: its parts by number, and what became of each by backbone."""

    tmdb_id: int
    numbers: list[int] = field(default_factory=list)
    made: dict[str, dict[int, Any]] = field(default_factory=dict)
    error: BaseException | None = None
    is_read: bool = False


class Parts:
    """The movies that one thread has under way.

    Args:
        wanted: Names of the backbones that each movie has to go through.
        pool: Reads the next part of a movie while the last one is computed.
    """

    def __init__(self, wanted: Mapping[int, Sequence[str]], pool: ThreadPoolExecutor):
        self._wanted, self._pool = wanted, pool
        self._waiting: list[_Movie] = []
        self._owners: dict[int, _Movie] = {}
        self._n_parts = 0

    def number(self, items: Items) -> Iterator[tuple[int, Any]]:
        """Take movies apart; give each part under a number of its own."""
        for tmdb_id, given in items:
            movie = _Movie(tmdb_id)
            self._waiting.append(movie)
            for part in self._read(movie, given) if isinstance(given, Iterator) else [given]:
                number, self._n_parts = self._n_parts, self._n_parts + 1
                movie.numbers.append(number)
                self._owners[number] = movie
                yield number, part
            movie.is_read = True

    def is_for(self, number: int, backbone: str) -> bool:
        """Whether a part has to go through a backbone."""
        return backbone in self._wanted[self._owners[number].tmdb_id]

    def take(self, number: int, backbone: str, vectors: np.ndarray | ItemError) -> None:
        """Take what became of a part."""
        movie = self._owners[number]
        if isinstance(vectors, ItemError):
            movie.error = movie.error or vectors
        movie.made.setdefault(backbone, {})[number] = vectors

    def ready(self) -> Iterator[tuple[int, Made | BaseException]]:
        """Return the movies of which every part is through, or their error, and forget them."""
        done = [movie for movie in self._waiting if self._is_through(movie)]
        self._waiting = [movie for movie in self._waiting if movie not in done]
        for movie in done:
            for number in movie.numbers:
                del self._owners[number]
            yield (
                movie.tmdb_id,
                movie.error
                or {
                    name: _join([of_part[number] for number in movie.numbers])
                    for name, of_part in movie.made.items()
                },
            )

    def _is_through(self, movie: _Movie) -> bool:
        return movie.is_read and all(
            len(movie.made.get(name, ())) == len(movie.numbers)
            for name in self._wanted[movie.tmdb_id]
        )

    def _read(self, movie: _Movie, parts: Iterator[Any]) -> Iterator[Any]:
        future: Future = self._pool.submit(next, parts, _END)
        while True:
            if error := future.exception():
                movie.error = error
                return
            part = future.result()
            if part is _END:
                return
            future = self._pool.submit(next, parts, _END)
            yield part


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
