"""Embeddings: texts, posters, frames and sound through the backbones that are asked for.

What belongs here: the assets, and what each reads of a movie. What does not: several backbones over
one reading (see `assets.encoding`), the batch loop (see `pipeline.embeddings`) and where weights
come from (see `resources.weights`).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from assets.crawl import read_record
from assets.encoding import Embedding, Encode, Encoder
from assets.movie_assets import movie_asset
from assets.steps import backbones_of
from pipeline.errors import ItemError
from pipeline.outcomes import Outcome, Reason
from pipeline.records import plot_text
from resources.batch import Batch
from resources.device import Device, choose_device

Bind = Callable[..., Encode]
"""Takes what a backbone's encode function wants besides the items, by name."""


def text_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A movie's tagline and plot as one vector per text backbone that is asked for."""
    from pipeline.embeddings.encode import encode_texts

    def load(tmdb_id: int) -> str:
        text = plot_text(read_record(batch, tmdb_id))
        if not text:
            raise ItemError(Reason.NO_TEXT, "TMDB has neither overview nor tagline")
        return text

    encoders, _ = _open_encoders(batch, partial(partial, encode_texts))
    # texts are sorted by length over many movies: one encoder sees them all
    return Embedding(batch, encoders).run(load, encoders_at_once=1)


def poster_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A movie's poster as one vector per image backbone that is asked for."""

    def load(tmdb_id: int) -> np.ndarray:
        from pipeline.media.poster import load_poster

        return load_poster(batch.path(tmdb_id, ".jpg", "posters").read_bytes())[None]

    return _embed(batch, load, _bind_poster)


def frame_embeddings(batch: Batch) -> Iterator[Outcome]:
    """The kept frames of a trailer, one vector each per image backbone that is asked for."""
    store = batch.workplace.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_arrays(batch.path(tmdb_id, ".npz", "frames"))["frames"]

    return _embed(batch, load, _bind_images)


def audio_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A trailer's sound, one vector per window of about 10 s, per sound backbone asked for."""
    store = batch.workplace.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_array(batch.path(tmdb_id, ".npy", "audio"))

    return _embed(batch, load, _bind_audio)


def _embed(batch: Batch, load: Callable[[int], np.ndarray], bind: Bind) -> Iterator[Outcome]:
    encoders, device = _open_encoders(batch, bind)
    return Embedding(batch, encoders).run(load, encoders_at_once=device.encoders)


def _bind_images(**shared: Any) -> Encode:
    from pipeline.embeddings.encode import encode_images

    return partial(encode_images, **shared)


def _bind_poster(**shared: Any) -> Encode:
    """A poster is one picture, and its file one vector and no table of one row."""
    encode = _bind_images(**shared)

    def encode_one(items: Any) -> Iterator[tuple[int, np.ndarray | ItemError]]:
        for tmdb_id, vectors in encode(items):
            yield tmdb_id, vectors if isinstance(vectors, ItemError) else vectors[0]

    return encode_one


def _bind_audio(**shared: Any) -> Encode:
    from pipeline.embeddings.encode import encode_audio
    from pipeline.media.audio import SAMPLE_RATE_HZ

    return partial(encode_audio, sample_rate_hz=SAMPLE_RATE_HZ, **shared)


def _open_encoders(batch: Batch, bind: Bind) -> tuple[list[Encoder], Device]:
    """Load the backbones of this step, the preset's first, and choose the device."""
    from resources.weights import load_backbone

    workplace = batch.workplace
    device = choose_device()
    device.take_one_thread_per_encoder()
    encoders = []
    for name, folder in backbones_of(batch.step, workplace).items():
        loaded = load_backbone(
            name,
            weights_folder=workplace.weights_folder,
            allow_random=workplace.source.is_studio,
        )
        encode = bind(
            network=loaded.network,
            backbone=loaded.backbone,
            device=device.name,
            use_bf16=device.has_bf16,
            **({"tokenizer": loaded.tokenizer} if loaded.tokenizer else {}),
        )
        kind = "bfloat16" if device.has_bf16 else "float32"
        encoders.append(Encoder(folder, loaded, encode, loaded.preparation, kind))
    return encoders, device


def _asset(work: Callable[[Batch], Iterator[Outcome]], folder: str, shape: str) -> Any:
    return movie_asset(
        work,
        group="embeddings",
        kinds={"pytorch", "numpy"},
        metadata={
            "file": f"embeddings/{folder}/<backbone>/<tmdb_id>.npy",
            "shape": f"float32 {shape}",
        },
    )


ASSETS = [
    _asset(text_embeddings, "text", "(width,)"),
    _asset(poster_embeddings, "poster", "(width,)"),
    _asset(frame_embeddings, "frames", "(frames, width)"),
    _asset(audio_embeddings, "audio", "(windows, width)"),
]
