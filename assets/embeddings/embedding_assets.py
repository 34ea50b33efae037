"""Embeddings: texts, posters, frames and sound through the backbones that are asked for."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

import numpy as np

from assets.crawl.movie_records import read_record
from assets.embeddings.bound_encoders import (
    Bind,
    bind_audio,
    bind_clip_frames,
    bind_clips,
    bind_images,
    bind_poster,
    bind_texts,
)
from assets.embeddings.encoding import Embedding, Encoder
from assets.orchestration.asset_specs import (
    AUDIO_FILE,
    CLIPS_FILE,
    FRAMES_FILE,
    POSTER_FILE,
    movie_spec,
)
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Outcome, Reason
from pipeline.core.records import plot_text
from pipeline.embeddings.backbones import Modality
from resources.compute.device import Device, choose_device
from resources.storage.batch import Batch

CLIPS_IN_PART = 4
"""Clips that are in memory together, 14 MB, for every thread that reads and that computes."""


def text_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A movie's tagline and plot as one vector per text backbone that is asked for."""

    def load(tmdb_id: int) -> str:
        text = plot_text(read_record(batch, tmdb_id))
        if not text:
            raise ItemError(Reason.NO_TEXT, "TMDB has neither overview nor tagline")
        return text

    return _embed(batch, load, {Modality.TEXT: bind_texts})


def poster_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A movie's poster as one vector per image backbone that is asked for."""

    def load(tmdb_id: int) -> np.ndarray:
        from pipeline.media.poster import load_poster

        return load_poster(POSTER_FILE.path(batch.run_context.store, tmdb_id).read_bytes())[None]

    return _embed(batch, load, {Modality.IMAGE: bind_poster})


def frame_embeddings(batch: Batch) -> Iterator[Outcome]:
    """The kept frames of a trailer, one vector each per image backbone that is asked for."""
    store = batch.run_context.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_arrays(FRAMES_FILE.path(store, tmdb_id))["frames"]

    return _embed(batch, load, {Modality.IMAGE: bind_images})


def clip_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A trailer's clips of 24 frames, one vector each per clip and image backbone asked for.

    They are decoded once for all. An image backbone sees the clip's frames one by one; its vector
    is their mean.
    """
    preset = batch.run_context.preset

    def load(tmdb_id: int) -> Iterator[np.ndarray]:
        return _read_clips(batch, tmdb_id, preset.clips_per_trailer)

    frames = partial(bind_clip_frames, preset.clip_frame_step)
    return _embed(batch, load, {Modality.VIDEO: bind_clips, Modality.IMAGE: frames})


def _read_clips(batch: Batch, tmdb_id: int, at_most: int) -> Iterator[np.ndarray]:
    """Read a trailer's clips in parts, uint8 (clips, 24, 224, 224, 3)."""
    from pipeline.media.clip_file import read_clips

    store = batch.run_context.store
    with store.local_copy(CLIPS_FILE.path(store, tmdb_id)) as path:
        clips, n_clips = read_clips(path, at_most=at_most), 0
        while some := list(islice(clips, CLIPS_IN_PART)):
            n_clips += len(some)
            yield np.stack(some)
    if not n_clips:
        raise ItemError(Reason.TOO_FEW_FRAMES, "no shot is long enough for a clip of 24 frames")


def audio_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A trailer's sound, one vector per window of about 10 s, per sound backbone asked for."""
    store = batch.run_context.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_array(AUDIO_FILE.path(store, tmdb_id))

    return _embed(batch, load, {Modality.AUDIO: bind_audio})


def _embed(
    batch: Batch, load: Callable[[int], Any], binds: Mapping[Modality, Bind]
) -> Iterator[Outcome]:
    device = choose_device(batch.run_context.settings.devices or None)
    device.take_one_thread_per_encoder()
    return Embedding(batch, _open_encoders(batch, device, binds)).run(load, device=device)


def _open_encoders(batch: Batch, device: Device, binds: Mapping[Modality, Bind]) -> list[Encoder]:
    """Load the backbones of this step, the preset's first.

    They are made ready here, before any thread computes: folding batch norms traces a network, and
    for that moment every network of the process is called by way of the tracer.
    """
    from pipeline.embeddings.fuse_batchnorm import make_ready
    from resources.compute.weights import load_backbone

    run_context, encoders = batch.run_context, []
    spec = movie_spec(batch.step.name)
    extent = spec.extent(run_context.preset)
    for name, folder in spec.backbones(run_context).items():
        loaded = load_backbone(
            name,
            weights_folder=run_context.weights_folder,
            allow_random=run_context.source.is_studio,
        )
        make_ready(loaded.network, device.name)
        encode = binds[loaded.backbone.modality](
            network=loaded.network,
            backbone=loaded.backbone,
            device=device.name,
            use_bf16=device.has_bf16,
            **({"tokenizer": loaded.tokenizer} if loaded.tokenizer else {}),
        )
        kind = "bfloat16" if device.has_bf16 else "float32"
        encoders.append(Encoder(folder, loaded, encode, loaded.preparation, kind, extent))
    return encoders


def _asset(work: Callable[[Batch], Iterator[Outcome]], shape: str) -> Any:
    return movie_asset(work, kinds={"pytorch", "numpy"}, metadata={"shape": f"float32 {shape}"})


ASSETS = [
    _asset(text_embeddings, "(width,)"),
    _asset(poster_embeddings, "(width,)"),
    _asset(frame_embeddings, "(frames, width)"),
    _asset(clip_embeddings, "(clips, width)"),
    _asset(audio_embeddings, "(windows, width)"),
]
