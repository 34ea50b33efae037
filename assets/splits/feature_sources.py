"""Read the features from the store, each from its asset's files and by the preset's backbone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from assets.orchestration.asset_specs import (
    AUDIO_FILE,
    FEATURE_SOURCES,
    REGIONS_FILE,
    FeatureSource,
    MovieAssetSpec,
)
from pipeline.core.errors import FeatureError
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from resources.run_context import RunContext
from resources.storage.store import Store, StorePath


class StoredArrays(Mapping[int, "np.ndarray"]):
    """A modality's arrays by TMDB id, each read from the store on access."""

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


def ok_movies(run_context: RunContext, name: str) -> list[int]:
    """List the movies for which an asset was made."""
    rows = run_context.ledger.rows(name)
    return sorted(tmdb_id for tmdb_id, row in rows.items() if row.status == Status.OK)


def read_streams(
    run_context: RunContext,
) -> tuple[dict[str, StoredArrays], dict[str, StoredArrays]]:
    """Return the streams, and those that are sequences, by name."""
    store = run_context.store
    found = {
        name: _stored(run_context, spec, source) for name, (spec, source) in FEATURE_SOURCES.items()
    }
    is_sequence = {name: source.is_sequence for name, (_, source) in FEATURE_SOURCES.items()}
    sequences = {name: arrays for name, arrays in found.items() if is_sequence[name]}
    frames = found["frames"]
    streams = {name: arrays for name, arrays in found.items() if not is_sequence[name]}
    streams["video"] = StoredArrays(list(frames), lambda i: average_frames(frames[i]))
    streams["audio"] = StoredArrays(
        ok_movies(run_context, "trailer_audio"),
        lambda i: thin_sound(store.read_array(AUDIO_FILE.path(store, i))),
    )
    return streams, sequences


def average_frames(vectors: np.ndarray) -> np.ndarray:
    """Average the embeddings of a trailer's frames: (frames, width) to (width,)."""
    return vectors.mean(axis=0)


def thin_sound(audio: np.ndarray) -> np.ndarray:
    """Turn 30 s of sound into what networks hear of it, float16 (64, 235)."""
    from pipeline.media.log_mel import log_mel, thin_out

    return thin_out(log_mel(audio)).numpy().astype(np.float16)


def _stored(run_context: RunContext, spec: MovieAssetSpec, source: FeatureSource) -> StoredArrays:
    store, file = run_context.store, source.file
    read = _read_pooled if source.file is REGIONS_FILE else Store.read_array
    backbone = source.backbone(run_context.preset)
    if not spec.is_enabled(run_context) or (source.modality and not backbone):
        return StoredArrays([], lambda _: np.zeros(0))  # files of another preset stay unread
    if source.modality:
        _check_backbone(run_context, spec.name, backbone)
        file = file.below(backbone)
    return StoredArrays(
        ok_movies(run_context, spec.name), lambda i: read(store, file.path(store, i))
    )


def _read_pooled(store: Store, path: StorePath) -> np.ndarray:
    return pool_regions(store.read_array(path))


def pool_regions(features: np.ndarray) -> np.ndarray:
    """Average the cells of each region: (objects, 2048, 7, 7) to float32 (objects, 2048)."""
    return features.mean(axis=(2, 3), dtype=np.float32)


NOT_MADE = "another backbone"


def _label(row: Row, backbone: str) -> str:
    """Return the backbone and the weights by which a movie was embedded."""
    notes = row.metadata.get("backbones")
    note = notes.get(backbone) if isinstance(notes, Mapping) else None
    return f"{backbone} ({note['weights']}, {note['weights_hash']})" if note else NOT_MADE


def _check_backbone(run_context: RunContext, asset: str, backbone: str) -> None:
    """Check that all movies were embedded by the same backbone and weights."""
    made = Counter(
        _label(row, backbone)
        for row in run_context.ledger.rows(asset).values()
        if row.status == Status.OK
    )
    if len(made) > 1 or NOT_MADE in made:
        raise FeatureError(
            f"{asset} are of {', '.join(f'{name}: {n} movies' for name, n in made.items())}; the "
            f"preset {run_context.preset.name} wants {backbone} with the same weights for all. Run "
            f"`uv run marquee retry --again --asset {asset}` and `uv run marquee build`."
        )
