"""Read and check single files of reference implementation 000's folders."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.safe_pickle import load_plain
from pipeline.layouts.attr_bbox import Region, parse_attr_bbox
from pipeline.layouts.npy_header import HEAD_BYTES, parse_npy_header
from pipeline.layouts.reference000_layout import FEATURE_CHANNELS, FEATURE_SIDES

MAX_DICT_BYTES = 32 * 1024 * 1024
MAX_POSTER_BYTES = 32 * 1024 * 1024
MAX_TEXT_BYTES = 4 * 1024 * 1024
MAX_OBJECTS = 1000
"""Largest number of objects on one poster; the original detector finds at most some dozens."""

_FLOATS = ("<f4", "<f2", "<f8")
_CHECKED_AT_ONCE = 2_000_000


def read_response(path: Path, tmdb_id: int) -> dict:
    """Read one of TMDB's responses, a dict in a `.npy` file.

    Raises:
        UnsafePickleError: Its pickle requests anything but data.
        DumpError: It cannot be read, or is about another movie.
    """
    response = read_npy_dict(_bytes(path, MAX_DICT_BYTES))
    found_id = response.get("id", tmdb_id)
    if found_id != tmdb_id or isinstance(found_id, bool):
        raise DumpError(f"it is of movie {str(found_id)[:40]}, expected {tmdb_id} from its name")
    return response


def read_npy_dict(data: bytes) -> dict:
    """Read the dict of one `.npy` file without calling anything that its pickle names.

    Args:
        data: The whole file, as `np.save` wrote it.

    Raises:
        UnsafePickleError: Its pickle requests anything but data.
        DumpError: It is no such file.
    """
    header = parse_npy_header(data)
    if header.descr not in ("|O", "O") or header.shape != ():
        raise DumpError(f"expected one dict, got an array {header.descr} of shape {header.shape}")
    return load_plain(data[header.offset :])


def check_poster(path: Path) -> int:
    """Check that a file begins like a JPEG; it is decoded when it is used.

    Returns:
        1, the number of posters.

    Raises:
        DumpError: It does not.
    """
    head = _bytes(path, MAX_POSTER_BYTES, only=3)
    if head != b"\xff\xd8\xff":
        raise DumpError(f"no JPEG: it begins with {head!r}")
    return 1


def check_features(path: Path) -> int:
    """Check that a file holds finite ROI features, and return the number of objects.

    Raises:
        DumpError: It has another type or shape, is truncated, or has values that are no numbers.
    """
    header = parse_npy_header(_bytes(path, None, only=HEAD_BYTES))
    if header.descr not in _FLOATS or header.is_fortran:
        raise DumpError(f"expected float32 in C order, got {header.descr}")
    sides = {(FEATURE_CHANNELS, side, side) for side in FEATURE_SIDES}
    if len(header.shape) != 4 or header.shape[1:] not in sides or header.shape[0] > MAX_OBJECTS:
        raise DumpError(f"expected shape (objects, 2048, 7, 7) or (…, 4, 4), got {header.shape}")
    expected = header.offset + header.items * int(header.descr[2])
    if path.stat().st_size != expected:
        raise DumpError(f"it has {path.stat().st_size} bytes, expected {expected} from its header")
    if header.items:
        values = np.memmap(path, header.descr, "r", header.offset, (header.items,))
        for start in range(0, header.items, _CHECKED_AT_ONCE):
            if not np.isfinite(values[start : start + _CHECKED_AT_ONCE]).all():
                raise DumpError("it holds values that are no numbers")
    return header.shape[0]


def read_regions(path: Path) -> list[Region]:
    """Read the regions of one poster.

    Raises:
        DumpError: A line is malformed.
    """
    try:
        return parse_attr_bbox(_bytes(path, MAX_TEXT_BYTES).decode("utf-8"))
    except UnicodeDecodeError as error:
        raise DumpError(f"not UTF-8 at byte {error.start}") from None


def join_folders(folders: Mapping[str, dict]) -> dict[str, object]:
    """Join `basics`, `keywords` and `credits` into one response, as TMDB appends them.

    Example:
        >>> join_folders({"basics": {"id": 5}, "keywords": {"id": 5, "keywords": []}})
        {'id': 5, 'keywords': {'keywords': []}}
    """
    fields = dict(folders.get("basics", {}))
    for name in ("keywords", "credits"):
        if name in folders:
            fields[name] = {key: value for key, value in folders[name].items() if key != "id"}
    return fields


def _bytes(path: Path, at_most: int | None, *, only: int = -1) -> bytes:
    try:
        if not path.is_file():
            raise DumpError("expected a file")
        size = path.stat().st_size
        if at_most is not None and size > at_most:
            raise DumpError(f"it has {size} bytes, and {at_most} at most are read")
        with path.open("rb") as handle:
            return handle.read(only)
    except OSError as error:
        raise DumpError(f"it cannot be read ({error.strerror or error})") from None
