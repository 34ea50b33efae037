"""Embeddings: texts, posters and frames through the backbones of the preset.

What belongs here: the assets. What does not: the batch loop (see `pipeline.embeddings`) and where
weights come from (see `resources.weights`).
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from assets.crawl import read_record
from assets.movie_assets import movie_asset
from assets.steps import BACKBONE_OF
from pipeline.errors import ItemError
from pipeline.outcomes import Outcome, Reason, lacking
from pipeline.records import plot_text
from resources.batch import Batch, outcome_of
from resources.device import Device, choose_device
from resources.store import npy_bytes


def text_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A movie's tagline and plot as one vector, by the preset's text backbone."""
    from pipeline.embeddings.encode import encode_texts

    loaded, device = _load(batch)
    texts = {}
    for tmdb_id, text in batch.read(lambda i: plot_text(read_record(batch, i)), workers=2):
        if isinstance(text, BaseException):
            yield outcome_of(batch.step.name, tmdb_id, text)
        elif text:
            texts[tmdb_id] = text
        else:
            yield lacking(tmdb_id, Reason.NO_TEXT, "TMDB has neither overview nor tagline")
    results = encode_texts(
        texts.items(),
        loaded.network,
        loaded.tokenizer,
        loaded.backbone,
        device=device.name,
        use_bf16=device.has_bf16,
    )
    for tmdb_id, vector in results:
        yield _keep(batch, loaded, tmdb_id, vector, "text")


def poster_embeddings(batch: Batch) -> Iterator[Outcome]:
    """A movie's poster as one vector, by the preset's image backbone."""

    def load(tmdb_id: int) -> np.ndarray:
        from pipeline.media.poster import load_poster

        return load_poster(batch.path(tmdb_id, ".jpg", "posters").read_bytes())[None]

    return _embed_images(batch, load, "poster")


def frame_embeddings(batch: Batch) -> Iterator[Outcome]:
    """The kept frames of a trailer, one vector each, by the preset's image backbone."""
    store = batch.workplace.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_arrays(batch.path(tmdb_id, ".npz", "frames"))["frames"]

    return _embed_images(batch, load, "frames")


def _load(batch: Batch) -> tuple[Any, Device]:
    """Give the preset's `LoadedBackbone` for this step, and the device."""
    from resources.weights import load_backbone

    workplace = batch.workplace
    loaded = load_backbone(
        getattr(workplace.preset, BACKBONE_OF[batch.step.name]),
        weights_folder=workplace.weights_folder,
        allow_random=workplace.source.is_studio,
    )
    device = choose_device()
    device.take_one_thread_per_encoder()
    return loaded, device


def _embed_images(
    batch: Batch, load: Callable[[int], np.ndarray], modality: str
) -> Iterator[Outcome]:
    """Read, encode and keep; a movie whose file cannot be read does not stop its neighbours."""
    from pipeline.embeddings.encode import encode_images
    from pipeline.embeddings.side_by_side import encode_side_by_side

    loaded, device = _load(batch)
    failed: list[Outcome] = []
    encode = partial(
        encode_images,
        network=loaded.network,
        backbone=loaded.backbone,
        device=device.name,
        use_bf16=device.has_bf16,
    )
    items = _read_ahead(batch, load, failed)
    for tmdb_id, vectors in encode_side_by_side(items, encode, workers=device.encoders):
        yield _keep(batch, loaded, tmdb_id, vectors, modality)
    yield from failed


def _read_ahead(
    batch: Batch, load: Callable[[int], np.ndarray], failed: list[Outcome]
) -> Iterator[tuple[int, np.ndarray]]:
    for tmdb_id, result in batch.read(load, workers=2):
        if isinstance(result, BaseException):
            failed.append(outcome_of(batch.step.name, tmdb_id, result))
        else:
            yield tmdb_id, result


def _keep(
    batch: Batch,
    loaded: Any,
    tmdb_id: int,
    vectors: np.ndarray | ItemError,
    modality: str,
) -> Outcome:
    if isinstance(vectors, ItemError):
        return outcome_of(batch.step.name, tmdb_id, vectors)
    vectors = vectors[0] if modality == "poster" else vectors
    path = batch.path(tmdb_id, ".npy", "embeddings", modality, loaded.backbone.name)
    return batch.keep(
        tmdb_id,
        {path: npy_bytes(vectors)},
        backbone=loaded.backbone.name,
        weights=loaded.weights_label,
        weights_hash=loaded.weights_hash,
        preparation=loaded.preparation,
        shape=list(vectors.shape),
    )


ASSETS = [
    movie_asset(
        text_embeddings,
        group="embeddings",
        kinds={"pytorch", "numpy"},
        metadata={"file": "embeddings/text/<backbone>/<tmdb_id>.npy", "shape": "float32 (width,)"},
    ),
    movie_asset(
        poster_embeddings,
        group="embeddings",
        kinds={"pytorch", "numpy"},
        metadata={
            "file": "embeddings/poster/<backbone>/<tmdb_id>.npy",
            "shape": "float32 (width,)",
        },
    ),
    movie_asset(
        frame_embeddings,
        group="embeddings",
        kinds={"pytorch", "numpy"},
        metadata={
            "file": "embeddings/frames/<backbone>/<tmdb_id>.npy",
            "shape": "float32 (frames, width)",
        },
    ),
]
