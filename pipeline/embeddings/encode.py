"""Pictures, clips, sound and texts of many movies become embeddings, in full batches."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from pipeline.core.errors import ItemError
from pipeline.embeddings.audio import AudioNetwork
from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.image import ImageNetwork
from pipeline.embeddings.inputs import clips_of, pictures_of, windows_of
from pipeline.embeddings.parallel_encoding import encode_side_by_side
from pipeline.embeddings.runner import GPU_FACTOR, Runner, run_all
from pipeline.embeddings.text import TextNetwork, tokenize
from pipeline.embeddings.text_batches import TextBatch, make_batches, pad
from pipeline.embeddings.units import encode_units, finite_or_error
from pipeline.embeddings.video import VideoNetwork

BATCH_SIZE = 16
"""Pictures per batch on a CPU, where more is slower; on a GPU `GPU_FACTOR` times as many, as of
everything below."""

CLIP_BATCH_SIZE = 2
AUDIO_BATCH_SIZE = 4
"""Clips and windows of sound per batch: each is the work of dozens of pictures."""

TOKEN_BUDGET = 4096
"""Tokens per batch of texts, padding included."""


def encode_images(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: ImageNetwork,
    backbone: Backbone,
    *,
    device: str = "cpu",
    batch_size: int | None = None,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the pictures of many movies; each movie comes out as soon as it is complete.

    A batch is filled with pictures of several movies. A movie that cannot be embedded comes out
    as an error, and so does one that came in as an error; its neighbours are not touched.

    Args:
        items: (tmdb_id, uint8 RGB (pictures, height, width, 3)), or an error in place of pictures.
        network: The backbone; left as it is, see `pipeline.embeddings.fuse_batchnorm`.
        backbone: Its row of the table.
        device: torch's name of the device, or of several with commas between.
        batch_size: Pictures per batch, by default `BATCH_SIZE`; halved for good when
            memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (pictures, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        RuntimeError: The network fails at everything, or memory does not suffice for one.
    """
    runs = _open(network, backbone, device, batch_size, BATCH_SIZE, use_bf16)
    prepare = partial(pictures_of, backbone=backbone)
    encoders = [
        partial(encode_units, run=run, prepare=prepare, width=backbone.width) for run in runs
    ]
    yield from encode_side_by_side(items, encoders)


def encode_clips(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: VideoNetwork,
    backbone: Backbone,
    *,
    device: str = "cpu",
    batch_size: int | None = None,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the clips of many movies, as `encode_images` does pictures.

    Args:
        items: (tmdb_id, uint8 RGB (clips, frames, height, width, 3)) with the backbone's number of
            frames, or an error in place of clips.
        network: The backbone; left as it is, see `pipeline.embeddings.fuse_batchnorm`.
        backbone: Its row of the table.
        device: torch's name of the device, or of several with commas between.
        batch_size: Clips per batch, by default `CLIP_BATCH_SIZE`; halved for good when
            memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (clips, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        RuntimeError: The network fails at everything, or memory does not suffice for one.
    """
    runs = _open(network, backbone, device, batch_size, CLIP_BATCH_SIZE, use_bf16)
    prepare = partial(clips_of, backbone=backbone)
    encoders = [
        partial(encode_units, run=run, prepare=prepare, width=backbone.width) for run in runs
    ]
    yield from encode_side_by_side(items, encoders)


def encode_audio(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: AudioNetwork,
    backbone: Backbone,
    *,
    sample_rate_hz: int,
    device: str = "cpu",
    batch_size: int | None = None,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the sound of many movies, one vector per window, as `encode_images` does pictures.

    Args:
        items: (tmdb_id, int16 mono (samples,)), or an error in place of samples.
        network: The backbone; left as it is, see `pipeline.embeddings.fuse_batchnorm`.
        backbone: Its row of the table.
        sample_rate_hz: Rate of the samples; it must be the backbone's.
        device: torch's name of the device, or of several with commas between.
        batch_size: Windows per batch, by default `AUDIO_BATCH_SIZE`; halved for good when
            memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (windows, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        ValueError: The rate is not the backbone's.
        RuntimeError: The network fails at everything, or memory does not suffice for one.
    """
    if sample_rate_hz != backbone.sample_rate_hz:
        raise ValueError(
            f"backbone {backbone.name} wants sound at {backbone.sample_rate_hz} Hz, "
            f"got {sample_rate_hz} Hz; decode it at that rate"
        )
    runs = _open(network, backbone, device, batch_size, AUDIO_BATCH_SIZE, use_bf16)
    prepare = partial(windows_of, backbone=backbone)
    encoders = [
        partial(encode_units, run=run, prepare=prepare, width=backbone.width) for run in runs
    ]
    yield from encode_side_by_side(items, encoders)


def encode_texts(
    items: Iterable[tuple[int, str]],
    network: TextNetwork,
    tokenizer: PreTrainedTokenizerBase,
    backbone: Backbone,
    *,
    device: str = "cpu",
    token_budget: int | None = None,
    use_bf16: bool = False,
    workers: int = 1,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the texts of many movies, those of like length together.

    Args:
        items: (tmdb_id, text).
        network: The backbone; left as it is, see `pipeline.embeddings.fuse_batchnorm`.
        tokenizer: Its tokenizer.
        backbone: Its row of the table.
        device: torch's name of the device, or of several with commas between.
        token_budget: Tokens per batch, padding included, by default `TOKEN_BUDGET`; halved for
            good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.
        workers: Encoders side by side for each device, each with one processor thread.

    Yields:
        (tmdb_id, float32 (width,)), or (tmdb_id, error `NO_TEXT`) for an empty text; in another
        order than `items`.

    Raises:
        RuntimeError: The network fails at everything, or memory does not suffice for one.
    """
    devices = ",".join([device] * workers)
    runs = _open(network, backbone, devices, token_budget, TOKEN_BUDGET, use_bf16)
    longest = backbone.max_tokens
    batches = make_batches(
        items,
        lambda texts: tokenize(tokenizer, texts, longest),
        lambda: min(run.size for run in runs),
        longest,
    )
    to_inputs = partial(pad, pad_id=tokenizer.pad_token_id, max_tokens=longest)
    encoders = [partial(_encode_batches, run=run, to_inputs=to_inputs) for run in runs]
    yield from encode_side_by_side(batches, encoders)


def _open(
    network: torch.nn.Module,
    backbone: Backbone,
    device: str,
    size: int | None,
    default: int,
    use_bf16: bool,
) -> list[Runner]:
    """Open a runner per device."""
    runs = []
    for name in device.split(","):
        wanted = default * GPU_FACTOR if name.startswith("cuda") else default
        wanted = wanted if size is None else size
        runs.append(
            Runner(network, device=name, size=wanted, use_bf16=use_bf16, width=backbone.width)
        )
    return runs


def _encode_batches(
    share: Iterator[TextBatch],
    run: Runner,
    to_inputs: Callable[[list[list[int]]], tuple[torch.Tensor, ...]],
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed batches of texts; a batch of errors goes through as it is."""

    def send() -> Iterator[tuple[TextBatch, tuple[torch.Tensor, ...] | None]]:
        for batch in share:
            is_error = not batch or isinstance(batch[0][1], ItemError)
            yield batch, None if is_error else to_inputs([tokens for _, tokens in batch])

    for batch, embedded in run_all(run, send()):
        if embedded is None:
            yield from batch
            continue
        for i, (tmdb_id, _) in enumerate(batch):
            yield finite_or_error(tmdb_id, embedded.features[i], embedded.errors.get(i))
