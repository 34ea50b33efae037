"""Read Trailers12k: metadata, genres with the official splits, and features as Zarr groups.

Source: reference implementation 002.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.trailers12k_tables import ParsedFile, read_metadata, read_mtgc
from pipeline.crawl.datasets.zarr_groups import ZarrGroup, is_group, open_group
from pipeline.crawl.datasets.zarr_guard import UnsafeArrayError
from pipeline.layouts.trailers12k_layout import FIELD, GROUP_ENDING, METADATA, MTGC_NAMES

KIND = "trailers12k"


def read(path: Path) -> ParsedRows:
    """Read the files of Trailers12k that exist; any of them is enough.

    Each movie has one `AcceptedRow`, by IMDb id: YouTube ids as videos, in order; the entry of
    `metadata.json`, genres and splits under `marquee_trailers12k`; and an array per group as
    `<group>/{tmdb_id}.npy` in `files`, where the importer inserts the movie's id. Arrays are
    read one by one.

    Args:
        path: The folder, or one of `metadata.json`, `mtgc.csv` and a `.zarr` folder.

    Yields:
        `RejectedRow` for malformed rows and files; other data of the movie are accepted.

    Raises:
        DumpError: There is no file of Trailers12k.
    """
    metadata, mtgc, groups = _find(path)
    tables = [
        read_metadata(metadata) if metadata else ParsedFile(),
        read_mtgc(mtgc) if mtgc else ParsedFile(),
    ]
    for table in tables:
        yield from table.rejected
    members: dict[str, list[ZarrGroup]] = {}
    for group in groups:
        yield from _open(group, members)
    for imdb_id in dict.fromkeys([*tables[0].rows, *tables[1].rows, *members]):
        yield from _parse_movie(imdb_id, tables, members.get(imdb_id, []))


def _find(path: Path) -> tuple[Path | None, Path | None, list[Path]]:
    if path.is_file():
        if path.suffix == ".json":
            return path, None, []
        if path.suffix in (".csv", ".gz"):
            return None, path, []
    if path.is_dir():
        if is_group(path) or path.name.endswith(GROUP_ENDING):
            return None, None, [path]
        metadata = path / METADATA if (path / METADATA).is_file() else None
        tables = [path / name for name in MTGC_NAMES if (path / name).is_file()]
        groups = sorted(path.glob(f"*{GROUP_ENDING}"))
        if metadata or tables or groups:
            return metadata, tables[0] if tables else None, groups
    raise DumpError(
        f"{path} holds nothing of Trailers12k: looked for {METADATA}, {MTGC_NAMES[0]} and folders "
        f"that end in {GROUP_ENDING}. Pass the folder that the download was unpacked into."
    )


def _open(path: Path, members: dict[str, list[ZarrGroup]]) -> Iterator[RejectedRow]:
    """Open a group, and collect the movies that have an array in it."""
    try:
        group = open_group(path)
    except UnsafeArrayError as error:
        yield RejectedRow(path.name, RejectionReason.UNSAFE, str(error))
        return
    except DumpError as error:
        yield RejectedRow(path.name, RejectionReason.MALFORMED, str(error))
        return
    for member in group.members():
        if isinstance(member, RejectedRow):
            yield member
        else:
            members.setdefault(member, []).append(group)


def _parse_movie(imdb_id: str, tables: list[ParsedFile], groups: list[ZarrGroup]) -> ParsedRows:
    places: list[str] = []
    kept: dict[str, Any] = {}
    for table in tables:
        if imdb_id in table.rows:
            where, row = table.rows[imdb_id]
            places.append(where)
            kept |= row
    files: dict[str, Path | bytes] = {}
    for group in groups:
        where = f"{group.path.name}/{imdb_id}"
        try:
            files[f"{group.name}/{{tmdb_id}}.npy"] = _npy(group.read(imdb_id))
            places.append(where)
        except UnsafeArrayError as error:
            yield RejectedRow(where, RejectionReason.UNSAFE, str(error))
        except DumpError as error:
            yield RejectedRow(where, RejectionReason.MALFORMED, str(error))
    if places:
        yield AcceptedRow(", ".join(places), _fields(imdb_id, kept), imdb_id=imdb_id, files=files)


def _fields(imdb_id: str, kept: dict[str, Any]) -> dict[str, object]:
    youtube_ids = kept.pop("youtube_ids", [])
    fields: dict[str, object] = {"imdb_id": imdb_id}
    if youtube_ids:
        results = [{"key": key, "site": "YouTube", "type": "Trailer"} for key in youtube_ids]
        fields["videos"] = {"results": results}
    return fields | ({FIELD: kept} if kept else {})


def _npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()
