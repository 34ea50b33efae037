"""Features: the records and streams of all films, packed into one table for all systems.

What belongs here: the asset, and where its streams lie in the store. What does not: packing (see
`pipeline.splits.packing`) and targets (see `pipeline.splits.targets`).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import numpy as np
from upath import UPath

from assets.lineage import FEATURE_STEPS, FEATURES, code_version, features_version, write_whole
from assets.partitions import SINGLE_RUN
from assets.stopping import stopping
from pipeline.due import Row
from pipeline.errors import FeatureError
from pipeline.outcomes import Status
from pipeline.prices import REAL_USD_YEAR
from resources.store import Store
from resources.workplace import Workplace


@dataclass(frozen=True)
class Source:
    """Where a stream comes from.

    Attributes:
        asset: The per-movie asset that makes it.
        folders: Where its files lie; `{}` stands for the backbone.
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


def features_folder(workplace: Workplace) -> Path:
    """Give the folder of the packed features."""
    return workplace.store.folder("features") / "movies"


def load_features(workplace: Workplace):
    """Read the packed features; say what to run where there are none."""
    from pipeline.splits.features import MANIFEST_FILE, FeatureTable

    folder = features_folder(workplace)
    if not (folder / MANIFEST_FILE).exists():
        raise FeatureError(
            f"There are no packed features in {workplace.store.root}. Run "
            "`uv run marquee demo` (built-in studio) or `uv run marquee build` first; they make "
            "them film by film."
        )
    return FeatureTable.load(folder)


@dg.asset(
    name=FEATURES,
    deps=FEATURE_STEPS,
    group_name="splits",
    kinds={"parquet", "numpy"},
    code_version=code_version(FEATURES),
    backfill_policy=SINGLE_RUN,
    tags={"marquee/stage": "splits"},
    metadata={
        "folder": "features/movies/",
        "shape": "text, poster, video (films, width); audio (films, 64, 938) log-mel; metadata "
        "(films, columns); frames, clips, clip_frames, sound, regions (vectors, width) with "
        "offsets (films + 1,)",
    },
)
def movie_features(
    context: dg.AssetExecutionContext, workplace: dg.ResourceParam[Workplace]
) -> dg.MaterializeResult:
    """One packed table for all systems: a row per film, every stream with its mask, and records.

    Streams hold only what is known before release; what is known later stands in columns of the
    table, for targets.
    """
    with stopping():
        from pipeline.splits.packing import pack

        version = features_version(workplace)
        records = _read_records(workplace)
        if not records:
            load_features(workplace)
        streams, sequences = read_streams(workplace)
        table = pack(
            features_folder(workplace),
            records,
            _read_revenues(workplace),
            streams,
            sequences,
            notes=_notes(workplace),
        )
        write_whole(workplace, FEATURES, version, table.data_hash)
    context.log.info(f"{len(table)} films packed")
    return dg.MaterializeResult(
        metadata={
            "source": workplace.source.label,
            "movies": len(table),
            **{f"movies_with_{name}": int(mask.sum()) for name, mask in table.masks.items()},
            "real_usd_year": REAL_USD_YEAR,
            "dagster/column_schema": schema(table.table),
            "folder": str(features_folder(workplace)),
        },
        data_version=dg.DataVersion(table.data_hash),
    )


def schema(table) -> dg.TableSchema:
    """Describe a data frame's columns for the UI."""
    return dg.TableSchema(
        columns=[dg.TableColumn(name, str(kind)) for name, kind in table.dtypes.items()]
    )


def _ok(workplace: Workplace, name: str) -> list[int]:
    rows = workplace.ledger.rows(name)
    return sorted(tmdb_id for tmdb_id, row in rows.items() if row.status == Status.OK)


def _read_records(workplace: Workplace) -> list:
    from pipeline.crawl.tmdb import parse_details

    store = workplace.store
    return [
        parse_details(store.read_json(store.path("movies", f"{tmdb_id}.json")))
        for tmdb_id in _ok(workplace, "movie_records")
    ]


def _read_revenues(workplace: Workplace) -> dict[int, float]:
    store = workplace.store
    revenues = {
        tmdb_id: store.read_json(store.path("box_office", f"{tmdb_id}.json"))["revenue_usd"]
        for tmdb_id in _ok(workplace, "box_office")
    }
    return {tmdb_id: usd for tmdb_id, usd in revenues.items() if usd is not None}


def read_streams(workplace: Workplace) -> tuple[dict[str, StoredArrays], dict[str, StoredArrays]]:
    """Give the streams, and those that are sequences, by name."""
    from pipeline.media.log_mel import log_mel

    store = workplace.store
    found = {name: _stored(workplace, source) for name, source in SOURCES.items()}
    sequences = {name: arrays for name, arrays in found.items() if SOURCES[name].is_sequence}
    frames = found["frames"]
    streams = {name: arrays for name, arrays in found.items() if name not in sequences}
    streams["video"] = StoredArrays(list(frames), lambda i: frames[i].mean(axis=0))
    streams["audio"] = StoredArrays(
        _ok(workplace, "trailer_audio"),
        lambda i: (
            log_mel(store.read_array(store.path("audio", f"{i}.npy"))).numpy().astype(np.float16)
        ),
    )
    return streams, sequences


def _stored(workplace: Workplace, source: Source) -> StoredArrays:
    store, folders = workplace.store, source.folders
    read = _read_pooled if source.asset == "poster_regions" else Store.read_array
    if source.backbone:
        backbone = getattr(workplace.preset, source.backbone)
        if not backbone:
            return StoredArrays([], store.read_array)
        _check_backbone(workplace, source.asset, backbone)
        folders = (*folders, backbone)
    return StoredArrays(
        _ok(workplace, source.asset), lambda i: read(store, store.path(*folders, f"{i}.npy"))
    )


def _read_pooled(store: Store, path: UPath) -> np.ndarray:
    """Average the cells of each region: (objects, 2048, 7, 7) to float32 (objects, 2048)."""
    return store.read_array(path).mean(axis=(2, 3), dtype=np.float32)


NOT_MADE = "another backbone"


def _label(row: Row, backbone: str) -> str:
    """Say with which weights a film was embedded by a backbone."""
    note = row.metadata.get("backbones", {}).get(backbone)
    return f"{backbone} ({note['weights']}, {note['weights_hash']})" if note else NOT_MADE


def _check_backbone(workplace: Workplace, asset: str, backbone: str) -> None:
    """Refuse a stream of which some films were embedded otherwise than the rest."""
    made = Counter(
        _label(row, backbone)
        for row in workplace.ledger.rows(asset).values()
        if row.status == Status.OK
    )
    if len(made) > 1 or NOT_MADE in made:
        raise FeatureError(
            f"{asset} are of {', '.join(f'{name}: {n} films' for name, n in made.items())}; the "
            f"preset {workplace.preset.name} wants {backbone} with the same weights for all. Run "
            f"`uv run marquee retry --again --asset {asset}` and `uv run marquee build`."
        )


def _notes(workplace: Workplace) -> dict[str, str]:
    """Say where the data and the weights are from."""
    notes = {"source": workplace.source.label, "preset": workplace.preset.name}
    for name in dict.fromkeys(source.asset for source in SOURCES.values()):
        labels = {
            f"{row.metadata['backbone']}, weights: {row.metadata['weights']}"
            for row in workplace.ledger.rows(name).values()
            if row.status == Status.OK
        }
        notes[name] = "; ".join(sorted(labels)) or "none"
    return notes
