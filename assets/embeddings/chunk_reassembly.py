"""Inputs that come in chunks, and are put together again behind the backbones.

All clips of one trailer are up to 650 MB, so a movie's input may be an iterator over chunks of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias

from pipeline.core.errors import ItemError
from pipeline.core.numpy_on_demand import np

Chunk: TypeAlias = "np.ndarray | str"
"""What a backbone takes of a movie: an array, or a text."""

Chunks: TypeAlias = "Iterable[tuple[int, Chunk]]"
"""Chunks under numbers of their own."""

Inputs: TypeAlias = "Iterable[tuple[int, Chunk | Iterator[Chunk]]]"
"""(tmdb_id, one chunk, or an iterator over several)."""

Embeddings = dict[str, "np.ndarray"]
"""A movie's embeddings by backbone."""


@dataclass
class _Movie:
    """A movie under way: its chunks by number, and their embeddings by backbone."""

    tmdb_id: int
    numbers: list[int] = field(default_factory=list)
    embedded: dict[str, dict[int, np.ndarray | ItemError]] = field(default_factory=dict)
    error: BaseException | None = None
    is_read: bool = False


class ChunkReassembler:
    """Numbers the chunks of one thread's movies, and concatenates their embeddings by movie.

    Args:
        required: Names of the backbones that each movie has to go through.
        pool: Reads the next chunk of a movie while the last one is computed.
    """

    def __init__(self, required: Mapping[int, Sequence[str]], pool: ThreadPoolExecutor):
        self._required, self._pool = required, pool
        self._waiting: list[_Movie] = []
        self._owners: dict[int, _Movie] = {}
        self._n_chunks = 0

    def split(self, inputs: Inputs) -> Iterator[tuple[int, Chunk]]:
        """Yield each chunk of each movie under a number of its own."""
        for tmdb_id, given in inputs:
            movie = _Movie(tmdb_id)
            self._waiting.append(movie)
            for chunk in self._read(movie, given) if isinstance(given, Iterator) else [given]:
                number, self._n_chunks = self._n_chunks, self._n_chunks + 1
                movie.numbers.append(number)
                self._owners[number] = movie
                yield number, chunk
            movie.is_read = True

    def requires(self, number: int, backbone: str) -> bool:
        """Whether a chunk has to go through a backbone."""
        return backbone in self._required[self._owners[number].tmdb_id]

    def add(self, number: int, backbone: str, vectors: np.ndarray | ItemError) -> None:
        """Add the embeddings of a chunk, or its error."""
        movie = self._owners[number]
        if isinstance(vectors, ItemError):
            movie.error = movie.error or vectors
        movie.embedded.setdefault(backbone, {})[number] = vectors

    def pop_complete(self) -> Iterator[tuple[int, Embeddings | BaseException]]:
        """Yield the movies of which every chunk is embedded, or their error, and forget them."""
        complete = [movie for movie in self._waiting if self._is_complete(movie)]
        self._waiting = [movie for movie in self._waiting if movie not in complete]
        for movie in complete:
            for number in movie.numbers:
                del self._owners[number]
            yield movie.tmdb_id, movie.error or _concatenate(movie)

    def _is_complete(self, movie: _Movie) -> bool:
        return movie.is_read and all(
            len(movie.embedded.get(name, ())) == len(movie.numbers)
            for name in self._required[movie.tmdb_id]
        )

    def _read(self, movie: _Movie, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        future: Future[Chunk | None] = self._pool.submit(next, chunks, None)
        while True:
            if error := future.exception():
                movie.error = error
                return
            chunk = future.result()
            if chunk is None:
                return
            future = self._pool.submit(next, chunks, None)
            yield chunk


def _concatenate(movie: _Movie) -> Embeddings:
    embeddings: Embeddings = {}
    for name, by_number in movie.embedded.items():
        vectors = [by_number[number] for number in movie.numbers]
        arrays = [one for one in vectors if isinstance(one, np.ndarray)]
        embeddings[name] = arrays[0] if len(arrays) == 1 else np.concatenate(arrays)
    return embeddings
