"""The `clip_embeddings` asset."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from assets.embeddings.chunk_reassembly import Chunks
from assets.embeddings.embedding_run import Encoded, embed, encode
from assets.orchestration.asset_specs import CLIPS_FILE
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.errors import ItemError
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Outcome, Reason
from pipeline.embeddings.backbones import Modality
from resources.compute.weights import LoadedBackbone
from resources.storage.batch import MovieBatch

CLIPS_IN_CHUNK = 4
"""Clips that are in memory together, 14 MB, for every thread that reads and that computes."""


def clip_embeddings(batch: MovieBatch) -> Iterator[Outcome]:
    """Embed each trailer's clips of 24 frames: one vector a clip per chosen backbone.

    Clips are decoded once for all backbones. An image backbone processes a clip's frames one by
    one; its vector is their mean.
    """
    preset = batch.run_context.preset

    def load(tmdb_id: int) -> Iterator[np.ndarray]:
        return _read_clips(batch, tmdb_id, preset.clips_per_trailer)

    frames = partial(encode_clip_frames, step=preset.clip_frame_step)
    return embed(batch, load, {Modality.VIDEO: encode, Modality.IMAGE: frames})


def _read_clips(batch: MovieBatch, tmdb_id: int, at_most: int) -> Iterator[np.ndarray]:
    """Read a trailer's clips in chunks, uint8 (clips, 24, 224, 224, 3)."""
    from pipeline.media.clip_file import read_clips

    store = batch.run_context.store
    with store.local_copy(CLIPS_FILE.path(store, tmdb_id)) as path:
        clips, n_clips = read_clips(path, at_most=at_most), 0
        while some := list(islice(clips, CLIPS_IN_CHUNK)):
            n_clips += len(some)
            yield np.stack(some)
    if not n_clips:
        raise ItemError(Reason.TOO_FEW_FRAMES, "no shot is long enough for a clip of 24 frames")


def encode_clip_frames(
    chunks: Chunks, loaded: LoadedBackbone, *, step: int, device: str, use_bf16: bool
) -> Encoded:
    """Embed clips, uint8 (clips, frames, height, width, 3), by an image backbone.

    Each becomes the mean of the vectors of every `step`-th frame.
    """
    n_clips: dict[int, int] = {}

    def pictures() -> Iterator[tuple[int, np.ndarray]]:
        for number, clips in chunks:
            if isinstance(clips, str):
                raise TypeError("expected clips, got a text")
            n_clips[number] = len(clips)
            sampled = clips[:, ::step]
            yield number, sampled.reshape(-1, *sampled.shape[2:])

    for number, vectors in encode(pictures(), loaded, device=device, use_bf16=use_bf16):
        if isinstance(vectors, ItemError):
            yield number, vectors
        else:
            per_clip = vectors.reshape(n_clips.pop(number), -1, vectors.shape[1])
            yield number, per_clip.mean(axis=1)


ASSET = movie_asset(
    clip_embeddings, kinds={"pytorch", "numpy"}, metadata={"shape": "float32 (clips, width)"}
)
