"""Posters and trailers that are given: by file, by address or by content."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError

_SCHEMES = ("https://", "http://")
_ALLOWED = "the path of a file, or an address that begins with https:// or http://"


@dataclass(frozen=True)
class MediaUrl:
    """The http(s) address of a poster or trailer."""

    address: str


def read_file(name: str, value: Any) -> Path | MediaUrl:
    """Read a path or an address.

    Raises:
        InputError: It is neither, or there is no such file.
    """
    if isinstance(value, MediaUrl):
        return value
    if isinstance(value, str) and value.lower().startswith(_SCHEMES):
        return MediaUrl(value)
    path = Path(value) if isinstance(value, str | Path) else None
    if path is None or not path.is_file():
        raise InputError(name, f"there is no file {str(value)[:200]!r}", _ALLOWED)
    return path


def read_file_or_bytes(name: str, value: Any) -> Path | bytes | MediaUrl:
    """Read a path, an address or the content itself; errors as for `read_file`."""
    return value if isinstance(value, bytes) else read_file(name, value)
