"""Where the streams of features lie in the store, and by which backbone each was made."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from upath import UPath

from pipeline.core.errors import FeatureError
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from pipeline.core.systems import Preset
from pipeline.core.versions import combine
from resources.run_context import RunContext
from resources.storage.store import Store


@dataclass(frozen=True)
class Source:
    """Where a stream comes from.

    Attributes:
        asset: The per-movie asset that makes it.
        folders: Where its files lie; the backbone's own folder comes below them.
        backbone: Field of the preset that names the backbone; "" for none.
        is_sequence: Whether a movie has several vectors.
    """

    asset: str
    folders: tuple[str, ...]
    backbone: str = ""
    is_sequence: bool = False


SOURCES: Mapping[str, Source] = {
    "text": Source("text_embeddings", ("embeddings", "text"), "text_backbone"),
    "poster": Source("poster_embeddings", ("embeddings", "poster"), "image_backbone"),
    "frames": Source("frame_embeddings", ("embeddings", "frames"), "image_backbone", True),
    "clips": Source("clip_embeddings", ("embeddings", "clips"), "clip_backbone", True),
    "clip_frames": Source("clip_embeddings", ("embeddings", "clip_frames"), "image_backbone", True),
    "sound": Source("audio_embeddings", ("embeddings", "audio"), "audio_backbone", True),
    "regions": Source("poster_regions", ("regions",), "", True),
}
"""Streams that are read as they lie; `video` and `audio` are made of `frames` and of sound."""


class StoredArrays(Mapping[int, np.ndarray]):
    """A stream's arrays by TMDB id, each read from the store when it is asked for."""

    def __init__(self, ids: list[int], read: Callable[[int], np.ndarray]):
        self._ids, self._read = dict.fromkeys(ids), read

    def __getitem__(self, tmdb_id: int) -> np.ndarray:
        if tmdb_id not in self._ids:
            raise KeyError(tmdb_id)
        return self._read(tmdb_id)

    def __contains__(self, tmdb_id: object) -> bool:
        return tmdb_id in self._ids

    def __iter__(self) -> Iterator[int]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


def version_of(row: Row, asset: str, preset: Preset) -> str:
    """Return the version of what features take of a movie's row: of the preset's backbones alone.

    "" where the preset has none for an asset, whatever the settings have beside it.
    """
    fields = [s.backbone for s in SOURCES.values() if s.asset == asset and s.backbone]
    if not fields:
        return row.facets.get("metadata", row.content_hash)
    names = [name for name in (getattr(preset, field) for field in fields) if name]
    notes = row.metadata.get("backbones", {})
    kept = [str(notes[name]["hash"]) if name in notes else row.content_hash for name in names]
    return combine(kept) if kept else ""


def ok_movies(run_context: RunContext, name: str) -> list[int]:
    """List the movies for which an asset was made."""
    rows = run_context.ledger.rows(name)
    return sorted(tmdb_id for tmdb_id, row in rows.items() if row.status == Status.OK)


def read_streams(
    run_context: RunContext,
) -> tuple[dict[str, StoredArrays], dict[str, StoredArrays]]:
    """Return the streams, and those that are sequences, by name."""
    store = run_context.store
    found = {name: _stored(run_context, source) for name, source in SOURCES.items()}
    sequences = {name: arrays for name, arrays in found.items() if SOURCES[name].is_sequence}
    frames = found["frames"]
    streams = {name: arrays for name, arrays in found.items() if name not in sequences}
    streams["video"] = StoredArrays(list(frames), lambda i: frames[i].mean(axis=0))
    streams["audio"] = StoredArrays(
        ok_movies(run_context, "trailer_audio"),
        lambda i: _hear(store.read_array(store.path("audio", f"{i}.npy"))),
    )
    return streams, sequences


def _hear(audio: np.ndarray) -> np.ndarray:
    """Turn 30 s of sound into what networks hear of it, float16 (64, 235)."""
    from pipeline.media.log_mel import log_mel, thin_out

    return thin_out(log_mel(audio)).numpy().astype(np.float16)


def _stored(run_context: RunContext, source: Source) -> StoredArrays:
    store, folders = run_context.store, source.folders
    read = _read_pooled if source.asset == "poster_regions" else Store.read_array
    if source.backbone:
        backbone = getattr(run_context.preset, source.backbone)
        if not backbone:
            return StoredArrays([], store.read_array)
        _check_backbone(run_context, source.asset, backbone)
        folders = (*folders, backbone)
    return StoredArrays(
        ok_movies(run_context, source.asset),
        lambda i: read(store, store.path(*folders, f"{i}.npy")),
    )


def _read_pooled(store: Store, path: UPath) -> np.ndarray:
    """Average the cells of each region: (objects, 2048, 7, 7) to float32 (objects, 2048)."""
    return store.read_array(path).mean(axis=(2, 3), dtype=np.float32)


NOT_MADE = "another backbone"


def _label(row: Row, backbone: str) -> str:
    """Say with which weights a film was embedded by a backbone."""
    note = row.metadata.get("backbones", {}).get(backbone)
    return f"{backbone} ({note['weights']}, {note['weights_hash']})" if note else NOT_MADE


def _check_backbone(run_context: RunContext, asset: str, backbone: str) -> None:
    """Refuse a stream of which some films were embedded otherwise than the rest."""
    made = Counter(
        _label(row, backbone)
        for row in run_context.ledger.rows(asset).values()
        if row.status == Status.OK
    )
    if len(made) > 1 or NOT_MADE in made:
        raise FeatureError(
            f"{asset} are of {', '.join(f'{name}: {n} films' for name, n in made.items())}; the "
            f"preset {run_context.preset.name} wants {backbone} with the same weights for all. Run "
            f"`uv run marquee retry --again --asset {asset}` and `uv run marquee build`."
        )
