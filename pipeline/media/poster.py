"""Facts about a poster file, its RGB array, and its file for reference implementation 000."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.core.errors import PosterError
from pipeline.core.image_inputs import POSTER_SIZE_PX, Fit, make_square
from pipeline.core.outcomes import Reason
from pipeline.media.picture import decode, open_picture, read_orientation

MIN_SIDE_PX = 48
"""Shortest side of a poster; below it the file is a placeholder or a tracking dot."""

POSTER_PX = 224
"""Side of the square that backbones take."""

REFERENCE000_SIZE_PX = (400, 600)
"""Width and height of every poster in its download. Source: reference implementation 000."""

REFERENCE000_QUALITY = 95
"""JPEG quality of exported posters, colour at full resolution: a second encoding should lose
nothing that an object detector depends on."""


@dataclass(frozen=True)
class PosterInfo:
    """Facts about a usable poster: upright size in pixels, Pillow's names of format and mode."""

    width_px: int
    height_px: int
    format: str
    mode: str


def inspect_poster(data: bytes, *, min_side_px: int = MIN_SIDE_PX) -> PosterInfo:
    """Decode a poster, to check that it can be decoded.

    Of a JPEG all coded data are read and only an eighth of the pixels per side are computed: damage
    is in the data, and the check takes a third of the time.

    Args:
        data: The whole file.
        min_side_px: Shortest side allowed.

    Raises:
        PosterError: As `pipeline.media.picture.open_picture`, and `TOO_SMALL`.
    """
    image = open_picture(data)
    if min(image.size) < min_side_px:
        raise PosterError(Reason.TOO_SMALL, f"{image.width}x{image.height} pixels")
    width_px, height_px = image.size
    if read_orientation(image) > 4:
        width_px, height_px = height_px, width_px
    info = PosterInfo(width_px, height_px, str(image.format), image.mode)
    image.draft(None, (1, 1))
    decode(image)
    return info


def load_poster(
    source: Path | bytes,
    *,
    size_px: int = POSTER_PX,
    fit: Fit = Fit.RESIZE,
    rng: np.random.Generator | None = None,
) -> np.ndarray:
    """Load a poster as a square.

    A JPEG is decoded at the smallest of its built-in scales that is not below `size_px`, which
    halves the time.

    Args:
        source: A file, or its content.
        size_px: Side of the square.
        fit: How the square is made; padding is black.
        rng: Chooses the cut of `Fit.RANDOM_CROP`; no other fit uses it.

    Returns:
        uint8 RGB, shape (size_px, size_px, 3).

    Raises:
        PosterError: As `inspect_poster`, save for `TOO_SMALL`.
        ValueError: `Fit.RANDOM_CROP` without `rng`.
    """
    data = source if isinstance(source, bytes) else source.read_bytes()
    image = open_picture(data)
    if fit is not Fit.RANDOM_CROP:
        image.draft("RGB", _size_before_fit(image.size, size_px, fit))
    elif rng is None:
        raise ValueError("Fit.RANDOM_CROP needs rng, a numpy Generator")
    return np.asarray(make_square(decode(image), size_px, fit, rng))


def load_embedded_poster(data: bytes) -> np.ndarray:
    """Load a poster as backbones take it: in the shape of nearly all posters, 2:3.

    Others are stretched to it. A JPEG is decoded at the smallest of its built-in scales that is not
    below the size.

    Args:
        data: The whole file.

    Returns:
        uint8 RGB, shape (336, 224, 3).

    Raises:
        PosterError: As `load_poster`.
    """
    image = open_picture(data)
    image.draft("RGB", POSTER_SIZE_PX)
    return np.asarray(decode(image).resize(POSTER_SIZE_PX, Image.Resampling.BILINEAR))


def load_whole_poster(data: bytes) -> np.ndarray:
    """Load a poster in its own shape and size, for networks that resize it themselves.

    Args:
        data: The whole file.

    Returns:
        uint8 RGB, shape (height, width, 3).

    Raises:
        PosterError: As `inspect_poster`, save for `TOO_SMALL`.
    """
    return np.asarray(decode(open_picture(data)))


def encode_reference000_poster(data: bytes) -> bytes:
    """Encode a poster as reference implementation 000 has them: JPEG, RGB, 400 wide and 600 high.

    The whole poster is stretched to that size. Nearly all posters are 2:3 and keep their shape; the
    others are neither cropped nor padded, and a region of the export is one of the original by two
    factors, width / 400 and height / 600, as `attr_bbox` needs.

    Args:
        data: The file as the store has it.

    Returns:
        The new file; the same for the same bytes.

    Raises:
        PosterError: As `load_poster`.
    """
    file = io.BytesIO()
    _at_reference000_size(data).save(file, "JPEG", quality=REFERENCE000_QUALITY, subsampling=0)
    return file.getvalue()


def load_reference000_poster(data: bytes) -> np.ndarray:
    """Decode a poster at the size of reference implementation 000, which its boxes refer to.

    Args:
        data: The file as the store has it.

    Returns:
        RGB, uint8, shape (600, 400, 3); stretched, see `encode_reference000_poster`.

    Raises:
        PosterError: As `load_poster`.
    """
    return np.asarray(_at_reference000_size(data))


def _at_reference000_size(data: bytes) -> Image.Image:
    image = open_picture(data)
    image.draft("RGB", (max(REFERENCE000_SIZE_PX), max(REFERENCE000_SIZE_PX)))
    rgb = decode(image)
    return (
        rgb
        if rgb.size == REFERENCE000_SIZE_PX
        else rgb.resize(REFERENCE000_SIZE_PX, Image.Resampling.LANCZOS)
    )


def _size_before_fit(size: tuple[int, int], size_px: int, fit: Fit) -> tuple[int, int]:
    """Return the smallest decoded size that loses nothing in the fit, in the picture's ratio."""
    if fit is not Fit.PAD:
        return (size_px, size_px)
    scale = size_px / max(size)
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
