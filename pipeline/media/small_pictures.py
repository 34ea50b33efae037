"""Small pictures of what was made of a movie, drawn and encoded within a number of bytes."""

import io
import logging
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipeline.layouts.attr_bbox import Region
from pipeline.media.picture import decode, open_picture
from pipeline.media.poster import REFERENCE000_SIZE_PX, load_reference000_poster

LOG = logging.getLogger("marquee")

FILE_BYTES = 11_500
"""Most bytes of an encoded picture: in base64 15.4 kB, which leaves 4.6 of an event's 20 kB."""

POSTER_SIZE_PX = (200, 300)
BOXES_SIZE_PX = (240, 360)
"""Largest width and height; names of objects need more room than a poster alone."""

KEPT_COLUMNS, KEPT_REDUCTION = 6, 3
SAMPLED_COLUMNS, SAMPLED_REDUCTION = 10, 5
"""Frames in a row, and by how much each is reduced: 224 pixels become 75 and 45."""

DIMMED = 0.35
"""Brightness of a frame that was not kept."""

REASON_SIZE_PX = 9

WAVEFORM_SIZE_PX = (480, 96)

BOX_COLOUR, TEXT_COLOUR = "#ffd400", "black"

QUALITIES = (75, 50, 35)
"""JPEG qualities in the order in which they are tried, before the picture is made smaller."""

SMALLEST_SIDE_PX = 16


def shrink_poster(data: bytes) -> Image.Image:
    """Decode a poster at the size of a thumbnail, in its own shape.

    Args:
        data: The whole file.

    Raises:
        PosterError: As `pipeline.media.picture.open_picture`.
    """
    image = open_picture(data)
    image.draft("RGB", POSTER_SIZE_PX)
    return _fit(decode(image), POSTER_SIZE_PX)


def draw_boxes(data: bytes, regions: Iterable[Region]) -> Image.Image:
    """Draw the objects of a poster on it: a box each, with its name.

    Args:
        data: The poster's file.
        regions: The objects, in pixels of a poster of 400x600.

    Raises:
        PosterError: As `pipeline.media.picture.open_picture`.
    """
    picture = _fit(Image.fromarray(load_reference000_poster(data)), BOXES_SIZE_PX)
    scale, pen = picture.width / REFERENCE000_SIZE_PX[0], ImageDraw.Draw(picture)
    for region in regions:
        left, top, right, bottom = (side * scale for side in region.box_px)
        pen.rectangle((left, top, right, bottom), outline=BOX_COLOUR, width=2)
        pen.rectangle(pen.textbbox((left + 2, top + 2), region.name), fill=BOX_COLOUR)
        pen.text((left + 2, top + 2), region.name, fill=TEXT_COLOUR)
    return picture


def tile_frames(frames: np.ndarray) -> Image.Image:
    """Tile frames in rows, in their order.

    Args:
        frames: uint8 RGB, shape (frames, height, width, 3), one frame at least.
    """
    return _tile([Image.fromarray(f).reduce(KEPT_REDUCTION) for f in frames], KEPT_COLUMNS)


def tile_sampled(frames: np.ndarray, reasons: Sequence[str]) -> Image.Image:
    """Tile frames in rows, in their order; those that were not kept are dark and say why.

    Args:
        frames: uint8 RGB, shape (frames, height, width, 3), one frame at least.
        reasons: Why each was not kept; "" for those that were.
    """
    tiles, font = [], ImageFont.load_default(REASON_SIZE_PX)
    for frame, reason in zip(frames, reasons, strict=True):
        tile = Image.fromarray(frame).reduce(SAMPLED_REDUCTION)
        if reason:
            tile = tile.point(lambda value: int(value * DIMMED))
            ImageDraw.Draw(tile).text((1, 1), reason, fill="white", font=font)
        tiles.append(tile)
    return _tile(tiles, SAMPLED_COLUMNS)


def draw_waveform(samples: np.ndarray) -> Image.Image:
    """Draw sound as a waveform, black on white, scaled to its loudest sample.

    Args:
        samples: Mono, shape (samples,), one at least.

    Returns:
        A picture of mode "1".
    """
    width, height = WAVEFORM_SIZE_PX
    starts = np.linspace(0, len(samples), width, endpoint=False).astype(int)
    wave = samples.astype(np.float32)
    peak = max(float(np.abs(wave).max()), 1.0)
    middle = (height - 1) / 2
    highest = middle - np.maximum.reduceat(wave, starts) / peak * middle
    lowest = middle - np.minimum.reduceat(wave, starts) / peak * middle
    lines = np.arange(height)[:, None]
    is_sound = (lines >= np.floor(highest)) & (lines <= np.ceil(lowest))
    return Image.fromarray(~is_sound)


def encode_within(picture: Image.Image, limit_bytes: int = FILE_BYTES) -> bytes:
    """Encode a picture within a number of bytes: at a lower quality, then smaller.

    Args:
        picture: Of mode "1", which becomes a PNG, or "RGB", which becomes a JPEG.
        limit_bytes: Most bytes of the file.

    Raises:
        ValueError: Not even a picture of a few pixels fits.
    """
    if picture.mode == "1":
        drawn = _encode(picture, "PNG", optimize=True)
        if len(drawn) <= limit_bytes:
            return drawn
        picture = picture.convert("RGB")
    while min(picture.size) >= SMALLEST_SIDE_PX:
        for quality in QUALITIES:
            content = _encode(picture, "JPEG", quality=quality)
            if len(content) <= limit_bytes:
                return content
        picture = picture.resize((picture.width * 4 // 5, picture.height * 4 // 5))
    raise ValueError(f"a picture does not fit into {limit_bytes} bytes")


def encode_if_drawn(draw: Callable[[], Image.Image]) -> bytes:
    """Encode what `draw` draws; b"" where it cannot be drawn.

    Results are the same without their picture, so no error of drawing stops a step.
    """
    try:
        return encode_within(draw())
    except Exception:
        LOG.debug("a picture cannot be drawn and is left out", exc_info=True)
        return b""


def _tile(tiles: Sequence[Image.Image], columns: int) -> Image.Image:
    width, height = tiles[0].size
    rows = -(-len(tiles) // columns)
    picture = Image.new("RGB", (width * min(len(tiles), columns), height * rows))
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        picture.paste(tile, (column * width, row * height))
    return picture


def _encode(picture: Image.Image, name: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, name, **options)
    return file.getvalue()


def _fit(picture: Image.Image, size_px: tuple[int, int]) -> Image.Image:
    picture.thumbnail(size_px, Image.Resampling.BILINEAR)
    return picture
