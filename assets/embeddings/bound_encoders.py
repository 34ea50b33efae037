"""The encode function of each modality, bound to one backbone for a whole run."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from assets.embeddings.chunk_reassembly import Items
from assets.embeddings.encoding import Encode
from pipeline.core.errors import ItemError

Bind = Callable[..., Encode]
"""Takes what a backbone's encode function wants besides the items, by name."""


def bind_texts(**shared: Any) -> Encode:
    """Texts become vectors (width,)."""
    from pipeline.embeddings.encode import encode_texts

    return partial(encode_texts, **shared)


def bind_images(**shared: Any) -> Encode:
    """Pictures (pictures, height, width, 3) become (pictures, width)."""
    from pipeline.embeddings.encode import encode_images

    return partial(encode_images, **shared)


def bind_poster(**shared: Any) -> Encode:
    """A poster (1, height, width, 3) becomes one vector (width,), no table of one row."""
    encode = bind_images(**shared)

    def encode_posters(items: Items) -> Iterator[tuple[int, np.ndarray | ItemError]]:
        for number, vectors in encode(items):
            yield number, vectors if isinstance(vectors, ItemError) else vectors[0]

    return encode_posters


def bind_clips(**shared: Any) -> Encode:
    """Clips (clips, frames, height, width, 3) become (clips, width)."""
    from pipeline.embeddings.encode import encode_clips

    return partial(encode_clips, **shared)


def bind_clip_frames(step: int, **shared: Any) -> Encode:
    """Clips become (clips, width): the mean of what an image backbone gives for their frames.

    Args:
        step: Every so many of a clip's frames are looked at.
        **shared: See `Bind`.
    """
    encode = bind_images(**shared)

    def encode_frames(items: Items) -> Iterator[tuple[int, np.ndarray | ItemError]]:
        n_clips: dict[int, int] = {}

        def pictures() -> Iterator[tuple[int, np.ndarray]]:
            for number, clips in items:
                n_clips[number] = len(clips)
                seen = clips[:, ::step]
                yield number, seen.reshape(-1, *seen.shape[2:])

        for number, vectors in encode(pictures()):
            if isinstance(vectors, ItemError):
                yield number, vectors
            else:
                per_clip = vectors.reshape(n_clips.pop(number), -1, vectors.shape[1])
                yield number, per_clip.mean(axis=1)

    return encode_frames


def bind_audio(**shared: Any) -> Encode:
    """Samples become (windows, width)."""
    from pipeline.embeddings.encode import encode_audio
    from pipeline.media.audio import SAMPLE_RATE_HZ

    return partial(encode_audio, sample_rate_hz=SAMPLE_RATE_HZ, **shared)
