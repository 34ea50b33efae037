"""Paints what a trailer shows: scenes in motion, title cards, black, as YUV 4:2:0 frames."""

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from resources.studio.catalogue.traits import WIDEST
from resources.studio.media.drawing import PAPER, blend
from resources.studio.media.tints import NEUTRAL_CHROMA, hang_curtains

WIDTH_PX, HEIGHT_PX = 256, 144
FRAME_ROWS = HEIGHT_PX * 3 // 2
"""A frame is the luma plane, then both chroma planes, in rows of `WIDTH_PX`."""
PERIOD_PX = 4 * WIDTH_PX
"""Scenery repeats after this width."""
DIMMEST, MIDDLE, MOST_VIVID = (30, 40, 58), (52, 124, 118), (226, 226, 150)
"""Colours of the scenery, RGB: slate, then teal, then pale yellow; green rises all the way."""
SLOWEST_PX, FASTEST_PX = 0.5, 6.0
"""Pan of the background, pixels per frame; the foreground moves at twice that."""
BLACK_LUMA, WHITE_LUMA = 16, 235
FLATTEST, STEEPEST = 0.15, 1.5
"""Distance between the sky's dark and light parts, as a share of `SKY_LUMA`."""
SKY_LUMA = 55.0
"""The middling distance of both from their mean, in steps of 8-bit luma."""
HAZIEST, CLEAREST = 0.45, 0.95
"""How much darker the ridges are than the sky: 0 not at all, 1 black."""
TEXTURE_MEAN = 0.45
"""Mean of a backdrop's texture; the sky's brightness must not depend on contrast."""
BARS_PX = (8, 5)
"""Thickness of upright and level bars of a genre's weave, in pixels of chroma: squeezed to a
square, as networks want pictures, both are alike."""


@dataclass(frozen=True)
class Look:
    """How a scene is painted.

    Attributes:
        colour: RGB, by vividness.
        contrast: Flat and hazy to steep and clear, 0 … 1.
        genre_ids: Genres whose looks hang in the sky side by side; none leave it its own colour.
    """

    colour: tuple[int, int, int]
    contrast: float
    genre_ids: tuple[int, ...] = ()

    def mean_yuv(self) -> np.ndarray:
        """Return the sky's mean colour where no genre shows."""
        dark, light = blend(self.colour, (0, 0, 0), 0.45), blend(self.colour, PAPER, 0.45)
        return (to_yuv(dark) + to_yuv(light)) / 2


def choose_look(vividness: float, contrast: float, genre_ids: tuple[int, ...]) -> Look:
    """Turn traits, the numbers in [-WIDEST, WIDEST], into what is painted."""
    return Look(scenery_colour(vividness), (contrast / WIDEST + 1) / 2, tuple(genre_ids))


def scenery_colour(vividness: float) -> tuple[int, int, int]:
    """Return the main colour of a scene; green rises with vividness all the way."""
    share = min(1.0, max(0.0, (vividness / WIDEST + 1) / 2))
    if share < 0.5:
        return blend(DIMMEST, MIDDLE, 2 * share)
    return blend(MIDDLE, MOST_VIVID, 2 * share - 1)


def to_yuv(colour: tuple[int, int, int]) -> np.ndarray:
    """Convert an RGB colour to 8-bit YUV, limited range. Source: ITU-R BT.601, section 2.5.

    Example:
        >>> to_yuv((0, 0, 0)).tolist(), to_yuv((255, 255, 255)).round().tolist()
        ([16.0, 128.0, 128.0], [235.0, 128.0, 128.0])
    """
    red, green, blue = (value / 255 for value in colour)
    return np.array([
        16 + 65.481 * red + 128.553 * green + 24.966 * blue,
        128 - 37.797 * red - 74.203 * green + 112.0 * blue,
        128 + 112.0 * red - 93.786 * green - 18.214 * blue,
    ])  # fmt: skip


class Backdrop:
    """One landscape, wide enough to pan over: a textured sky with a sun, and ridges before it."""

    def __init__(self, rng: random.Random):
        noise = np.random.default_rng(rng.getrandbits(32))
        self.texture = _paint_texture(noise)
        self.ridge = _cut_ridge(rng)

    def render(self, look: Look, n_frames: int, pan_px: float, start_px: int) -> list[np.ndarray]:
        """Pan over the landscape by so many pixels a frame, from `start_px`.

        Returns:
            uint8 frames, each (`FRAME_ROWS`, `WIDTH_PX`).
        """
        shade = [_wrapped(plane) for plane in self._shade(look)]
        front = self._front(look).round().astype(np.uint8)
        masks = [_wrapped(self.ridge), *[_wrapped(_halved(self.ridge))] * 2]
        frames = []
        for number in range(n_frames):
            x = start_px + number * pan_px
            frame = np.empty((FRAME_ROWS, WIDTH_PX), np.uint8)
            for plane, scale, ink, source, mask in zip(
                _planes(frame), (1, 2, 2), front, shade, masks, strict=True
            ):
                width = WIDTH_PX // scale
                back = round(x / scale) % (PERIOD_PX // scale)
                near = round(2 * x / scale) % (PERIOD_PX // scale)
                plane[:] = source[:, back : back + width]
                plane[mask[:, near : near + width]] = ink
            frames.append(frame)
        return frames

    def _shade(self, look: Look) -> list[np.ndarray]:
        """Colour the sky: luma by colour and contrast, chroma by the genres or else the colour."""
        middle = look.mean_yuv()
        spread = 2 * SKY_LUMA * (FLATTEST + (STEEPEST - FLATTEST) * look.contrast)
        luma = middle[0] + spread * (self.texture - TEXTURE_MEAN)
        chroma = np.broadcast_to(middle[1:, None, None], (2, HEIGHT_PX // 2, PERIOD_PX // 2))
        if look.genre_ids:
            chroma = _hang_for_trailer(look.genre_ids)
        return [np.clip(luma, BLACK_LUMA, WHITE_LUMA).astype(np.uint8), *chroma.astype(np.uint8)]

    def _front(self, look: Look) -> np.ndarray:
        """Return the ridges' colour: hardly darker than the sky, as in haze, or nearly black."""
        middle = look.mean_yuv()
        black = np.array([BLACK_LUMA, NEUTRAL_CHROMA, NEUTRAL_CHROMA])
        return middle + (black - middle) * (HAZIEST + (CLEAREST - HAZIEST) * look.contrast)


@lru_cache(maxsize=64)
def _hang_for_trailer(genre_ids: tuple[int, ...]) -> np.ndarray:
    """Lay out a trailer's hues once: all its scenes have the same."""
    return hang_curtains(
        genre_ids, HEIGHT_PX // 2, PERIOD_PX // 2, period=WIDTH_PX // 2, bars=BARS_PX
    )


def _planes(frame: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    half = (HEIGHT_PX // 2, WIDTH_PX // 2)
    middle = HEIGHT_PX * 5 // 4
    return (
        frame[:HEIGHT_PX],
        frame[HEIGHT_PX:middle].reshape(half),
        frame[middle:].reshape(half),
    )


def _wrapped(plane: np.ndarray) -> np.ndarray:
    return np.concatenate([plane, plane[:, : plane.shape[1] // 4]], axis=1)


def _halved(plane: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(plane[::2, ::2])


def _paint_texture(noise: np.random.Generator) -> np.ndarray:
    """Paint clouds of three sizes, a gradient and suns; float32 (height, period) in 0 … 1."""
    height, width = HEIGHT_PX, PERIOD_PX
    texture = np.linspace(0.15, 0.75, height, dtype=np.float32)[:, None].repeat(width, 1)
    for cell_px, strength in ((60, 0.30), (20, 0.16), (5, 0.12)):
        coarse = noise.uniform(-1, 1, (height // cell_px, width // (2 * cell_px)))
        coarse = np.hstack([coarse, coarse[:, ::-1]]).astype(np.float32)  # meets itself at the end
        texture += strength * np.asarray(
            Image.fromarray(coarse).resize((width, height), Image.Resampling.BILINEAR)
        )
    rows, columns = np.ogrid[:height, :width]
    for x in (200, 840):
        distance = np.hypot(rows - 60, columns - x - noise.uniform(-60, 60))
        texture += np.clip((46 - distance) / 8, 0, 1) * 0.55
    return np.clip(texture, 0, 1)


def _cut_ridge(rng: random.Random) -> np.ndarray:
    """Cut out what stands in front: hills with towers; bool (height, period)."""
    waves = [(rng.randint(1, 9), rng.uniform(0, 6.3), rng.uniform(4, 13)) for _ in range(4)]
    x = np.arange(PERIOD_PX) * (2 * math.pi / PERIOD_PX)
    rises = (size * np.sin(f * x + phase) for f, phase, size in waves)
    tops = 0.78 * HEIGHT_PX + sum(rises, start=np.zeros(PERIOD_PX))
    for _ in range(rng.randint(3, 14)):
        left, width = rng.randrange(PERIOD_PX - 40), rng.randint(6, 34)
        tops[left : left + width] = tops[left] - rng.uniform(10, 70)
    return np.arange(HEIGHT_PX)[:, None] > tops[None, :]


def paint_title_card(text: str, colour: tuple[int, int, int]) -> np.ndarray:
    """Paint small letters on a plain ground; one frame."""
    mask = Image.new("L", (WIDTH_PX, HEIGHT_PX))
    font = ImageFont.load_default(size=WIDTH_PX // 22)
    middle = (WIDTH_PX / 2, HEIGHT_PX / 2)
    ImageDraw.Draw(mask).text(middle, text.upper(), font=font, fill=255, anchor="mm")
    share = np.asarray(mask, np.float32) / 255
    frame = np.empty((FRAME_ROWS, WIDTH_PX), np.uint8)
    for plane, low, high, cover in zip(
        _planes(frame), to_yuv(colour), to_yuv(PAPER), (share, *[_halved(share)] * 2), strict=True
    ):
        plane[:] = low + (high - low) * cover
    return frame


def darken(frame: np.ndarray, share: float) -> np.ndarray:
    """Fade a frame: 0 leaves it, 1 makes it black."""
    black = np.full((FRAME_ROWS, 1), NEUTRAL_CHROMA, np.float32)
    black[:HEIGHT_PX] = BLACK_LUMA
    return (frame + (black - frame) * share).round().astype(np.uint8)
