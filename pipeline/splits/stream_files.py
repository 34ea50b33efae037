"""The files of packed modalities: one array with a row per movie, or sequences one behind the
other.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.core.errors import FeatureError
from pipeline.splits.features import OFFSETS

Arrays = Mapping[int, np.ndarray]
"""Arrays by TMDB id; may read each one from disk when it is asked for."""


@dataclass(frozen=True)
class Packed:
    """One modality in its file.

    Attributes:
        name: Of the modality.
        mask: bool (movies,): which movies have it.
        entry: Of the manifest; empty where no movie has it and there is no file.
        content: Hash of what was written.
    """

    name: str
    mask: np.ndarray
    entry: Mapping[str, Any]
    content: str


def pack_stream(made: Path, name: str, found: Arrays, ids: Sequence[int]) -> Packed:
    """Write arrays of one shape, zeros where a movie has none.

    Raises:
        FeatureError: Shapes differ.
    """
    mask = np.array([tmdb_id in found for tmdb_id in ids], dtype=bool)
    if not mask.any():
        return Packed(name, mask, {}, "")
    first = found[ids[int(mask.argmax())]]
    shape = (len(ids), *first.shape)
    values = np.lib.format.open_memmap(made / f"{name}.npy", "w+", first.dtype, shape)
    digest = hashlib.sha256(f"{name} {first.dtype} {first.shape}".encode())
    for row in np.flatnonzero(mask).tolist():
        values[row] = _checked(name, found, ids[row], first.shape)
        digest.update(values[row].tobytes())
    values.flush()
    entry = {"kind": "array", "shape": list(shape), "dtype": str(first.dtype)}
    return Packed(name, mask, entry, digest.hexdigest())


def pack_sequence(made: Path, name: str, found: Arrays, ids: Sequence[int]) -> Packed:
    """Write arrays (length, width) one behind the other; see `pipeline.core.ragged`.

    The header, whose size does not depend on the length, is written again at the end.

    Raises:
        FeatureError: Widths differ.
    """
    mask = np.array([tmdb_id in found for tmdb_id in ids], dtype=bool)
    if not mask.any():
        return Packed(name, mask, {}, "")
    first = found[ids[int(mask.argmax())]]
    digest = hashlib.sha256(f"{name} {first.dtype} {first.shape[1:]}".encode())
    lengths = np.zeros(len(ids), dtype=np.int64)
    with (made / f"{name}.npy").open("wb") as file:
        _write_header(file, first, 0)
        for row in np.flatnonzero(mask).tolist():
            part = np.ascontiguousarray(_checked(name, found, ids[row], first.shape[1:], 1))
            lengths[row] = len(part)
            file.write(part.tobytes())
            digest.update(part.tobytes())
        file.seek(0)
        _write_header(file, first, int(lengths.sum()))
    np.save(made / f"{name}{OFFSETS}", np.concatenate([[0], np.cumsum(lengths)]))
    entry = {
        "kind": "sequence",
        "shape": [int(lengths.sum()), *first.shape[1:]],
        "dtype": str(first.dtype),
    }
    return Packed(name, mask, entry, digest.hexdigest())


def _write_header(file: Any, first: np.ndarray, total: int) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(first.dtype),
        "fortran_order": False,
        "shape": (total, *first.shape[1:]),
    }
    np.lib.format.write_array_header_1_0(file, header)


def _checked(
    name: str, found: Arrays, tmdb_id: int, shape: tuple[int, ...], start: int = 0
) -> np.ndarray:
    item = found[tmdb_id]
    if item.shape[start:] != shape:
        raise FeatureError(
            f"stream {name!r}: expected shape {shape} for movie {tmdb_id}, got "
            f"{item.shape[start:]}; embeddings of two backbones are mixed, build them again"
        )
    return item
