"""A Zarr group of Trailers12k as one memory-mapped file, filled one movie at a time."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipeline.core.errors import DumpError
from pipeline.core.ragged import Ragged
from pipeline.crawl.datasets.dump_rows import RejectedRow
from pipeline.crawl.datasets.zarr_groups import ZarrGroup


def pack_group(group: ZarrGroup, imdb_ids: Sequence[str], folder: Path) -> tuple[Ragged, str]:
    """Pack some movies' arrays; never more than one movie is in memory.

    What lies packed in the folder is taken as it is where it holds the same movies of a group that
    has not changed since; it goes by the group's date and what every array's own description says.

    Args:
        group: Of one array (rows, width), or (width,), per movie.
        imdb_ids: ParsedRows of the result, in this order; one that the group lacks has no vectors.
        folder: Holds the packed file, as large as the arrays.

    Returns:
        float32 vectors that stay on the disk, and a hash of them all.

    Raises:
        DumpError: An array is damaged, or the group has none of the movies.
        UnsafeArrayError: An array wants more than numbers.
    """
    members = {name for name in group.members() if not isinstance(name, RejectedRow)}
    wanted = [name if name in members else "" for name in imdb_ids]
    if not any(wanted):
        raise DumpError(f"{group.path} has none of the {len(imdb_ids)} movies wanted")
    sign = _sign(group, wanted)
    values, facts = folder / f"{group.name}.f32", folder / f"{group.name}.json"
    kept = json.loads(facts.read_text()) if facts.is_file() and values.is_file() else {}
    if kept.get("sign") != sign:
        folder.mkdir(parents=True, exist_ok=True)
        facts.unlink(missing_ok=True)
        lengths, digest = _write(group, wanted, values)
        kept = {"sign": sign, "lengths": lengths, "hash": digest}
        facts.write_text(json.dumps(kept))
    offsets = np.concatenate([[0], np.cumsum(kept["lengths"])]).astype(np.int64)
    packed = np.memmap(values, np.float32, "r", shape=(int(offsets[-1]), group.width))
    return Ragged(packed, offsets), kept["hash"]


def _write(group: ZarrGroup, wanted: Sequence[str], path: Path) -> tuple[list[int], str]:
    lengths, digest = [], hashlib.sha256()
    with path.open("wb") as file:
        for imdb_id in wanted:
            array = group.read(imdb_id).reshape(-1, group.width) if imdb_id else None
            content = b"" if array is None else array.tobytes()
            file.write(content)
            digest.update(content)
            lengths.append(0 if array is None else len(array))
    return lengths, digest.hexdigest()


def _sign(group: ZarrGroup, wanted: Sequence[str]) -> str:
    """Hash which movies are wanted, and when their arrays were described."""
    digest = hashlib.sha256(f"{group.path.resolve()} {group.width}".encode())
    for imdb_id in wanted:
        digest.update(f"\x1f{imdb_id}".encode())
        for path in sorted((group.path / imdb_id).glob("*z*arr*")) if imdb_id else ():
            digest.update(f"{path.stat().st_mtime_ns} {path.stat().st_size}".encode())
    return digest.hexdigest()
