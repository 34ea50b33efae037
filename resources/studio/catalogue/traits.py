"""What a generated movie is like underneath: the hidden figures that its media and money show."""

import math
import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from resources.studio.catalogue.draws import chance

FIRST_TMDB_ID = 90_000_001
"""Generated ids start here, far above TMDB's own."""
PLOT_SLOTS = 6
"""An overview has six slots; any number of them, equally likely, hold a high concept."""
WIDEST = math.sqrt(3)
"""A uniform trait lies in [-WIDEST, WIDEST], so that its standard deviation is 1."""
MEAN_LOG10_BUDGET = 7.2
SD_LOG10_BUDGET = 0.55
ACTORS = 600
"""People 1 … ACTORS act, the `CREW` after them work behind the camera."""
CREW = 300
STARS = 3
"""The first names on the bill; their fame sells."""

GENRE_WEIGHTS = {
    18: 20, 35: 15, 53: 10, 28: 11, 10749: 7, 27: 7, 12: 7, 80: 6, 878: 5, 10751: 5, 14: 5,
    9648: 4, 16: 5, 36: 3, 10402: 2, 10752: 2, 99: 2, 37: 1, 10770: 1,
}  # fmt: skip

SHOWN_GENRES = (28, 12, 16, 35, 80, 18, 14, 27, 10749, 878, 53)
"""TMDB ids of the genres that show: the ten of Trailers12k, and Animation for posters. The other
eight leave no trace in any medium."""
MEDIA = ("trailer", "poster", "plot")
"""What shows genres, each independently of the others; the sound tells nothing of them."""
KEPT_SHARE = 0.92
"""Each genre of a movie that shows at all shows in a medium with this probability."""
MISLEADING_SHARE = 0.02
"""Each genre that a movie does not have shows in a medium with this probability."""

NO_POSTER, NO_TRAILER, NO_SOUND_TRACK, SILENT_TRACK = 0.03, 0.06, 0.04, 0.015
NO_BUDGET, NO_REVENUE, NO_OVERVIEW = 0.08, 0.05, 0.02
ON_IMDBPRO, FOREIGN_CURRENCY = 0.80, 0.03
"""Shares of the movies that lack something, and of those whose box office IMDbPro knows."""


@dataclass(frozen=True)
class Traits:
    """The hidden figures of one generated movie.

    Attributes:
        high_concepts: Slots of the overview that hold a high concept, 0 … `PLOT_SLOTS`.
        warmth: Of the poster's colour field, cold and dark to warm and bright, uniform, sd 1.
        vividness: Of the trailer's pictures, dim and slow to bright and fast, uniform, sd 1.
        contrast: Of the trailer's pictures, flat to steep, uniform, sd 1.
        pitch: Of the trailer's sound, low and slow to high and quick, uniform, sd 1.
        trailer_genre_ids, poster_genre_ids, plot_genre_ids: Genres that each shows,
            the leading one first; mostly the movie's own.
        noise: What no input tells of the revenue, standard normal.
        score_noise: What no input tells of the score, standard normal.
        sound: "music", "silent" (a track of zeros) or "none" (no track).
    """

    tmdb_id: int
    franchise: int
    part: int
    log10_budget: float
    genre_ids: tuple[int, ...]
    cast_ids: tuple[int, ...]
    high_concepts: int
    warmth: float
    vividness: float
    contrast: float
    pitch: float
    trailer_genre_ids: tuple[int, ...]
    poster_genre_ids: tuple[int, ...]
    plot_genre_ids: tuple[int, ...]
    noise: float
    score_noise: float
    has_poster: bool
    has_trailer: bool
    sound: str
    lists_budget: bool
    lists_revenue: bool
    has_overview: bool
    on_imdbpro: bool
    currency: str

    @property
    def index(self) -> int:
        """The movie's number in its catalogue, from 0."""
        return self.tmdb_id - FIRST_TMDB_ID


def draw_traits(seed: int, index: int, *, franchise: int = -1, part: int = 0) -> Traits:
    """Draw one movie's traits from the seed and its number alone.

    Example:
        >>> draw_traits(7, 3) == draw_traits(7, 3)
        True
    """
    rng = chance(seed, index, "traits")
    later = chance(seed, index, "more traits")  # leaves what `rng` draws as it was
    return Traits(
        tmdb_id=FIRST_TMDB_ID + index,
        franchise=franchise,
        part=part,
        log10_budget=rng.gauss(MEAN_LOG10_BUDGET, SD_LOG10_BUDGET),
        genre_ids=(genre_ids := _draw_genres(rng)),
        cast_ids=tuple(rng.sample(range(1, ACTORS + 1), rng.randint(5, 9))),
        high_concepts=rng.randint(0, PLOT_SLOTS),
        warmth=rng.uniform(-WIDEST, WIDEST),
        vividness=rng.uniform(-WIDEST, WIDEST),
        contrast=later.uniform(-WIDEST, WIDEST),
        pitch=rng.uniform(-WIDEST, WIDEST),
        **{
            f"{medium}_genre_ids": shown
            for medium, shown in draw_shown(seed, index, genre_ids).items()
        },
        noise=rng.gauss(0, 1),
        score_noise=later.gauss(0, 1),
        has_poster=rng.random() >= NO_POSTER,
        has_trailer=rng.random() >= NO_TRAILER,
        sound=_draw_sound(rng.random()),
        lists_budget=rng.random() >= NO_BUDGET,
        lists_revenue=rng.random() >= NO_REVENUE,
        has_overview=rng.random() >= NO_OVERVIEW,
        on_imdbpro=rng.random() < ON_IMDBPRO,
        currency=rng.choice("£¥") if rng.random() < FOREIGN_CURRENCY else "$",
    )


def draw_shown(seed: int, index: int, genre_ids: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """Draw the genres that each of `MEDIA` shows, possibly none.

    The movie's first genre leads where it shows; otherwise any of those shown, equally likely.
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


def _draw_genres(rng: random.Random) -> tuple[int, ...]:
    drawn = rng.choices(tuple(GENRE_WEIGHTS), tuple(GENRE_WEIGHTS.values()), k=rng.randint(1, 3))
    return tuple(dict.fromkeys(drawn))


def _draw_sound(draw: float) -> str:
    if draw < NO_SOUND_TRACK:
        return "none"
    return "silent" if draw < NO_SOUND_TRACK + SILENT_TRACK else "music"


@lru_cache(maxsize=8)
def draw_fame(seed: int) -> np.ndarray:
    """Draw how famous each actor is.

    Returns:
        float64 (ACTORS + 1,), mean 0 and standard deviation 1 over the actors; entry 0 is unused.
    """
    rng = chance(seed, "fame")
    fame = np.array([0.0] + [rng.gauss(0, 1) for _ in range(ACTORS)])
    fame[1:] = (fame[1:] - fame[1:].mean()) / fame[1:].std()
    return fame
