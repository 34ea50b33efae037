"""The small picture that a movie's event shows: drawn from its stored files, a text of Markdown.

How pictures are drawn and encoded belongs in `pipeline.media.small_pictures`.
"""

import base64
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from assets.orchestration.asset_specs import ATTRIBUTES_FILE, AUDIO_FILE, FRAMES_FILE, POSTER_FILE
from pipeline.layouts.attr_bbox import parse_attr_bbox
from resources.storage.store import Store

if TYPE_CHECKING:  # the definitions draw nothing
    from PIL import Image

Draw = Callable[[Store, int], "Image.Image"]
"""Draws what an asset made of a movie from its files in the store."""


def draw_poster(store: Store, tmdb_id: int) -> "Image.Image":
    """Draw a movie's poster."""
    from pipeline.media.small_pictures import shrink_poster

    return shrink_poster(POSTER_FILE.path(store, tmdb_id).read_bytes())


def draw_frames(store: Store, tmdb_id: int) -> "Image.Image":
    """Draw the kept frames of a movie's trailer."""
    from pipeline.media.small_pictures import tile_frames

    return tile_frames(store.read_arrays(FRAMES_FILE.path(store, tmdb_id))["frames"])


def draw_sound(store: Store, tmdb_id: int) -> "Image.Image":
    """Draw the waveform of a movie's trailer."""
    from pipeline.media.small_pictures import draw_waveform

    return draw_waveform(store.read_array(AUDIO_FILE.path(store, tmdb_id)))


def draw_regions(store: Store, tmdb_id: int) -> "Image.Image":
    """Draw a movie's poster with the objects that were detected on it."""
    from pipeline.media.small_pictures import draw_boxes

    regions = parse_attr_bbox(ATTRIBUTES_FILE.path(store, tmdb_id).read_bytes().decode())
    return draw_boxes(POSTER_FILE.path(store, tmdb_id).read_bytes(), regions)


def picture_markdown(draw: Draw, store: Store, tmdb_id: int) -> str:
    """Return a movie's picture as Markdown that holds it; "" where it cannot be drawn."""
    from pipeline.media.small_pictures import encode_if_drawn

    return as_markdown(encode_if_drawn(partial(draw, store, tmdb_id)))


def as_markdown(content: bytes) -> str:
    """Return Markdown that holds a PNG or JPEG; "" for none."""
    kind = "png" if content.startswith(b"\x89PNG") else "jpeg"
    data = base64.b64encode(content).decode()
    return f"![picture](data:image/{kind};base64,{data})" if content else ""
