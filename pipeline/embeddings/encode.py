"""Pictures, clips and sound of many movies become embeddings, in full batches.

A unit is what a network takes one of: a picture, a clip, a window of sound. A batch is filled with
units of several movies, and its results are handed back by movie. Texts, whose batches are made by
length, are in `pipeline.embeddings.encode_text`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.audio import prepare_sound
from pipeline.embeddings.backbones import Backbone, Modality
from pipeline.embeddings.parallel_encoding import map_ahead
from pipeline.embeddings.pixel_networks import prepare_pixels
from pipeline.embeddings.runner import Embedded, Item, Runner, finite_or_error, run_all

BATCH_SIZES: Mapping[Modality, int] = {
    Modality.IMAGE: 4,
    Modality.POSTER: 4,
    Modality.VIDEO: 2,
    Modality.AUDIO: 4,
}
"""Units per batch on a CPU, where more leaves the cache: a clip and a window of sound are the work
of dozens of pictures."""

GPU_BATCH_SIZES: Mapping[Modality, int] = {
    Modality.IMAGE: 256,
    Modality.POSTER: 256,
    Modality.VIDEO: 32,
    Modality.AUDIO: 64,
}
"""Units per batch on a GPU."""

THREADS_FOR_A_GPU = 4
"""Threads that prepare units where a GPU computes; a CPU encoder prepares its own."""

Prepare = Callable[[np.ndarray], torch.Tensor | ItemError]
"""Turns a movie's array into units, first axis, or returns what is wrong with it."""


def encode_arrays(
    items: Iterable[Item],
    network: nn.Module,
    backbone: Backbone,
    *,
    sample_rate_hz: int = 0,
    device: str = "cpu",
    batch_size: int | None = None,
    use_bf16: bool = False,
) -> Iterator[Item]:
    """Embed the pictures, clips or sound of many movies; yield each as soon as it is complete.

    A movie that cannot be embedded comes out as an error, and so does one that came in as an
    error; its neighbours are not affected.

    Args:
        items: (tmdb_id, array), or an error in place of the array: uint8 RGB pictures (pictures,
            height, width, 3), clips (clips, frames, height, width, 3) with the backbone's number
            of frames, or int16 mono sound (samples,).
        network: The backbone; left as it is, see `fused_copy`.
        backbone: Its row of the table.
        sample_rate_hz: Rate of the samples (sound only); it must be the backbone's.
        device: torch's name of the device.
        batch_size: Units per batch, by default `BATCH_SIZES`, on a GPU `GPU_BATCH_SIZES`; halved
            for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (units, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        ValueError: The rate is not the backbone's.
        RuntimeError: The network fails at everything, or memory does not suffice for one unit.
    """
    if sample_rate_hz != backbone.sample_rate_hz:
        raise ValueError(
            f"backbone {backbone.name} requires sound at {backbone.sample_rate_hz} Hz, "
            f"got {sample_rate_hz} Hz; decode it at that rate"
        )
    sizes = GPU_BATCH_SIZES if device.startswith("cuda") else BATCH_SIZES
    size = sizes[backbone.modality] if batch_size is None else batch_size
    run = Runner(network, device=device, size=size, use_bf16=use_bf16, width=backbone.width)
    prepare = prepare_sound if backbone.modality is Modality.AUDIO else prepare_pixels
    yield from encode_units(items, run, partial(prepare, backbone=backbone), backbone.width)


def encode_units(
    items: Iterable[Item], run: Runner, prepare: Prepare, width: int
) -> Iterator[Item]:
    """Embed the units of many movies, to vectors of a width; see `encode_arrays` and `Prepare`."""
    threads = THREADS_FOR_A_GPU if run.depth else 0
    prepared = map_ahead(partial(_prepare, prepare), items, threads=threads)
    yield from run_all(run, _fill_batches(prepared, run, width))


def _prepare(prepare: Prepare, item: Item) -> tuple[int, torch.Tensor | ItemError]:
    tmdb_id, array = item
    if isinstance(array, ItemError):
        return tmdb_id, array
    try:
        return tmdb_id, prepare(array)
    except (RuntimeError, ValueError, TypeError) as err:
        message = f"cannot be prepared: {type(err).__name__}: {err}"[:200]
        return tmdb_id, ItemError(Reason.MALFORMED, message)


@dataclass
class _Movie:
    """A movie under way: how many of its units were sent, and how many are embedded."""

    tmdb_id: int
    units: torch.Tensor
    features: np.ndarray
    n_sent: int = 0
    n_done: int = 0
    raised: Exception | None = None

    @property
    def n_left(self) -> int:
        return len(self.units) - self.n_sent


@dataclass
class _MixedBatch:
    """Units of several movies, and the slice of each movie that they are."""

    slices: list[tuple[_Movie, slice]]
    inputs: tuple[torch.Tensor, ...]

    def finish(self, embedded: Embedded) -> Iterator[Item]:
        """Copy each movie's slice of the embeddings; yield the movies that are complete."""
        at = 0
        for movie, part in self.slices:
            n = part.stop - part.start
            movie.features[part] = embedded.features[at : at + n]
            raised = [embedded.errors[i] for i in range(at, at + n) if i in embedded.errors]
            movie.raised = movie.raised or next(iter(raised), None)
            movie.n_done, at = part.stop, at + n
            if movie.n_done == len(movie.units):
                yield finite_or_error(movie.tmdb_id, movie.features, movie.raised)


def _fill_batches(
    prepared: Iterable[tuple[int, torch.Tensor | ItemError]], run: Runner, width: int
) -> Iterator[_MixedBatch | Item]:
    """Fill batches with the units that are there; an error is passed on alone."""
    waiting: deque[_Movie] = deque()
    for tmdb_id, units in prepared:
        if isinstance(units, ItemError):
            yield tmdb_id, units
            continue
        waiting.append(_Movie(tmdb_id, units, np.empty((len(units), width), dtype=np.float32)))
        while sum(movie.n_left for movie in waiting) >= run.size:
            yield _take_batch(waiting, run.size)
    while waiting:
        yield _take_batch(waiting, run.size)


def _take_batch(waiting: deque[_Movie], size: int) -> _MixedBatch:
    """Take units off the front of the queue; repeat the last one until the batch is full.

    A CPU computes batches of another size by other code, and so slightly differently: with full
    batches only, an embedding is the same to the last bit whatever its neighbours and its place.
    """
    slices: list[tuple[_Movie, slice]] = []
    n_free = size
    while waiting and n_free:
        movie = waiting[0]
        part = slice(movie.n_sent, min(len(movie.units), movie.n_sent + n_free))
        slices.append((movie, part))
        movie.n_sent = part.stop
        n_free -= part.stop - part.start
        if not movie.n_left:
            waiting.popleft()
    units = [movie.units[part] for movie, part in slices]
    return _MixedBatch(slices, (torch.cat([*units, *[units[-1][-1:]] * n_free]),))
