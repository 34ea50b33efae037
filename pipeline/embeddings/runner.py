"""One batch through a network: precision, copies, and what to do when it does not go through."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn

from pipeline.embeddings.cuda_streams import Lanes
from pipeline.embeddings.fuse_batchnorm import ready_network

GPU_FACTOR = 16
"""A batch on a GPU is so many times that on a CPU, where more leaves the cache."""

FAILED_BATCHES = 32
"""So many batches in a row of which not one item goes through: then the network is broken."""

_CPU_IS_FULL = "can't allocate memory"
"""What torch's CPU allocator says in a plain RuntimeError."""

_FAILURES = (RuntimeError, ValueError, IndexError)
"""What networks raise at an input they cannot take."""


@dataclass(frozen=True)
class Embedded:
    """What came of a batch.

    Attributes:
        features: float32, shape (batch, width); not a number where an item failed.
        errors: What the network raised at single items, by their place in the batch.
    """

    features: np.ndarray
    errors: dict[int, Exception] = field(default_factory=dict)


Collect = Callable[[], Embedded]
"""Waits for a batch that was sent, and gives what came of it."""


class Runner:
    """Sends batches through a network.

    A batch that does not fit into memory goes in halves, and so do all after it. A batch at which
    the network raises is halved down to the items that are to blame; the others go through.

    Attributes:
        size: Largest batch in the caller's measure (pictures, or tokens); it only ever falls.
        depth: Batches that should be under way while the next is made: 1 on a GPU, which copies
            and computes beside the processor, 0 on a CPU.
    """

    def __init__(self, network: nn.Module, *, device: str, size: int, use_bf16: bool, width: int):
        """Take a network.

        Args:
            network: Any, with the batch as first axis of all arguments and of the answer.
            device: torch's name of the device; the network computes there.
            size: See above.
            use_bf16: Whether to compute in bfloat16.
            width: Length of an embedding.
        """
        if size < 1:
            raise ValueError(f"wanted a batch of at least 1, got {size}")
        self.size, self._width = size, width
        self._device = torch.device(device)
        self._network = ready_network(network, self._device)
        self._use_bf16 = use_bf16
        self._lanes = Lanes(self._device) if self._device.type == "cuda" else None
        self.depth = 1 if self._lanes else 0
        self._failed_in_a_row = 0

    def __call__(self, *inputs: torch.Tensor) -> Embedded:
        """Embed one batch and wait for it; see `start`."""
        return self.start(*inputs)()

    def start(self, *inputs: torch.Tensor) -> Collect:
        """Send a batch; on a CPU it is through when this returns.

        Args:
            inputs: Arguments of the network, all with the batch as first axis.

        Raises:
            RuntimeError: Memory did not suffice for a batch of one, or the network raised at every
                item of `FAILED_BATCHES` batches in a row.
        """
        try:
            wait = self._send(inputs)
        except _FAILURES as err:
            found = self._go_in_halves(inputs, err)
            return lambda: self._count(found)
        return lambda: self._count(Embedded(wait()))

    def _count(self, found: Embedded) -> Embedded:
        has_worked = len(found.errors) < len(found.features)
        self._failed_in_a_row = 0 if has_worked else self._failed_in_a_row + 1
        if self._failed_in_a_row >= FAILED_BATCHES:
            raise next(iter(found.errors.values()))
        return found

    @torch.inference_mode()
    def _send(self, inputs: tuple[torch.Tensor, ...]) -> Callable[[], np.ndarray]:
        kind = self._device.type
        with torch.autocast(kind, torch.bfloat16) if self._use_bf16 else nullcontext():
            if self._lanes:
                return self._lanes.send(self._network, inputs)
            features = self._network(*inputs).float().numpy()
        return lambda: features

    def _go_in_halves(self, inputs: tuple[torch.Tensor, ...], err: Exception) -> Embedded:
        n_items = len(inputs[0])
        is_full = _is_out_of_memory(err)
        if is_full and n_items > 1:
            self.size = max(1, self.size // 2)
            if self._lanes:
                self._lanes.clear()
        elif is_full:
            raise err
        elif n_items == 1:
            return Embedded(np.full((1, self._width), np.nan, dtype=np.float32), {0: err})
        half = n_items // 2
        first = self._wait_for(tuple(x[:half] for x in inputs))
        rest = self._wait_for(tuple(x[half:] for x in inputs))
        errors = first.errors | {half + i: error for i, error in rest.errors.items()}
        return Embedded(np.concatenate([first.features, rest.features]), errors)

    def _wait_for(self, inputs: tuple[torch.Tensor, ...]) -> Embedded:
        try:
            return Embedded(self._send(inputs)())
        except _FAILURES as err:
            return self._go_in_halves(inputs, err)


def run_all(
    run: Runner, batches: Iterable[tuple[object, tuple[torch.Tensor, ...] | None]]
) -> Iterator[tuple[object, Embedded | None]]:
    """Send batches one after the other: the loop that every modality goes through.

    Args:
        run: The network. `run.depth` batches are under way while the next is made.
        batches: (whose it is, arguments of the network), or None for the arguments where there is
            nothing to compute: that is handed on at once.

    Yields:
        (whose it is, what came of it), batches in their order.
    """
    under_way: list[tuple[object, Collect]] = []
    for whose, inputs in batches:
        if inputs is None:
            yield whose, None
            continue
        under_way.append((whose, run.start(*inputs)))
        while len(under_way) > run.depth:
            first, collect = under_way.pop(0)
            yield first, collect()
    for whose, collect in under_way:
        yield whose, collect()


def _is_out_of_memory(err: Exception) -> bool:
    return isinstance(err, torch.OutOfMemoryError) or _CPU_IS_FULL in str(err)
