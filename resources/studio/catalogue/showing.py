"""Which genres a generated movie's trailer, poster and plot show: mostly its own, not always."""

import random

from resources.studio.catalogue.draws import chance

SHOWN_GENRES = (28, 12, 16, 35, 80, 18, 14, 27, 10749, 878, 53)
"""TMDB ids of the genres that show: the ten of Trailers12k, and Animation for posters. The other
eight leave no trace in any medium."""
MEDIA = ("trailer", "poster", "plot")
"""What shows genres, each independently of the others; the sound tells nothing of them."""
KEPT_SHARE = 0.92
"""Each genre of a movie that shows at all shows in a medium with this probability."""
MISLEADING_SHARE = 0.02
"""Each genre that a movie does not have shows in a medium with this probability."""


def draw_shown(seed: int, index: int, genre_ids: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Draw the genres that each medium shows, the leading one first.

    The movie's first genre leads where it shows; otherwise any of those shown, equally likely.

    Returns:
        For each of `MEDIA` the ids it shows, possibly none.

    Example:
        >>> sorted(draw_shown(7, 3, (27,))) == sorted(MEDIA)
        True
    """
    return {
        medium: _draw_medium(chance(seed, index, "shown", medium), genre_ids) for medium in MEDIA
    }


def _draw_medium(rng: random.Random, genre_ids: tuple[int, ...]) -> tuple[int, ...]:
    shown = [
        genre_id
        for genre_id in SHOWN_GENRES
        if rng.random() < (KEPT_SHARE if genre_id in genre_ids else MISLEADING_SHARE)
    ]
    rng.shuffle(shown)
    return tuple(sorted(shown, key=lambda genre_id: genre_id != genre_ids[0]))
