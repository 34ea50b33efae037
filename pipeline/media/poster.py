"""A poster file becomes facts about it and a square RGB array.

What belongs here: what makes a file a usable poster, and its four sides. What does not: downloads,
backbones.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from pipeline.errors import PosterError
from pipeline.outcomes import Reason

FORMATS = ("JPEG", "PNG", "WEBP")
"""What the image hosts serve; anything else under a poster's name is a mistake."""

MIN_SIDE_PX = 48
"""Shortest side of a poster; below it the file is a placeholder or a tracking dot."""

MAX_PIXELS = 50_000_000
"""Largest poster decoded; the largest originals have about 24 million pixels."""

POSTER_PX = 224
"""Side of the square that backbones look at."""

_END_MARKS = {b"\xff\xd8": b"\xff\xd9", b"\x89P": b"IEND\xaeB`\x82"}
_DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, struct.error,
    zlib.error,
)  # fmt: skip
"""All that Pillow's decoders were seen to raise for damaged files."""


class Fit(StrEnum):
    """How a poster of 2:3 becomes a square. Source: seed 003."""

    RESIZE = "resize"
    CENTRE_CROP = "centre_crop"
    PAD = "pad"


@dataclass(frozen=True)
class PosterInfo:
    """What a usable poster is: size in pixels, Pillow's names of its format and colour mode."""

    width_px: int
    height_px: int
    format: str
    mode: str


def inspect_poster(data: bytes, *, min_side_px: int = MIN_SIDE_PX) -> PosterInfo:
    """Decode a poster completely, to be sure that it can be.

    Args:
        data: The whole file.
        min_side_px: Shortest side allowed.

    Raises:
        PosterError: `MALFORMED` for an empty or damaged file, `WRONG_TYPE` for a web page, another
            format or an animation, `CUT_OFF` for one without its end, `TOO_SMALL`, `TOO_LARGE`.
    """
    image = _open(data)
    if min(image.size) < min_side_px:
        raise PosterError(Reason.TOO_SMALL, f"{image.width}x{image.height} pixels")
    info = PosterInfo(image.width, image.height, str(image.format), image.mode)
    _decode(image, data)
    return info


def load_poster(
    source: Path | bytes, *, size_px: int = POSTER_PX, fit: Fit = Fit.RESIZE
) -> np.ndarray:
    """Load a poster as a square.

    A JPEG is decoded at the smallest of its built-in scales that is not below `size_px`, which
    halves the time.

    Args:
        source: A file, or its content.
        size_px: Side of the square.
        fit: How the square is made; padding is black.

    Returns:
        uint8 RGB, shape (size_px, size_px, 3).

    Raises:
        PosterError: As `inspect_poster`, save for `TOO_SMALL`.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    image = _open(data)
    image.draft("RGB", _size_before_fit(image.size, size_px, fit))
    rgb = _decode(image, data)
    square = (size_px, size_px)
    if fit is Fit.CENTRE_CROP:
        rgb = ImageOps.fit(rgb, square, Image.Resampling.BILINEAR)
    elif fit is Fit.PAD:
        rgb = ImageOps.pad(rgb, square, Image.Resampling.BILINEAR)
    else:
        rgb = rgb.resize(square, Image.Resampling.BILINEAR)
    return np.asarray(rgb)


def _open(data: bytes) -> Image.Image:
    """Read the header and refuse what it already shows to be unusable."""
    if not data:
        raise PosterError(Reason.MALFORMED, "wanted a picture, got an empty file")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as err:
        raise PosterError(Reason.TOO_LARGE, str(err)) from err
    except UnidentifiedImageError as err:
        raise PosterError(_unidentified(data), f"not a picture: begins with {data[:16]!r}") from err
    except _DAMAGE as err:
        raise PosterError(_damage(data), f"header cannot be read: {err}") from err
    if image.width * image.height > MAX_PIXELS:
        raise PosterError(Reason.TOO_LARGE, f"{image.width}x{image.height} pixels")
    if getattr(image, "n_frames", 1) > 1:
        raise PosterError(Reason.WRONG_TYPE, f"an animation of {image.n_frames} pictures")
    return image


def _decode(image: Image.Image, data: bytes) -> Image.Image:
    try:
        return image.convert("RGB")
    except _DAMAGE as err:
        raise PosterError(_damage(data), f"cannot be decoded: {err}") from err


def _unidentified(data: bytes) -> Reason:
    """A header too damaged to be known is damage only where it begins like a picture."""
    return _damage(data) if data[:2] in _END_MARKS else Reason.WRONG_TYPE


def _damage(data: bytes) -> Reason:
    """Tell a file without its end from one that is damaged within."""
    end = _END_MARKS.get(data[:2])
    return Reason.CUT_OFF if end and end not in data[-64:] else Reason.MALFORMED


def _size_before_fit(size: tuple[int, int], size_px: int, fit: Fit) -> tuple[int, int]:
    """Smallest decoded size that loses nothing in the fit; the aspect ratio is the picture's."""
    if fit is not Fit.PAD:
        return (size_px, size_px)
    scale = size_px / max(size)
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
