"""How a genre looks: a hue, plain or in bars, that tints a picture and keeps its brightness.

Four hues far apart in three weaves, because they have to survive a network with random weights and
a mean over the picture: of eleven hues such a network tells neighbours badly apart.
"""

import math
from collections.abc import Sequence

import numpy as np

from resources.studio.catalogue.traits import SHOWN_GENRES

CHROMA = 56.0
"""Distance of a hue from grey, in steps of 8-bit chroma."""
NEUTRAL_CHROMA = 128
HUES = 4
"""Blue, red, yellow, green; a genre's place in `SHOWN_GENRES` decides its hue, then its weave."""
PLAIN, UPRIGHT, LEVEL = range(3)
"""Weaves: the hue everywhere, or in upright or level bars with grey between them."""


def genre_look(genre_id: int) -> tuple[tuple[float, float], int]:
    """Return a genre's hue, as (blue, red) differences from grey, and its weave.

    Example:
        >>> (blue, red), weave = genre_look(28)
        >>> round(math.hypot(blue, red), 6) == CHROMA, weave == PLAIN
        (True, True)
    """
    weave, hue = divmod(SHOWN_GENRES.index(genre_id), HUES)
    angle = 2 * math.pi * hue / HUES
    return (CHROMA * math.cos(angle), CHROMA * math.sin(angle)), weave


def hang_curtains(
    genre_ids: Sequence[int], rows: int, columns: int, *, period: int, bars: tuple[int, int]
) -> np.ndarray:
    """Lay the looks of genres side by side over a width, over and over.

    Args:
        genre_ids: At least one genre that shows.
        rows: Height of the chroma planes.
        columns: Their width.
        period: Columns after which the same genre comes again.
        bars: Thickness of upright and of level bars, and of the grey between them.

    Returns:
        Both chroma planes, float32 (2, rows, columns).

    Example:
        >>> hang_curtains((28, 80), 4, 8, period=8, bars=(1, 1))[0, 0].round().tolist()
        [184.0, 184.0, 184.0, 184.0, 184.0, 128.0, 184.0, 128.0]
    """
    y, x = np.ogrid[:rows, :columns]
    lies = {PLAIN: y >= 0, UPRIGHT: x // bars[0] % 2 == 0, LEVEL: y // bars[1] % 2 == 0}
    place = (x % period) * len(genre_ids) // period
    planes = np.full((2, rows, columns), NEUTRAL_CHROMA, np.float32)
    for number, genre_id in enumerate(genre_ids):
        hue, weave = genre_look(genre_id)
        covered = (place == number) & lies[weave]
        for plane, difference in zip(planes, hue, strict=True):
            np.copyto(plane, NEUTRAL_CHROMA + difference, where=covered)
    return planes
