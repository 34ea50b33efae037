"""What a generated movie's media tell of its genres, by one who knows how both are drawn.

A movie draws one to three genres by weight (see `traits`); each medium shows them with misses and
false ones, independently of the others (see `traits`). Bayes' rule over all 3,268 pairs of a set
of genres and its first one gives the probabilities here. They are exact for one who sees without
error which genres a medium shows; a model has to see that first, so scores of these answers are
upper bounds in expectation. A medium that the movie lacks is not looked at; sound tells nothing.
"""

from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import combinations, product
from math import prod

import numpy as np

from resources.studio.catalogue.traits import (
    GENRE_WEIGHTS,
    KEPT_SHARE,
    MISLEADING_SHARE,
    SHOWN_GENRES,
    Traits,
)
from resources.studio.truth.revenue_truth import HasTraits

MOST_GENRES = 3
GENRE_IDS = tuple(GENRE_WEIGHTS)


@lru_cache(maxsize=1)
def list_states() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """List what a movie may be: its set of genres and which one comes first.

    Returns:
        Membership, bool (states, 19) in the order of `GENRE_IDS`; the first genre's place, int64
        (states,); the probability before anything is seen, float64 (states,), sum 1.
    """
    shares = np.array(list(GENRE_WEIGHTS.values())) / sum(GENRE_WEIGHTS.values())
    members, firsts, prior = [], [], []
    for size in range(1, MOST_GENRES + 1):
        for chosen in combinations(range(len(GENRE_IDS)), size):
            for first in chosen:
                members.append(np.isin(np.arange(len(GENRE_IDS)), chosen))
                firsts.append(first)
                prior.append(_prior(shares, chosen, first))
    return np.array(members), np.array(firsts), np.array(prior)


def _prior(shares: np.ndarray, chosen: tuple[int, ...], first: int) -> float:
    """Sum over the draws, with repeats, that give this set with this one first."""
    return sum(
        prod(shares[genre] for genre in (first, *rest)) / MOST_GENRES
        for draws in range(len(chosen), MOST_GENRES + 1)
        for rest in product(chosen, repeat=draws - 1)
        if {first, *rest} == set(chosen)
    )


def posterior(traits: Traits, media: Collection[str]) -> np.ndarray:
    """Return the probability of every state of `list_states`, having seen some of `MEDIA`."""
    members, firsts, prior = list_states()
    is_there = {
        "trailer": traits.has_trailer, "poster": traits.has_poster, "plot": traits.has_overview
    }  # fmt: skip
    weight = prior.copy()
    for medium in sorted(media):
        if is_there[medium]:
            weight *= _likelihood(getattr(traits, f"{medium}_genre_ids"), medium, members, firsts)
    return weight / weight.sum()


def _likelihood(
    shown: tuple[int, ...], medium: str, members: np.ndarray, firsts: np.ndarray
) -> np.ndarray:
    places = [GENRE_IDS.index(genre_id) for genre_id in SHOWN_GENRES]
    chance = np.where(members[:, places], KEPT_SHARE, MISLEADING_SHARE)
    is_shown = np.isin(SHOWN_GENRES, shown)
    likelihood = np.where(is_shown, chance, 1 - chance).prod(axis=1)
    if medium == "poster" and shown:  # only there is the leading one recognisable
        lead = np.array(GENRE_IDS)[firsts]
        leads = np.where(np.isin(lead, shown), lead == shown[0], 1 / len(shown))
        likelihood = likelihood * leads
    return likelihood


def genre_probabilities(
    catalogue: HasTraits, tmdb_id: int, media: Collection[str] = ("trailer",)
) -> dict[int, float]:
    """Return the probability that the movie has each genre, by TMDB's id, all 19."""
    members, _, _ = list_states()
    shares = posterior(catalogue.traits(tmdb_id), media) @ members
    return dict(zip(GENRE_IDS, shares.tolist(), strict=True))


def label_probabilities(
    catalogue: HasTraits,
    tmdb_ids: Sequence[int],
    genre_ids: Sequence[int],
    media: Collection[str] = ("trailer",),
) -> np.ndarray:
    """Return each genre's probability, among movies that have one: float64 (movies, genres)."""
    columns = [GENRE_IDS.index(genre_id) for genre_id in genre_ids]
    members = list_states()[0][:, columns]
    weights = np.array([posterior(catalogue.traits(int(i)), media) for i in tmdb_ids])
    weights = weights * members.any(axis=1)
    return weights @ members / weights.sum(axis=1, keepdims=True)


def first_genre_probabilities(
    catalogue: HasTraits,
    tmdb_ids: Sequence[int],
    genre_ids: Sequence[int],
    media: Collection[str] = ("poster",),
) -> np.ndarray:
    """Return each genre's probability to be the first, among movies whose first is one of them.

    Returns:
        float64 (movies, genres); rows sum to 1.
    """
    _, firsts, _ = list_states()
    first_ids = np.array(GENRE_IDS)[firsts]
    weights = np.array([posterior(catalogue.traits(int(i)), media) for i in tmdb_ids])
    shares = np.stack([weights[:, first_ids == one].sum(axis=1) for one in genre_ids], axis=1)
    return shares / shares.sum(axis=1, keepdims=True)
