"""Write Trailers12k's files: `metadata.json`, `mtgc.csv`, and arrays as Zarr groups.

Zarr is written in format 2, with Blosc, one chunk per movie: that is what the published files are,
and both zarr 2 and zarr 3 open it.

Source: reference implementation 002.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from pipeline.core.errors import DumpError
from pipeline.exports.export_folder import ExportFolder
from pipeline.layouts.trailers12k_layout import (
    FIELD,
    GENRES,
    GROUP_ENDING,
    METADATA_KEY,
    MTGC_COLUMNS,
    SPLITS,
    WIDTH_ATTRIBUTE,
)


def make_metadata_entry(
    tmdb_id: int, imdb_id: str, details: Mapping, genres: Sequence[str], youtube_ids: Sequence[str]
) -> tuple[str, dict]:
    """Return a movie's key and entry in `metadata.json`: the imported one, else a new one.

    Example:
        >>> make_metadata_entry(597, "tt0120338", {}, ["Drama"], ["kVrqfYjkTdQ"])[1]["imdb"]
        {'id': '0120338', 'genres': ['Drama']}
    """
    imported = details.get(FIELD)
    if isinstance(imported, Mapping) and isinstance(imported.get("metadata"), Mapping):
        return str(imported.get("db_id", tmdb_id)), dict(imported["metadata"])
    return f"tmdb-{tmdb_id}", {
        "imdb": {"id": imdb_id.removeprefix("tt"), "genres": list(genres)},
        "youtube": {"trailers": [{"id": youtube_id} for youtube_id in youtube_ids]},
    }


def encode_metadata(entries: Mapping[str, dict]) -> bytes:
    """Encode `metadata.json`."""
    return json.dumps({METADATA_KEY: dict(entries)}, ensure_ascii=False).encode()


def official_mtgc_row(imdb_id: str, details: Mapping) -> list[str | int] | None:
    """Return a movie's row of `mtgc.csv` where the official table was imported; else None.

    Splits of our own are not the official ones, so they are never written here.
    """
    imported = details.get(FIELD)
    if not isinstance(imported, Mapping) or not {"splits", "genres"} <= imported.keys():
        return None
    genres = [int(name in imported["genres"]) for name in GENRES]
    return [imdb_id, *genres, *(imported["splits"][name] for name in SPLITS)]


def encode_mtgc(rows: Iterable[Sequence[str | int]]) -> bytes:
    """Encode `mtgc.csv`."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MTGC_COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


class GroupWriter:
    """Writes one Zarr group, a movie at a time.

    Args:
        folder: Folder of the export.
        name: Name of the group, without `.zarr`.
    """

    def __init__(self, folder: ExportFolder, name: str):
        self._folder, self._place = folder, f"{name}{GROUP_ENDING}"
        self._width: int | None = None

    def write(self, imdb_id: str, array: np.ndarray) -> None:
        """Write a movie's array, float32 (rows, features) or (features,), by its IMDb id.

        Raises:
            DumpError: Its type or number of features differs from the group's.
        """
        import numcodecs
        import zarr

        if array.dtype != np.float32 or array.ndim not in (1, 2) or array.size == 0:
            raise DumpError(f"expected float32 features, got {array.dtype} {array.shape}")
        if self._width is None:
            self._begin(array.shape[-1])
        if array.shape[-1] != self._width:
            raise DumpError(f"{array.shape[-1]} features, expected {self._width} as in the group")
        with self._folder.filling(f"{self._place}/{imdb_id}") as path:
            zarr.create_array(
                str(path),
                data=np.ascontiguousarray(array),
                chunks=array.shape,
                compressors=numcodecs.Blosc(),
                zarr_format=2,
                config={"write_empty_chunks": True},  # zeros are values, not missing ones
                overwrite=True,
            )

    def _begin(self, width: int) -> None:
        self._width = width
        self._folder.write(f"{self._place}/.zgroup", b'{"zarr_format": 2}')
        attributes = json.dumps({WIDTH_ATTRIBUTE: width}).encode()
        self._folder.write(f"{self._place}/.zattrs", attributes)
