"""Batches of rows from streams and masks; arrays may lie on disk, only a batch is read.

What belongs here: indexing and tensors. What does not: networks, and how rows were chosen.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor


class StreamTable(Protocol):
    """Whatever holds streams: name → (movies, ...), masks: name → bool (movies,), and a hash."""

    @property
    def streams(self) -> Mapping[str, np.ndarray]: ...  # noqa: D102

    @property
    def masks(self) -> Mapping[str, np.ndarray]: ...  # noqa: D102

    @property
    def data_hash(self) -> str: ...  # noqa: D102


@dataclass(frozen=True)
class Batch:
    """Some movies' inputs, and what is wanted of them.

    Attributes:
        streams: By name, float32 (batch, ...).
        masks: By name, bool (batch,).
        target: (batch,) or (batch, ...); None where only predictions are wanted.
    """

    streams: Mapping[str, Tensor]
    masks: Mapping[str, Tensor]
    target: Tensor | None

    def to(self, device: torch.device) -> "Batch":
        """Move everything to a device."""
        return Batch(
            {name: values.to(device, non_blocking=True) for name, values in self.streams.items()},
            {name: mask.to(device, non_blocking=True) for name, mask in self.masks.items()},
            None if self.target is None else self.target.to(device, non_blocking=True),
        )


def take_batch(
    table: StreamTable, names: Sequence[str], rows: np.ndarray, target: np.ndarray | None = None
) -> Batch:
    """Read some rows of some streams.

    Args:
        table: The streams.
        names: Which of them.
        rows: Row numbers, shape (batch,).
        target: What is wanted of every row of the table, shape (movies, ...), or None.
    """
    return Batch(
        {
            name: torch.from_numpy(np.asarray(table.streams[name][rows], dtype=np.float32))
            for name in names
        },
        {name: torch.from_numpy(np.asarray(table.masks[name][rows], dtype=bool)) for name in names},
        None if target is None else torch.from_numpy(target[rows]),
    )


class Batches:
    """All rows once per pass; reshuffled in each epoch where `shuffle_seed` is given.

    The order hangs on seed and epoch alone, so a training that is taken up again sees the same
    batches as one that was never stopped.

    Attributes:
        epoch: Which epoch's order the next pass has; whoever trains sets it.
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
    ):
        self.table = table
        self.names = tuple(names)
        self.rows = np.asarray(rows)
        self.target = target
        self.batch_size = batch_size
        self.shuffle_seed = shuffle_seed
        self.epoch = 0

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        rows = self.rows
        if self.shuffle_seed is not None:
            rows = np.random.default_rng((self.shuffle_seed, self.epoch)).permutation(rows)
        for start in range(0, len(rows), self.batch_size):
            # rising order: rows that lie on disk are read front to back
            batch = np.sort(rows[start : start + self.batch_size])
            yield take_batch(self.table, self.names, batch, self.target)
