"""The law by which generated movies are liked, and what their media tell of it.

For a movie of the generated catalogue, with its hidden traits (see `traits`),

    score = SCORE_MEAN
        + CONTRAST_SD · contrast of the trailer's pictures          sd 0.80, trailer
        − VIVIDNESS_SD · vividness of the trailer's pictures        sd 0.50, trailer
        − WARMTH_SD · warmth of the poster                          sd 0.20, poster
        + Normal(0, SCORE_NOISE_SD = 0.70)                          nothing

rounded to three places and kept within 1 … 9.5, which hardly ever matters. The terms are
independent: the score's standard deviation is about 1.19. Who sees the trailer exactly is left with
a standard deviation of 0.73, a mean absolute error of 0.49 standard units where the constant answer
has 0.80. It is TMDB's `vote_average`, a label, and no input of anything.
"""

from collections.abc import Collection

from resources.studio.catalogue.traits import Traits
from resources.studio.truth.revenue_truth import HasTraits

SCORE_MEAN = 6.2
CONTRAST_SD = 0.80
VIVIDNESS_SD = 0.50
WARMTH_SD = 0.20
SCORE_NOISE_SD = 0.70
"""Standard deviation of the score that no input explains."""
LOWEST, HIGHEST = 1.0, 9.5


def score_effects(traits: Traits) -> dict[str, float]:
    """Break a movie's expected score into its terms, by the medium that shows each."""
    return {
        "trailer": CONTRAST_SD * traits.contrast - VIVIDNESS_SD * traits.vividness,
        "poster": -WARMTH_SD * traits.warmth,
    }


def vote_average(traits: Traits) -> float:
    """Return the score of one movie, noise included."""
    score = SCORE_MEAN + sum(score_effects(traits).values()) + SCORE_NOISE_SD * traits.score_noise
    return round(min(HIGHEST, max(LOWEST, score)), 3)


def expected_score(
    catalogue: HasTraits, tmdb_id: int, media: Collection[str] = ("trailer", "poster")
) -> float:
    """Return the score to expect of one movie by one who sees its trailer, poster or both exactly.

    A medium that the movie lacks is not looked at. Its error is the least that any model of these
    media can have in expectation; a model sees the pictures through compression, a few frames and
    the jitter from scene to scene, so the figure is an upper bound of what is reachable.
    """
    traits = catalogue.traits(tmdb_id)
    is_there = {"trailer": traits.has_trailer, "poster": traits.has_poster}
    effects = score_effects(traits)
    return SCORE_MEAN + sum(
        effects[medium] for medium in effects if medium in media and is_there[medium]
    )
