"""The pictures of a film of the store, as its page shows them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from assets.frames.trailer_reading import read_frames
from assets.orchestration.asset_settings import reading_options
from assets.orchestration.asset_specs import (
    ATTRIBUTES_FILE,
    AUDIO_FILE,
    FRAMES_FILE,
    POSTER_FILE,
    TRAILER_FILE,
)
from assets.orchestration.pictures import Draw, draw_frames, draw_poster, draw_regions, draw_sound
from pipeline.core.errors import DamagedFileError, InputError, ItemError
from resources.run_context import RunContext
from resources.storage.store import Store

if TYPE_CHECKING:
    from PIL import Image

PICTURES: dict[str, Draw] = {
    "poster": draw_poster, "regions": draw_regions, "frames": draw_frames, "sound": draw_sound,
}  # fmt: skip
"""Pictures that are drawn from a film's files, by name."""

SAMPLED = "sampled"
"""The picture of all sampled frames: drawn from the trailer, which takes a second or more."""

FRAME = "frame-"
"""Begins the name of the picture of one kept frame, as `frame-0`."""

_NEEDS = {
    "poster": POSTER_FILE, "regions": ATTRIBUTES_FILE, "frames": FRAMES_FILE, "sound": AUDIO_FILE,
    SAMPLED: TRAILER_FILE,
}  # fmt: skip
"""The file that each picture is drawn from."""

_NAMES = (*PICTURES, SAMPLED, f"{FRAME}<number>")
_FRAME_PX = 160


class NoPictureError(InputError):
    """The film has no such picture."""

    def __init__(self, name: str) -> None:
        super().__init__("picture", f"the film has no {name[:40]!r}", ", ".join(_NAMES))


def draw_picture(run_context: RunContext, tmdb_id: int, name: str) -> bytes:
    """Return one of a film's pictures, PNG or JPEG.

    Raises:
        NoPictureError: There is no picture of that name, or what it is drawn from is missing.
    """
    try:
        if name == SAMPLED:
            return _draw_sampled(run_context, tmdb_id)
        return _encode(_find_draw(name)(run_context.store, tmdb_id))
    except (KeyError, ValueError, IndexError, OSError, ItemError, DamagedFileError) as error:
        raise NoPictureError(name) from error


def _find_draw(name: str) -> Draw:
    number = name.removeprefix(FRAME)
    if number == name:
        return PICTURES[name]
    if not number.isdecimal():
        raise KeyError(name)
    return lambda store, tmdb_id: _draw_frame(store, tmdb_id, int(number))


def _draw_frame(store: Store, tmdb_id: int, number: int) -> Image.Image:
    from PIL import Image

    frames = store.read_arrays(FRAMES_FILE.path(store, tmdb_id))["frames"]
    picture = Image.fromarray(frames[number])
    picture.thumbnail((_FRAME_PX, _FRAME_PX))
    return picture


def _draw_sampled(run_context: RunContext, tmdb_id: int) -> bytes:
    """Sample a trailer's frames once more, with the reasons why some were dropped."""
    store = run_context.store
    draw = partial(read_frames, draws_picture=True)
    with store.local_copy(TRAILER_FILE.path(store, tmdb_id)) as path:
        reading = run_context.decoders.call(
            draw, path, tmdb_id, reading_options(run_context), beats=True
        )
    if not reading.picture:
        raise KeyError(SAMPLED)
    return reading.picture


def _encode(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    if picture.mode == "1":
        picture.save(file, "PNG")
    else:
        picture.save(file, "JPEG", quality=85)
    return file.getvalue()


def list_pictures(run_context: RunContext, tmdb_id: int) -> Iterator[str]:
    """List the names of a film's pictures that can be drawn, without single frames."""
    store = run_context.store
    for name, file in _NEEDS.items():
        if file.path(store, tmdb_id).exists():
            yield name
