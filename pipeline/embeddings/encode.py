"""Pictures, clips, sound and texts of many movies become embeddings, in full batches.

What belongs here: what each modality brings to the batch loop. What does not: the loop itself (see
`pipeline.embeddings.units`), decoding, files, and the networks.
"""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import islice

import numpy as np
import torch
from transformers import PreTrainedTokenizerBase

from pipeline.embeddings.audio import FRAME_SAMPLES, AudioNetwork, compute_log_mels, cut_windows
from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.image import ImageNetwork, to_square
from pipeline.embeddings.runner import Runner
from pipeline.embeddings.text import TextNetwork, tokenize
from pipeline.embeddings.text_batches import pad, sort_by_length, take_batch
from pipeline.embeddings.units import encode_units, finite_or_error
from pipeline.embeddings.video import VideoNetwork, clips_to_square
from pipeline.errors import ItemError
from pipeline.outcomes import Reason

BATCH_SIZE = 16
"""Pictures per batch; on a CPU more is slower (it leaves the cache), on a GPU pass more."""

CLIP_BATCH_SIZE = 2
AUDIO_BATCH_SIZE = 4
"""Clips and windows of sound per batch: each is the work of dozens of pictures."""

TOKEN_BUDGET = 4096
"""Tokens per batch of texts, padding included."""

TEXTS_AT_ONCE = 4096
"""Texts sorted by length together: enough for batches with little padding, little memory."""


def encode_images(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: ImageNetwork,
    backbone: Backbone,
    *,
    device: str = "cpu",
    batch_size: int = BATCH_SIZE,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the pictures of many movies; each movie comes out as soon as it is complete.

    A batch is filled with pictures of several movies. A movie that cannot be embedded comes out
    as an error, and so does one that came in as an error; its neighbours are not touched.

    Args:
        items: (tmdb_id, uint8 RGB (pictures, height, width, 3)), or an error in place of pictures.
        network: The backbone; moved to `device`.
        backbone: Its row of the table.
        device: torch's name of the device.
        batch_size: Pictures per batch; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (pictures, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        RuntimeError: The network failed for another reason than memory.
    """
    run = Runner(network, device=device, size=batch_size, use_bf16=use_bf16)
    yield from encode_units(items, run, partial(_pictures, backbone=backbone), backbone.width)


def encode_clips(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: VideoNetwork,
    backbone: Backbone,
    *,
    device: str = "cpu",
    batch_size: int = CLIP_BATCH_SIZE,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the clips of many movies, as `encode_images` does pictures.

    Args:
        items: (tmdb_id, uint8 RGB (clips, frames, height, width, 3)) with the backbone's number of
            frames, or an error in place of clips.
        network: The backbone; moved to `device`.
        backbone: Its row of the table.
        device: torch's name of the device.
        batch_size: Clips per batch; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (clips, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        RuntimeError: The network failed for another reason than memory.
    """
    run = Runner(network, device=device, size=batch_size, use_bf16=use_bf16)
    yield from encode_units(items, run, partial(_clips, backbone=backbone), backbone.width)


def encode_audio(
    items: Iterable[tuple[int, np.ndarray | ItemError]],
    network: AudioNetwork,
    backbone: Backbone,
    *,
    sample_rate_hz: int,
    device: str = "cpu",
    batch_size: int = AUDIO_BATCH_SIZE,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the sound of many movies, one vector per window, as `encode_images` does pictures.

    Args:
        items: (tmdb_id, int16 mono (samples,)), or an error in place of samples.
        network: The backbone; moved to `device`.
        backbone: Its row of the table.
        sample_rate_hz: Rate of the samples; it must be the backbone's.
        device: torch's name of the device.
        batch_size: Windows per batch; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (windows, width)) or (tmdb_id, error), roughly in the order of `items`.

    Raises:
        ValueError: The rate is not the backbone's.
        RuntimeError: The network failed for another reason than memory.
    """
    if sample_rate_hz != backbone.sample_rate_hz:
        raise ValueError(
            f"backbone {backbone.name} wants sound at {backbone.sample_rate_hz} Hz, "
            f"got {sample_rate_hz} Hz; decode it at that rate"
        )
    run = Runner(network, device=device, size=batch_size, use_bf16=use_bf16)
    yield from encode_units(items, run, partial(_windows, backbone=backbone), backbone.width)


def encode_texts(
    items: Iterable[tuple[int, str]],
    network: TextNetwork,
    tokenizer: PreTrainedTokenizerBase,
    backbone: Backbone,
    *,
    device: str = "cpu",
    token_budget: int = TOKEN_BUDGET,
    use_bf16: bool = False,
) -> Iterator[tuple[int, np.ndarray | ItemError]]:
    """Embed the texts of many movies, those of like length together.

    Args:
        items: (tmdb_id, text).
        network: The backbone; moved to `device`.
        tokenizer: Its tokenizer.
        backbone: Its row of the table.
        device: torch's name of the device.
        token_budget: Tokens per batch, padding included; halved for good when memory runs out.
        use_bf16: Whether to compute in bfloat16; only where the processor has it.

    Yields:
        (tmdb_id, float32 (width,)), or (tmdb_id, error `NO_TEXT`) for an empty text; in another
        order than `items`.

    Raises:
        RuntimeError: The network failed for another reason than memory.
    """
    run = Runner(network, device=device, size=token_budget, use_bf16=use_bf16)
    items = iter(items)
    longest = backbone.max_tokens
    while some := list(islice(items, TEXTS_AT_ONCE)):
        texts = [(tmdb_id, text) for tmdb_id, text in some if text.strip()]
        for tmdb_id, text in some:
            if not text.strip():
                yield tmdb_id, ItemError(Reason.NO_TEXT, "wanted a text, got an empty one")
        if not texts:
            continue
        ids = tokenize(tokenizer, [text for _, text in texts], longest)
        order = sort_by_length(ids, longest)
        while order:
            batch = take_batch(order, ids, run.size, longest)
            features = run(*pad([ids[i] for i in batch], tokenizer.pad_token_id, longest))
            for i, feature in zip(batch, features, strict=True):
                yield finite_or_error(texts[i][0], feature)


def _pictures(array: np.ndarray, *, backbone: Backbone) -> torch.Tensor | ItemError:
    if not _is_rgb(array, n_axes=4):
        wanted = "wanted a non-empty uint8 array (pictures, height, width, 3)"
        return ItemError(Reason.MALFORMED, wanted)
    return to_square(_as_tensor(array), backbone)


def _clips(array: np.ndarray, *, backbone: Backbone) -> torch.Tensor | ItemError:
    if not _is_rgb(array, n_axes=5) or array.shape[1] != backbone.n_frames:
        wanted = (
            f"wanted a non-empty uint8 array (clips, {backbone.n_frames}, height, width, 3), "
            f"got {array.dtype} {array.shape}"
        )
        return ItemError(Reason.MALFORMED, wanted)
    return clips_to_square(_as_tensor(array), backbone)


def _windows(array: np.ndarray, *, backbone: Backbone) -> torch.Tensor | ItemError:
    if array.dtype != np.int16 or array.ndim != 1 or len(array) < FRAME_SAMPLES:
        wanted = (
            f"wanted an int16 array of at least {FRAME_SAMPLES} samples, "
            f"got {array.dtype} {array.shape}"
        )
        return ItemError(Reason.MALFORMED, wanted)
    return compute_log_mels(cut_windows(array, backbone), backbone)


def _is_rgb(array: np.ndarray, *, n_axes: int) -> bool:
    return (
        array.dtype == np.uint8 and array.ndim == n_axes and array.shape[-1] == 3 and array.size > 0
    )


def _as_tensor(array: np.ndarray) -> torch.Tensor:
    """Share the array with torch where it takes it; torch warns of memory that is read-only."""
    if not array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array)
    return torch.from_numpy(array)
