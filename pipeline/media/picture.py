"""Picture files, checked and decoded to upright RGB pixels, or rejected with one error.

Colours are taken as they are numbered: embedded colour profiles are not applied.
"""

import io
import struct
import threading
import zlib
from contextlib import nullcontext

import numpy as np
from PIL import Image, ImageChops, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from pipeline.core.errors import PosterError
from pipeline.core.outcomes import Reason
from pipeline.media.picture_layout import JPEG, PNG, WEBP, Layout, read_layout

FORMATS = (JPEG, PNG, WEBP)
"""Formats that the image hosts serve; anything else is rejected."""

MAX_PIXELS = 50_000_000
"""Largest picture decoded; the largest originals have about 24 million pixels."""

LARGE_PIXELS = 12_000_000
"""Pictures above this are decoded one at a time, so that a host cannot fill the memory with the
threads' 4 bytes a pixel."""

BACKGROUND = "white"
"""Colour behind transparent pixels, as on a page; the colour stored in them is often garbage."""

_DAMAGE = (
    OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError, OverflowError, TypeError,
    struct.error, zlib.error,
)  # fmt: skip
"""All that Pillow's decoders were observed to raise for damaged files."""

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Transposition by EXIF's orientation. Source: EXIF 2.32, tag 0x0112."""

_ORIENTATION = 0x0112
_large_one = threading.Lock()


def open_picture(data: bytes) -> Image.Image:
    """Read the header, and reject a file that it, or the file's layout, shows to be unusable.

    What follows the picture's end, such as a phone's second picture or its video, is not read.

    Args:
        data: The whole file.

    Returns:
        The picture, not yet decoded.

    Raises:
        PosterError: `MALFORMED` for an empty or damaged file; `WRONG_TYPE` for a web page,
            another format or an animation; `CUT_OFF` for one without its end; `TOO_LARGE`, before
            anything is allocated.
    """
    layout = _check_layout(data)
    file = io.BytesIO(data[: layout.end])
    try:
        if layout.format == JPEG:
            image = JpegImageFile(file)  # Image.open would look for the further pictures of an MPO
        else:
            image = Image.open(file, formats=FORMATS)
        count = getattr(image, "n_frames", 1)
    except (*_DAMAGE, UnidentifiedImageError) as err:
        raise PosterError(Reason.MALFORMED, f"header cannot be read: {_brief(err)}") from err
    if count > 1:
        raise PosterError(Reason.WRONG_TYPE, f"{count} pictures in one file, an animation perhaps")
    return image


def decode(image: Image.Image) -> Image.Image:
    """Decode an opened picture completely: RGB, upright, transparent parts on `BACKGROUND`.

    A 16-bit grey keeps its upper 8 bits. CMYK becomes RGB without a profile, as in browsers.

    Raises:
        PosterError: `MALFORMED`.
    """
    try:
        with _large_one if _coded_pixels(image) > LARGE_PIXELS else nullcontext():
            image.load()
            return _turn(_flatten(image), read_orientation(image))
    except _DAMAGE as err:
        raise PosterError(Reason.MALFORMED, f"cannot be decoded: {_brief(err)}") from err


def read_orientation(image: Image.Image) -> int:
    """Return EXIF's orientation, 1 to 8; 1 where there is none or it cannot be read."""
    if "exif" not in image.info and "Raw profile type exif" not in image.info:
        return 1
    try:
        orientation = image.getexif().get(_ORIENTATION)
    except (*_DAMAGE, Warning):
        return 1  # the pixels are whole all the same
    return orientation if orientation in _TURNS else 1


def _check_layout(data: bytes) -> Layout:
    if not data:
        raise PosterError(Reason.MALFORMED, "expected a picture, got an empty file")
    layout = read_layout(data)
    if layout is None:
        raise PosterError(
            Reason.WRONG_TYPE, f"neither JPEG, PNG nor WebP: begins with {data[:16]!r}"
        )
    if layout.width_px * layout.height_px > MAX_PIXELS:
        raise PosterError(Reason.TOO_LARGE, f"{layout.width_px}x{layout.height_px} pixels")
    if layout.end is None:
        raise PosterError(Reason.CUT_OFF, f"{len(data)} bytes of a {layout.format} without its end")
    return layout


def _coded_pixels(image: Image.Image) -> int:
    """Count the pixels of the file; a JPEG may be decoded to fewer, by a scale per side."""
    scale = (getattr(image, "decoderconfig", ()) or (1,))[0]
    return image.width * image.height * scale**2


def _flatten(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.mode == "CMYK" and "adobe" not in image.info:
        image = ImageChops.invert(image)  # Pillow takes every CMYK for Adobe's, which is inverted
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    picture = image.convert("RGBA")
    background = Image.new("RGBA", picture.size, BACKGROUND)
    return Image.alpha_composite(background, picture).convert("RGB")


def _turn(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(_TURNS[orientation]) if orientation != 1 else image


def _brief(err: Exception) -> str:
    return f"{type(err).__name__}: {err}"[:120]
