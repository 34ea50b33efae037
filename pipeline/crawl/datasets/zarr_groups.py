"""Read a Zarr group of Trailers12k: one float32 array per movie, in format 2 or 3."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from pipeline.core.errors import DumpError
from pipeline.core.movie_ids import IMDB_ID
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason
from pipeline.crawl.datasets.zarr_guard import UnsafeArrayError, check_array, read_meta
from pipeline.layouts.trailers12k_layout import (
    GROUP_ENDING,
    WIDTH_ATTRIBUTE,
    is_group_name,
)

_DAMAGE = (
    OSError, ValueError, TypeError, KeyError, IndexError, RuntimeError, EOFError, BufferError,
    MemoryError, zlib.error,
)  # fmt: skip
"""Errors that zarr and its codecs raise for damaged arrays."""


@dataclass(frozen=True)
class ZarrGroup:
    """One Zarr group.

    Attributes:
        path: Its folder.
        name: Name without `.zarr`, also that of a folder of the store.
        zarr_format: 2 or 3.
        width: Number of features, from the group's attribute.
    """

    path: Path
    name: str
    zarr_format: Literal[2, 3]
    width: int

    def members(self) -> Iterator[str | RejectedRow]:
        """Yield the IMDb id of every array, in order; other names are rejected."""
        for path in sorted(self.path.iterdir()):
            if path.name.startswith(".") or path.name == "zarr.json":
                continue
            where = f"{self.path.name}/{path.name}"
            if path.is_symlink():
                yield RejectedRow(where, RejectionReason.UNSAFE, "it is a link to another place")
            elif IMDB_ID.fullmatch(path.name) and path.is_dir():
                yield path.name
            else:
                yield RejectedRow(
                    where, RejectionReason.NO_ID, "expected an array named by an IMDb id"
                )

    def read(self, imdb_id: str) -> np.ndarray:
        """Read one movie's array.

        Returns:
            float32, shape (rows, width) or (width,).

        Raises:
            UnsafeArrayError: It holds more than numbers.
            DumpError: It is damaged, has another type or width, or a value that is no number.
        """
        folder = self.path / imdb_id
        layout = check_array(folder, self.zarr_format)
        if layout.shape[-1] != self.width:
            raise DumpError(
                f"{layout.shape[-1]} features, expected {self.width} from the attribute "
                f"{WIDTH_ATTRIBUTE} of the group"
            )
        array = self._open(folder)
        if not np.isfinite(array).all():
            raise DumpError("it holds values that are no numbers")
        return array

    def _open(self, folder: Path) -> np.ndarray:
        import zarr

        try:
            array = zarr.open_array(str(folder), mode="r", zarr_format=self.zarr_format)[...]
        except _DAMAGE as error:
            raise DumpError(f"it cannot be unpacked ({type(error).__name__})") from None
        return np.ascontiguousarray(array, dtype="<f4")


def is_group(path: Path) -> bool:
    """Return whether a folder is a Zarr group, whatever its name."""
    return (path / ".zgroup").is_file() or (
        (path / "zarr.json").is_file() and not (path / ".zarray").exists()
    )


def open_group(path: Path) -> ZarrGroup:
    """Open a group.

    Raises:
        UnsafeArrayError: It is a link to another place.
        DumpError: It is no group, its name is unsafe for a folder, or the number of features is
            missing.
    """
    name = path.name.removesuffix(GROUP_ENDING)
    if path.is_symlink():
        raise UnsafeArrayError("it is a link to another place")
    if not path.is_dir():
        raise DumpError("expected a folder: unpack it first")
    if not is_group(path):
        raise DumpError("it holds neither .zgroup nor zarr.json: is it unpacked completely?")
    if not is_group_name(name):
        raise DumpError("its name must be of letters, digits, dots, dashes and underscores")
    if (path / ".zgroup").is_file():
        zarr_format, attributes = 2, read_meta(path / ".zattrs")
    else:
        meta = read_meta(path / "zarr.json")
        zarr_format, attributes = 3, meta.get("attributes")
        if meta.get("node_type") != "group" or not isinstance(attributes, dict):
            raise DumpError("zarr.json describes no group with attributes")
    width = attributes.get(WIDTH_ATTRIBUTE)
    if type(width) is not int or width < 1:
        raise DumpError(f"its attribute {WIDTH_ATTRIBUTE} is {str(width)[:40]}, expected a number")
    return ZarrGroup(path, name, zarr_format, width)
