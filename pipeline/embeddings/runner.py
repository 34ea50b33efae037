"""One network on one device: fused, with batches that fail or exceed memory halved."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Protocol, cast
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn
from torch.fx import GraphModule
from torch.fx.experimental.optimization import fuse

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.cuda_streams import CudaStreams
from pipeline.embeddings.onednn_fusion import fuse_convolutions

MAX_FAILED_BATCHES = 32
"""After so many batches in a row without one embedded item the network counts as broken."""

_CPU_IS_FULL = "can't allocate memory"
"""What torch's CPU allocator writes in a plain RuntimeError."""

_FAILURES = (RuntimeError, ValueError, IndexError)
"""What networks raise at an input that they cannot process."""

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

_copies: WeakKeyDictionary[nn.Module, dict[tuple[str, bool], nn.Module | None]] = (
    WeakKeyDictionary()
)
_copying = threading.Lock()

Item = tuple[int, np.ndarray | ItemError]
"""A movie's TMDB id, with an array or with an error in its place."""


@dataclass(frozen=True)
class Embedded:
    """The embeddings of one batch.

    Attributes:
        features: float32, shape (batch, width); NaN where an item failed.
        errors: What the network raised at single items, by their row in the batch.
    """

    features: np.ndarray
    errors: dict[int, Exception] = field(default_factory=dict)


def finite_or_error(tmdb_id: int, features: np.ndarray, raised: Exception | None) -> Item:
    """Return a movie's embedding, or an error where it raised or is not finite."""
    if raised is not None:
        message = " ".join(str(raised).split())[:200]
        detail = f"the network fails at it: {type(raised).__name__}: {message}"
        return tmdb_id, ItemError(Reason.UNEXPECTED, detail)
    if not np.isfinite(features).all():
        return tmdb_id, ItemError(Reason.UNEXPECTED, "the embedding is not finite")
    return tmdb_id, features


Collect = Callable[[], Embedded]
"""Waits for a batch that was sent, and returns its embeddings."""


class UnitBatch(Protocol):
    """Inputs of one call of a network, which know the movies that they belong to."""

    inputs: tuple[torch.Tensor, ...]
    """Arguments of the network, all with the batch as first axis."""

    def finish(self, embedded: Embedded) -> Iterable[Item]:
        """Return the movies that are complete with the embeddings of this batch."""
        ...


class Runner:
    """Sends batches through a network.

    A batch that does not fit into memory is halved, and so are all after it. A batch at which the
    network raises is halved down to the items that cause it; the others go through.

    Args:
        network: Any, with the batch as first axis of all arguments and of the output.
        device: torch's name of the device; the network computes there.
        size: Largest batch in the caller's measure (units, or tokens).
        use_bf16: Whether to compute in bfloat16.
        width: Length of an embedding.

    Attributes:
        size: The same; halved whenever memory runs out.
        depth: Batches that should be under way while the next is made: 1 on a GPU, which copies
            and computes beside the processor, 0 on a CPU.
    """

    def __init__(self, network: nn.Module, *, device: str, size: int, use_bf16: bool, width: int):
        if size < 1:
            raise ValueError(f"expected a batch of at least 1, got {size}")
        self.size, self._width = size, width
        self._device = torch.device(device)
        self._network = fused_copy(network, device, use_bf16=use_bf16)
        self._use_bf16 = use_bf16
        self._streams = CudaStreams(self._device) if self._device.type == "cuda" else None
        self.depth = 1 if self._streams else 0
        self._n_failed = 0

    def start(self, *inputs: torch.Tensor) -> Collect:
        """Send a batch, first axis of all inputs; on a CPU it is computed when this returns.

        Raises:
            RuntimeError: Memory did not suffice for a batch of one, or the network raised at every
                item of `MAX_FAILED_BATCHES` batches in a row.
        """
        try:
            wait = self._send(inputs)
        except _FAILURES as err:
            embedded = self._halve(inputs, err)
            return lambda: self._count(embedded)
        return lambda: self._count(Embedded(wait()))

    def _count(self, embedded: Embedded) -> Embedded:
        has_failed = len(embedded.errors) == len(embedded.features)
        self._n_failed = self._n_failed + 1 if has_failed else 0
        if self._n_failed >= MAX_FAILED_BATCHES:
            raise next(iter(embedded.errors.values()))
        return embedded

    @torch.inference_mode()
    def _send(self, inputs: tuple[torch.Tensor, ...]) -> Callable[[], np.ndarray]:
        kind = self._device.type
        with torch.autocast(kind, torch.bfloat16) if self._use_bf16 else nullcontext():
            if self._streams:
                return self._streams.send(self._network, inputs)
            features = self._network(*inputs).float().numpy()
        return lambda: features

    def _halve(self, inputs: tuple[torch.Tensor, ...], err: Exception) -> Embedded:
        n_items = len(inputs[0])
        if isinstance(err, torch.OutOfMemoryError) or _CPU_IS_FULL in str(err):
            if n_items == 1:
                raise err
            self.size = max(1, self.size // 2)
            if self._streams:
                self._streams.clear()
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
            return self._halve(inputs, err)


def run_all(run: Runner, batches: Iterable[UnitBatch | Item]) -> Iterator[Item]:
    """Send batches, mixed with errors of movies, one after the other: the loop of every modality.

    `run.depth` batches are under way while the next is made.

    Yields:
        (tmdb_id, float32 array) or (tmdb_id, error), as movies are completed.
    """
    under_way: deque[tuple[UnitBatch, Collect]] = deque()
    for batch in batches:
        if isinstance(batch, tuple):
            yield batch
            continue
        under_way.append((batch, run.start(*batch.inputs)))
        while len(under_way) > run.depth:
            first, collect = under_way.popleft()
            yield from first.finish(collect())
    for batch, collect in under_way:
        yield from batch.finish(collect())


def fused_copy(network: nn.Module, device: str, *, use_bf16: bool = False) -> nn.Module:
    """Return a copy of a network on a device, with its batch norms fused; cached with the network.

    On a CPU its convolutions also do what follows them; see `fuse_convolutions`.

    Call it for every network before threads compute: fusing traces a network, and torch's tracer
    intercepts the calls of all modules meanwhile, those of other threads as well.

    Args:
        network: In evaluation mode. It is left as it is, and its parameters must not change any
            more. Without batch norms and on that device already, it is returned itself.
        device: torch's name of the device.
        use_bf16: Whether it computes in bfloat16.
    """
    with _copying:
        copies = _copies.setdefault(network, {})
        key = (device, use_bf16)
        if key not in copies:
            copies[key] = _copy(network, torch.device(device), use_bf16=use_bf16)
        return copies[key] or network


def _copy(network: nn.Module, device: torch.device, *, use_bf16: bool) -> nn.Module | None:
    """Return a copy, or None where the network itself will do: a cache must not hold its key."""
    trunk = getattr(network, "trunk", None)
    if trunk is not None and any(isinstance(m, _BATCH_NORMS) for m in trunk.modules()):
        copied = deepcopy(network).to(device)
        fused = cast("GraphModule", fuse(copied.get_submodule("trunk"), inplace=True))
        if device.type == "cpu" and torch.backends.mkldnn.is_available():
            fuse_convolutions(fused, torch.bfloat16 if use_bf16 else torch.float32)
        copied.register_module("trunk", fused)
        return copied
    if all(x.device == device for x in (*network.parameters(), *network.buffers())):
        return None
    return deepcopy(network).to(device)
