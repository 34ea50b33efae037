"""Pack a Zarr group of Trailers12k into one memory-mapped file, one movie at a time."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import DumpError
from pipeline.core.ragged import Ragged
from pipeline.crawl.datasets.dump_rows import RejectedRow
from pipeline.crawl.datasets.zarr_groups import ZarrGroup


def pack_group(group: ZarrGroup, imdb_ids: Sequence[str], folder: Path) -> tuple[Ragged, str]:
    """Pack some movies' arrays; never more than one movie is in memory.

    A packed file in the folder is reused where it holds the same movies of an unchanged group, by
    the modification times and sizes of the metadata of all arrays.

    Args:
        group: Of one array (rows, width), or (width,), per movie.
        imdb_ids: ParsedRows of the result, in this order; one that the group lacks has no vectors.
        folder: Holds the packed file, as large as the arrays.

    Returns:
        float32 vectors that stay on the disk, and a hash of them all.

    Raises:
        DumpError: An array is damaged, or the group has none of the movies.
        UnsafeArrayError: An array holds more than numbers.
    """
    members = {name for name in group.members() if not isinstance(name, RejectedRow)}
    requested = [name if name in members else "" for name in imdb_ids]
    if not any(requested):
        raise DumpError(f"{group.path} has none of the {len(imdb_ids)} requested movies")
    fingerprint = _fingerprint(group, requested)
    values, facts = folder / f"{group.name}.f32", folder / f"{group.name}.json"
    kept: dict[str, Any] = (
        json.loads(facts.read_text()) if facts.is_file() and values.is_file() else {}
    )
    if kept.get("sign") != fingerprint:
        folder.mkdir(parents=True, exist_ok=True)
        facts.unlink(missing_ok=True)
        lengths, digest = _write(group, requested, values)
        kept = {"sign": fingerprint, "lengths": lengths, "hash": digest}
        facts.write_text(json.dumps(kept))
    offsets = np.concatenate([[0], np.cumsum(kept["lengths"])]).astype(np.int64)
    packed = np.memmap(values, np.float32, "r", shape=(int(offsets[-1]), group.width))
    return Ragged(packed, offsets), kept["hash"]


def _write(group: ZarrGroup, requested: Sequence[str], path: Path) -> tuple[list[int], str]:
    lengths, digest = [], hashlib.sha256()
    with path.open("wb") as file:
        for imdb_id in requested:
            array = group.read(imdb_id).reshape(-1, group.width) if imdb_id else None
            content = b"" if array is None else array.tobytes()
            file.write(content)
            digest.update(content)
            lengths.append(0 if array is None else len(array))
    return lengths, digest.hexdigest()


def _fingerprint(group: ZarrGroup, requested: Sequence[str]) -> str:
    """Hash the requested movies, and the times and sizes of their arrays' metadata."""
    digest = hashlib.sha256(f"{group.path.resolve()} {group.width}".encode())
    for imdb_id in requested:
        digest.update(f"\x1f{imdb_id}".encode())
        for path in sorted((group.path / imdb_id).glob("*z*arr*")) if imdb_id else ():
            digest.update(f"{path.stat().st_mtime_ns} {path.stat().st_size}".encode())
    return digest.hexdigest()
