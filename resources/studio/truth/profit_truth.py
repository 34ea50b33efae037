"""How likely a generated movie is to earn its budget, by one who knows the law and some media."""

from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np

from resources.studio.catalogue.traits import (
    MEAN_LOG10_BUDGET,
    PLOT_SLOTS,
    SD_LOG10_BUDGET,
    WIDEST,
    Traits,
)
from resources.studio.truth.genre_truth import GENRE_IDS, list_states, posterior
from resources.studio.truth.revenue_truth import (
    BASE,
    BUDGET_SLOPE,
    CAST_SD,
    FRANCHISE_EFFECT,
    GENRE_EFFECTS,
    NOISE_SD,
    PICTURE_SD,
    PLOT_SD,
    POSTER_SD,
    SOUND_SD,
    HasTraits,
    effects,
)

DRAWN_MOVIES = 20_000
"""Movies drawn for what is not seen."""
FRANCHISE_SHARE = 0.15
"""Movies that are part of a franchise (see `timeline`)."""


@lru_cache(maxsize=1)
def _draw_terms() -> dict[str, np.ndarray]:
    """Draw the terms of log10 (revenue / budget) but the genres', as `truth` says they fall."""
    rng = np.random.default_rng(0)

    def uniform(sd: float) -> np.ndarray:
        return sd * rng.uniform(-WIDEST, WIDEST, DRAWN_MOVIES)

    concepts = rng.integers(0, PLOT_SLOTS + 1, DRAWN_MOVIES)
    from_mean = SD_LOG10_BUDGET * rng.standard_normal(DRAWN_MOVIES)
    return {
        "base": np.full(DRAWN_MOVIES, BASE - MEAN_LOG10_BUDGET),
        "budget": (BUDGET_SLOPE - 1) * from_mean,
        "franchise": FRANCHISE_EFFECT * (rng.random(DRAWN_MOVIES) < FRANCHISE_SHARE),
        "cast": CAST_SD * rng.standard_normal(DRAWN_MOVIES),
        "plot": PLOT_SD * (concepts - PLOT_SLOTS / 2) / concepts.std(),
        "poster": uniform(POSTER_SD),
        "picture": uniform(PICTURE_SD),
        "sound": uniform(SOUND_SD),
        "noise": NOISE_SD * rng.standard_normal(DRAWN_MOVIES),
    }


@lru_cache(maxsize=16)
def _unseen(seen: frozenset[str]) -> np.ndarray:
    """Sum the drawn terms that are not seen; rising."""
    return np.sort(sum(drawn for name, drawn in _draw_terms().items() if name not in seen))


def profit_probabilities(
    catalogue: HasTraits, tmdb_ids: Sequence[int], media: Collection[str] = ("poster",)
) -> np.ndarray:
    """Return the probability that a movie's revenue is at least its budget.

    Of the media it knows the poster's warmth, the trailer's vividness and pitch, the plot's high
    concepts, and what each tells of the genres; budget, franchise, cast and noise stay unknown.
    Exact but for the drawing of what is unseen (a standard error of at most 0.004), so scores of
    these answers are upper bounds in expectation.

    Returns:
        float64 (movies,).
    """
    return np.array([_probability(catalogue, int(tmdb_id), media) for tmdb_id in tmdb_ids])


def _probability(catalogue: HasTraits, tmdb_id: int, media: Collection[str]) -> float:
    traits = catalogue.traits(tmdb_id)
    seen = _seen_terms(traits, media)
    known = sum(value for name, value in effects(traits, catalogue.seed).items() if name in seen)
    members, _, _ = list_states()
    genre_terms = members @ np.array([GENRE_EFFECTS[i] for i in GENRE_IDS]) / members.sum(axis=1)
    sums = _unseen(seen)
    shares = 1 - np.searchsorted(sums, -(known + genre_terms)) / len(sums)
    return float(posterior(traits, media) @ shares)


def _seen_terms(traits: Traits, media: Collection[str]) -> frozenset[str]:
    is_seen = {
        "poster": "poster" in media and traits.has_poster,
        "picture": "trailer" in media and traits.has_trailer,
        "sound": "trailer" in media and traits.has_trailer and traits.sound == "music",
        "plot": "plot" in media and traits.has_overview,
    }
    return frozenset(name for name, it_is in is_seen.items() if it_is)
