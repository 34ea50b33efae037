"""The law by which generated movies earn, and the best that any model can do against it.

For a movie of the generated catalogue, with its hidden traits (see `traits`),

    log10 revenue_usd = BASE
        + BUDGET_SLOPE · (log10 budget_usd − MEAN_LOG10_BUDGET)     sd 0.30, metadata
        + mean of GENRE_EFFECTS over its genres                     sd about 0.11, metadata
        + FRANCHISE_EFFECT where it is part of a franchise          sd 0.14, metadata
        + CAST_SD · (sum of its first three actors' fame) / √3      sd 0.15, metadata (credits)
        + PLOT_SD · (high concepts in the overview − 3) / 2         sd 0.22, text
        + POSTER_SD · warmth of the poster's colour field           sd 0.22, poster
        + PICTURE_SD · vividness of the trailer's pictures          sd 0.25, video
        + SOUND_SD · pitch of the trailer's sound                   sd 0.22, audio
        + Normal(0, NOISE_SD = 0.20)                                nothing

The terms are independent, so log10 revenue has a standard deviation of about 0.63 and the best
reachable R² is about 0.90. Actors' fame is not written anywhere; it shows in what their other
movies earned (their `popularity` in the credits follows it, but that is known after release).

A medium that is missing leaves its term in the revenue: such a movie did have a poster or a
trailer, we just cannot see it. So the reachable figures here, which assume that everything is
seen, are upper bounds; with the shares in `traits` they are close ones.
"""

import math
from typing import Protocol

import numpy as np

from resources.studio.catalogue.traits import (
    MEAN_LOG10_BUDGET,
    PLOT_SLOTS,
    STARS,
    Traits,
    draw_fame,
)

BASE = 7.4
BUDGET_SLOPE = 0.55
FRANCHISE_EFFECT = 0.40
CAST_SD = 0.15
PLOT_SD = 0.22
POSTER_SD = 0.22
PICTURE_SD = 0.25
SOUND_SD = 0.22
NOISE_SD = 0.20
"""Standard deviation of log10 revenue that no input explains."""

GENRE_EFFECTS = {
    28: 0.20, 12: 0.22, 16: 0.20, 35: 0.02, 80: -0.04, 99: -0.40, 18: -0.12, 10751: 0.14, 14: 0.16,
    36: -0.14, 27: 0.02, 10402: -0.08, 9648: -0.02, 10749: -0.06, 878: 0.18, 10770: -0.40,
    53: 0.02, 10752: -0.04, 37: -0.12,
}  # fmt: skip


class HasTraits(Protocol):
    """The generated catalogue, which imports this module, as far as it is needed here."""

    seed: int

    def traits(self, tmdb_id: int) -> Traits:
        """Return one movie's traits; LookupError where there is no such movie."""
        ...


def effects(traits: Traits, seed: int) -> dict[str, float]:
    """Break the expected log10 revenue of one movie into its terms.

    Returns:
        `base`, `budget`, `genre`, `franchise`, `cast`, `plot`, `poster`, `picture` and `sound`.
    """
    fame = draw_fame(seed)[list(traits.cast_ids[:STARS])]
    genre_effects = [GENRE_EFFECTS[genre_id] for genre_id in traits.genre_ids]
    plot_sd = math.sqrt(((PLOT_SLOTS + 1) ** 2 - 1) / 12)  # of a number uniform on 0 … PLOT_SLOTS
    return {
        "base": BASE,
        "budget": BUDGET_SLOPE * (traits.log10_budget - MEAN_LOG10_BUDGET),
        "genre": sum(genre_effects) / len(genre_effects),
        "franchise": FRANCHISE_EFFECT if traits.part else 0.0,
        "cast": CAST_SD * float(fame.sum()) / math.sqrt(STARS),
        "plot": PLOT_SD * (traits.high_concepts - PLOT_SLOTS / 2) / plot_sd,
        "poster": POSTER_SD * traits.warmth,
        "picture": PICTURE_SD * traits.vividness,
        "sound": SOUND_SD * traits.pitch,
    }


def revenue_usd(traits: Traits, seed: int) -> int:
    """Return what one movie earned, noise included, in US dollars."""
    return round(10 ** (sum(effects(traits, seed).values()) + NOISE_SD * traits.noise))


def expected_log10_revenue(catalogue: HasTraits, tmdb_id: int) -> float:
    """Return the log10 revenue to expect of one movie by one who sees everything but the noise."""
    return sum(effects(catalogue.traits(tmdb_id), catalogue.seed).values())


def reachable_accuracy(means: np.ndarray, edges_log10: np.ndarray, noise_sd: float) -> float:
    """Return the best expected accuracy of any classifier of log10 revenue, in (0, 1].

    Who knows the law names for each movie the class that is most likely under
    Normal(mean, noise_sd); the mean of those probabilities cannot be beaten in expectation.

    Args:
        means: Expected log10 revenue of each movie, shape (movies,).
        edges_log10: Inner edges of the classes, ascending, shape (classes − 1,).
        noise_sd: Standard deviation of the noise, above 0.

    Example:
        >>> round(reachable_accuracy(np.array([1.0]), np.array([0.0]), 1.0), 3)
        0.841
    """
    distances = (np.asarray(edges_log10)[None, :] - np.asarray(means)[:, None]) / noise_sd
    below = 0.5 * (1 + np.vectorize(math.erf)(distances / math.sqrt(2)))
    padded = np.pad(below, ((0, 0), (1, 1)), constant_values=((0, 0), (0, 1)))
    return float(np.diff(padded, axis=1).max(axis=1).mean())
