"""Batches of rows from streams and masks; arrays may lie on disk, only a batch is read."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from pipeline.core.ragged import Ragged

T = TypeVar("T")


class StreamTable(Protocol):
    """Whatever holds streams: name → (movies, ...), masks: name → bool (movies,), and a hash.

    A stream is an array, or a `Ragged` of sequences of vectors.
    """

    @property
    def streams(self) -> Mapping[str, np.ndarray | Ragged]: ...  # noqa: D102

    @property
    def masks(self) -> Mapping[str, np.ndarray]: ...  # noqa: D102

    @property
    def data_hash(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class StreamArrays:
    """A `StreamTable` of arrays that were made for one training or prediction."""

    streams: Mapping[str, np.ndarray | Ragged]
    masks: Mapping[str, np.ndarray]
    data_hash: str


@dataclass(frozen=True)
class Batch:
    """Some movies' features, and their targets.

    Attributes:
        streams: By name, float32 (batch, ...); sequences padded, (batch, longest, width).
        masks: By name, bool (batch,): whether the movie has the stream. Of sequences bool
            (batch, longest): what is no padding; all False where the movie lacks the stream.
        target: (batch,) or (batch, ...); empty where only predictions are required.
    """

    streams: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]
    target: Tensor = field(default_factory=lambda: torch.empty(0))

    def to(self, device: torch.device) -> "Batch":
        """Move everything to a device."""
        return Batch(
            {name: values.to(device, non_blocking=True) for name, values in self.streams.items()},
            {name: mask.to(device, non_blocking=True) for name, mask in self.masks.items()},
            self.target.to(device, non_blocking=True),
        )


def list_present(table: StreamTable, names: Sequence[str], rows: np.ndarray) -> list[str]:
    """List the streams that at least one of these movies has."""
    return [
        name
        for name in names
        if name in table.streams and np.asarray(table.masks[name])[rows].any()
    ]


Transform = Callable[[Batch, int], Batch]
"""Changes a training batch on the CPU (random windows, noise). Gets a seed of its own for every
seed, epoch and step, and must take all its chance from there."""


def take_batch(
    table: StreamTable, names: Sequence[str], rows: np.ndarray, target: np.ndarray | None = None
) -> Batch:
    """Read some rows of some streams.

    Args:
        table: The streams.
        names: Which of them.
        rows: Row numbers, shape (batch,).
        target: Target of every row of the table, shape (movies, ...), or None.
    """
    streams, masks = dict[str, Tensor](), dict[str, Tensor]()
    for name in names:
        values, mask = _take(table.streams[name], np.asarray(table.masks[name][rows], bool), rows)
        # torch widens half floats several times faster than numpy
        streams[name], masks[name] = torch.from_numpy(values).float(), torch.from_numpy(mask)
    if target is None:
        return Batch(streams, masks)
    return Batch(streams, masks, torch.from_numpy(target[rows]))


def _take(
    stream: np.ndarray | Ragged, has: np.ndarray, rows: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(stream, Ragged):
        values, mask = stream.take(rows, dtype=stream.values.dtype)
        return values, mask & has[:, None]
    return np.asarray(stream[rows]), has


class Batches:
    """All rows once per pass; reshuffled in each epoch where `shuffle_seed` is given.

    Order and chance depend on seed, epoch and step alone, so a training that resumes, also inside
    an epoch, sees the same batches as one that was never stopped. Where rows are shuffled a single
    row never makes a batch of its own (it joins the last one): nothing can be standardised by one
    movie.

    Attributes:
        copies: Tables of the same movies with other records. Every step reads one of the tables,
            drawn at random.
        epoch: Which epoch's order the next pass has; whoever trains sets it.
        first_step: With which batch the next pass begins; whoever takes a training up sets it.
        reads_ahead: Whether a thread reads the next batches while one is worked on; whoever trains
            on all cores does without.
    """

    def __init__(
        self,
        table: StreamTable,
        names: Sequence[str],
        rows: np.ndarray,
        target: np.ndarray,
        *,
        batch_size: int,
        shuffle_seed: int | None = None,
        transform: Transform | None = None,
        copies: Sequence[StreamTable] = (),
    ):
        self.table = table
        self.copies = tuple(copies)
        self.names = tuple(names)
        self.rows = np.asarray(rows)
        self.target = target
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.transform = transform
        self.epoch = 0
        self.first_step = 0
        self.reads_ahead = True

    def __len__(self) -> int:
        whole, rest = divmod(len(self.rows), self.batch_size)
        joins = rest == 1 and whole > 0 and self.shuffle_seed is not None
        return whole + (rest > 0 and not joins)

    def __iter__(self) -> Iterator[Batch]:
        return read_ahead(self._read()) if self.reads_ahead else self._read()

    def _read(self) -> Iterator[Batch]:
        epoch, rows = self.epoch, self.rows
        if self.shuffle_seed is not None:
            rows = np.random.default_rng((self.shuffle_seed, epoch)).permutation(rows)
        for step in range(self.first_step, len(self)):
            start = step * self.batch_size
            stop = start + self.batch_size if step + 1 < len(self) else len(rows)
            # rising order: rows that lie on disk are read front to back
            seed = step_seed(self.shuffle_seed or 0, epoch, step)
            batch = take_batch(
                self._draw_table(seed), self.names, np.sort(rows[start:stop]), self.target
            )
            if self.transform is not None:
                batch = self.transform(batch, seed)
            yield batch

    def _draw_table(self, seed: int) -> StreamTable:
        if not self.copies:
            return self.table
        tables = (self.table, *self.copies)
        return tables[int(np.random.default_rng(seed).integers(len(tables)))]


def step_seed(seed: int, epoch: int, step: int) -> int:
    """Mix three numbers to a seed, from 0 to 2⁶³ - 1."""
    return int(np.random.SeedSequence((seed, epoch, step)).generate_state(1, np.uint64)[0] >> 1)


def read_ahead(items: Iterator[T], ahead: int = 2) -> Iterator[T]:
    """Return the same items in the same order, taken from the iterator by a thread of its own.

    An error of the iterator is raised where its item would have been; stopping early leaves no
    thread.

    Args:
        items: Anything but None.
        ahead: So many items wait at most.

    Example:
        >>> list(read_ahead(iter("abc")))
        ['a', 'b', 'c']
    """
    with ThreadPoolExecutor(1, thread_name_prefix="read-ahead") as pool:
        waiting = deque(pool.submit(next, items, None) for _ in range(ahead))
        while (item := waiting.popleft().result()) is not None:
            waiting.append(pool.submit(next, items, None))
            yield item
