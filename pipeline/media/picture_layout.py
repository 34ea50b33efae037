"""The layout of a JPEG, PNG or WebP file: its format, its size, and where it ends."""

import re
from dataclasses import dataclass
from typing import Literal

JPEG, PNG, WEBP = "JPEG", "PNG", "WEBP"

_JPEG_MAGIC = b"\xff\xd8"
_PNG_MAGIC = b"\x89PNG\r\n\x1a\n"

_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
"""Next marker of a JPEG: inside coded data, `FF 00` is a byte and `FF D0` to `FF D7` a restart."""

_JPEG_END = 0xD9
_BARE_MARKERS = (0x01, 0xD8)
"""Markers that no length follows."""

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers that begin a frame, baseline to arithmetic coded: they hold the size."""


@dataclass(frozen=True)
class Layout:
    """The layout of a picture file.

    Attributes:
        format: `JPEG`, `PNG` or `WEBP`.
        width_px, height_px: Size; 0 where the file ends before it.
        end: Offset behind the last byte of the picture, or None where the file ends before it.
    """

    format: str
    width_px: int
    height_px: int
    end: int | None


def read_layout(data: bytes) -> Layout | None:
    """Read the layout of a picture file; None where it is none of the three formats.

    A file too short to decide is taken for the first format that it may become.

    Example:
        >>> read_layout(b"<html>") is None
        True
        >>> read_layout(b"RIFF")
        Layout(format='WEBP', width_px=0, height_px=0, end=None)
    """
    if _begins(data, _JPEG_MAGIC):
        return _read_jpeg(data)
    if _begins(data, _PNG_MAGIC):
        return _read_png(data)
    if _begins(data[:4], b"RIFF") and _begins(data[8:12], b"WEBP"):
        return _read_webp(data)
    return None


def _begins(data: bytes, magic: bytes) -> bool:
    """Whether the data begin with the magic, or are cut off within it."""
    return data[: len(magic)] == magic[: len(data)]


def _number(data: bytes, at: int, count: int, order: Literal["big", "little"] = "big") -> int:
    return int.from_bytes(data[at : at + count], order)


def _read_jpeg(data: bytes) -> Layout:
    width_px = height_px = 0
    at = len(_JPEG_MAGIC)
    while found := _MARKER.search(data, at):
        at, code = found.end(), data[found.end() - 1]
        if code == _JPEG_END:
            return Layout(JPEG, width_px, height_px, at)
        if code in _BARE_MARKERS:
            continue
        if code in _JPEG_FRAMES:
            height_px, width_px = _number(data, at + 3, 2), _number(data, at + 5, 2)
        at += max(2, _number(data, at, 2))  # a length counts its own two bytes
    return Layout(JPEG, width_px, height_px, None)


def _read_png(data: bytes) -> Layout:
    width_px, height_px = _number(data, 16, 4), _number(data, 20, 4)
    at = len(_PNG_MAGIC)
    while at + 12 <= len(data):  # every chunk has a length, a name and a checksum
        name = data[at + 4 : at + 8]
        at += 12 + _number(data, at, 4)
        if name == b"IEND" and at <= len(data):
            return Layout(PNG, width_px, height_px, at)
    return Layout(PNG, width_px, height_px, None)


def _read_webp(data: bytes) -> Layout:
    width_px, height_px = _webp_size(data)
    length = _number(data, 4, 4, "little")
    end = 8 + length
    if len(data) < max(end, 12):
        return Layout(WEBP, width_px, height_px, None)
    return Layout(WEBP, width_px, height_px, min(len(data), end + length % 2))


def _webp_size(data: bytes) -> tuple[int, int]:
    """Read the size of the canvas from whichever of the three first chunks there is."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + _number(data, 24, 3, "little"), 1 + _number(data, 27, 3, "little")
    if kind == b"VP8L":
        bits = _number(data, 21, 4, "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return _number(data, 26, 2, "little") & 0x3FFF, _number(data, 28, 2, "little") & 0x3FFF
