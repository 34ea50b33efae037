"""Draws posters: a field that shows the movie's warmth, a scene in its genres' looks, the title."""

import io
import math
import random
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from resources.studio.catalogue.draws import chance
from resources.studio.catalogue.traits import WIDEST
from resources.studio.media.tints import hang_curtains

ORIGINAL_PX = (1000, 1500)
COLDEST, MIDDLE, WARMEST = (24, 44, 104), (150, 74, 120), (250, 168, 66)
"""Colours of the field, RGB: dark blue, then mauve, then bright amber."""
PAPER = (246, 238, 222)
BAR_SHARE = 0.06
"""Thickness of the bars of a genre's weave, as a share of the width."""


def blend(first: tuple, second: tuple, share: float) -> tuple[int, int, int]:
    """Mix two RGB colours.

    Example:
        >>> blend((0, 0, 0), (200, 100, 50), 0.5)
        (100, 50, 25)
    """
    return tuple(round(a + (b - a) * share) for a, b in zip(first, second, strict=True))


def field_colour(warmth: float) -> tuple[int, int, int]:
    """Return the colour of a poster's field; red rises with warmth all the way.

    Args:
        warmth: In [-WIDEST, WIDEST].
    """
    share = (warmth / WIDEST + 1) / 2
    if share < 0.5:
        return blend(COLDEST, MIDDLE, 2 * share)
    return blend(MIDDLE, WARMEST, 2 * share - 1)


def draw_poster(
    title: str, warmth: float, key: str, width_px: int, genre_ids: tuple[int, ...] = ()
) -> bytes:
    """Draw a poster as JPEG; the same arguments give the same bytes.

    Args:
        title: Lettered below.
        warmth: Colour of the field, in [-WIDEST, WIDEST].
        key: Decides the layout; another key is another poster of the same warmth and genres.
        width_px: Width; the height is one and a half times that.
        genre_ids: Genres that show: the sky has the looks of all, side by side, the hills that of
            the first. None leave both their own colour.
    """
    rng = chance(key, "poster")
    width, height = width_px, width_px * ORIGINAL_PX[1] // ORIGINAL_PX[0]
    field = field_colour(warmth)
    picture = _tinted(_paint_sky(field, width, height, rng), genre_ids)
    _draw_disc(ImageDraw.Draw(picture), field, width, height, rng)
    hills, mask = picture.copy(), Image.new("L", picture.size)
    for points, colour in _cut_ridges(field, width, height, rng):
        ImageDraw.Draw(hills).polygon(points, fill=colour)
        ImageDraw.Draw(mask).polygon(points, fill=255)
    picture.paste(_tinted(hills, genre_ids[:1]), mask=mask)
    _letter_title(ImageDraw.Draw(picture), title, field, width, height)
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=88)
    return file.getvalue()


def _tinted(picture: Image.Image, genre_ids: tuple[int, ...]) -> Image.Image:
    """Return a picture the looks of genres, side by side; its brightness stays."""
    if not genre_ids:
        return picture
    width, height = picture.size
    bar = max(1, round(width * BAR_SHARE))
    chroma = hang_curtains(genre_ids, height, width, period=width, bars=(bar, bar)).astype(np.uint8)
    luma = np.asarray(picture.convert("YCbCr"))[..., :1]
    tinted = np.concatenate([luma, chroma.transpose(1, 2, 0)], axis=2)
    return Image.fromarray(tinted, "YCbCr").convert("RGB")


def _paint_sky(field: tuple, width: int, height: int, rng: random.Random) -> Image.Image:
    top, bottom = blend(field, (0, 0, 0), rng.uniform(0.10, 0.22)), blend(field, PAPER, 0.30)
    shares = np.linspace(0, 1, height)[:, None, None]
    sky = np.array(top) * (1 - shares) + np.array(bottom) * shares
    return Image.fromarray(np.broadcast_to(sky, (height, width, 3)).astype(np.uint8))


def _draw_disc(
    draw: ImageDraw.ImageDraw, field: tuple, width: int, height: int, rng: random.Random
) -> None:
    x, y = width * rng.uniform(0.25, 0.75), height * rng.uniform(0.22, 0.42)
    radius = width * rng.uniform(0.12, 0.24)
    for ring in (1.35, 1.17, 1.0):
        r = radius * ring
        colour = blend(field, PAPER, 0.75 if ring == 1.0 else 0.28 + 0.3 * (1.35 - ring))
        draw.ellipse((x - r, y - r, x + r, y + r), fill=colour)


def _cut_ridges(
    field: tuple, width: int, height: int, rng: random.Random
) -> Iterator[tuple[list[tuple[float, float]], tuple[int, int, int]]]:
    """Yield three ranges of hills or roofs, outline and colour, each darker than the one behind."""
    is_town = rng.random() < 0.4
    for layer in range(3):
        base = height * (0.52 + 0.10 * layer)
        heights = _roofs(rng) if is_town else _hills(rng)
        points = [
            (width * x, base - height * 0.10 * rise * (1 - 0.15 * layer)) for x, rise in heights
        ]
        colour = blend(field, (8, 8, 16), 0.22 + 0.17 * layer)
        yield [(0, height), *points, (width, height)], colour


def _hills(rng: random.Random) -> list[tuple[float, float]]:
    waves = [(rng.uniform(0.5, 4), rng.uniform(0, 6.3), rng.uniform(0.2, 0.6)) for _ in range(4)]
    places = [step / 60 for step in range(61)]
    return [(x, sum(size * math.sin(6.3 * f * x + p) for f, p, size in waves)) for x in places]


def _roofs(rng: random.Random) -> list[tuple[float, float]]:
    places, x = [], 0.0
    while x < 1:
        step, rise = rng.uniform(0.03, 0.09), rng.uniform(-0.3, 1.3)
        places += [(x, rise), (min(1.0, x + step), rise)]
        x += step
    return places


def _letter_title(
    draw: ImageDraw.ImageDraw, title: str, field: tuple, width: int, height: int
) -> None:
    size = max(6, width // 10)
    font = ImageFont.load_default(size=size)
    ink = blend(PAPER, field, 0.08)
    lines = _wrapped(title.upper(), font, width * 0.88)
    y = height * 0.86 - (len(lines) - 1) * size * 0.56
    for line in lines:
        draw.text((width / 2, y), line, font=font, fill=ink, anchor="mm")
        y += size * 1.12
    small = ImageFont.load_default(size=max(5, width // 34))
    draw.text((width / 2, height * 0.965), "A STUDIO PICTURE", font=small, fill=ink, anchor="mm")
    inset = width * 0.03
    frame = (inset, inset, width - inset, height - inset)
    draw.rectangle(frame, outline=blend(field, PAPER, 0.45), width=max(1, width // 250))


def _wrapped(
    text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width_px: float
) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width_px or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
