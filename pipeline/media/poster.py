"""A poster file becomes facts about it, a square RGB array, or a file of seed 000's size."""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.core.errors import PosterError
from pipeline.core.image_inputs import Fit, make_square
from pipeline.core.outcomes import Reason
from pipeline.media.picture import decode, open_picture, read_orientation

MIN_SIDE_PX = 48
"""Shortest side of a poster; below it the file is a placeholder or a tracking dot."""

POSTER_PX = 224
"""Side of the square that backbones look at."""

SEED000_SIZE_PX = (400, 600)
"""Width and height of every poster in seed 000's download. Source: seed 000."""

SEED000_QUALITY = 95
"""JPEG quality of exported posters, colour at full resolution: what is encoded a second time
should lose nothing that an object detector sees."""


@dataclass(frozen=True)
class PosterInfo:
    """What a usable poster is: upright size in pixels, Pillow's names of format and mode."""

    width_px: int
    height_px: int
    format: str
    mode: str


def inspect_poster(data: bytes, *, min_side_px: int = MIN_SIDE_PX) -> PosterInfo:
    """Decode a poster, to be sure that it can be.

    Of a JPEG all coded data are read and only an eighth of the pixels per side are made of them:
    what can be wrong with it is in the data, and the check takes a third of the time.

    Args:
        data: The whole file.
        min_side_px: Shortest side allowed.

    Raises:
        PosterError: As `pipeline.media.picture.open_picture`, and `TOO_SMALL`.
    """
    image = open_picture(data)
    if min(image.size) < min_side_px:
        raise PosterError(Reason.TOO_SMALL, f"{image.width}x{image.height} pixels")
    size = image.size[::-1] if read_orientation(image) > 4 else image.size
    info = PosterInfo(*size, str(image.format), image.mode)
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
        rng: Where `Fit.RANDOM_CROP` cuts; no other fit uses it.

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


def load_whole_poster(data: bytes) -> np.ndarray:
    """Load a poster in its own shape and size, for networks that fit it themselves.

    Args:
        data: The whole file.

    Returns:
        uint8 RGB, shape (height, width, 3).

    Raises:
        PosterError: As `inspect_poster`, save for `TOO_SMALL`.
    """
    return np.asarray(decode(open_picture(data)))


def as_seed000_poster(data: bytes) -> bytes:
    """Make a poster's file as seed 000 has them: JPEG, RGB, exactly 400 wide and 600 high.

    The whole poster is stretched to that size. Nearly all posters are 2:3 and are not changed in
    shape; of the others nothing is cut away or framed, and a region found in the export is one of
    the original by two factors, width / 400 and height / 600, as `attr_bbox` needs.

    Args:
        data: The file as the store has it.

    Returns:
        The new file; the same for the same bytes.

    Raises:
        PosterError: As `load_poster`.
    """
    file = io.BytesIO()
    _at_seed000_size(data).save(file, "JPEG", quality=SEED000_QUALITY, subsampling=0)
    return file.getvalue()


def load_seed000_poster(data: bytes) -> np.ndarray:
    """Decode a poster at the size that seed 000 has them and its boxes are in.

    Args:
        data: The file as the store has it.

    Returns:
        RGB, uint8, shape (600, 400, 3); stretched, see `as_seed000_poster`.

    Raises:
        PosterError: As `load_poster`.
    """
    return np.asarray(_at_seed000_size(data))


def _at_seed000_size(data: bytes) -> Image.Image:
    image = open_picture(data)
    image.draft("RGB", tuple(max(SEED000_SIZE_PX) for _ in image.size))
    rgb = decode(image)
    return (
        rgb
        if rgb.size == SEED000_SIZE_PX
        else rgb.resize(SEED000_SIZE_PX, Image.Resampling.LANCZOS)
    )


def _size_before_fit(size: tuple[int, int], size_px: int, fit: Fit) -> tuple[int, int]:
    """Smallest decoded size that loses nothing in the fit; the aspect ratio is the picture's."""
    if fit is not Fit.PAD:
        return (size_px, size_px)
    scale = size_px / max(size)
    return (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
