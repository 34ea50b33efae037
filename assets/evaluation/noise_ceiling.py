"""The noise ceiling: the best possible predictions for the simulator's generated movies."""

from collections.abc import Collection, Sequence

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment
from pipeline.core.target_rules import label_name
from pipeline.core.tasks import NoiseCeiling
from resources.run_context import RunContext
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.catalogue.words import GENRES
from resources.studio.opening import trailer_cache
from resources.studio.truth import genre_truth, profit_truth, revenue_truth, score_truth


def ceiling_predictions(
    run_context: RunContext, data: ExperimentData, experiment: Experiment, ceiling: NoiseCeiling
) -> np.ndarray:
    """Return predictions for a test set of generated movies that know all but the noise."""
    about = run_context.source.about
    catalogue = GeneratedCatalogue(about["size"], about["seed"], trailer_cache())
    rows = data.rows(experiment, "test")
    ids = [int(i) for i in data.table.table["tmdb_id"].to_numpy()[rows]]
    return ceiling(CatalogueTruth(catalogue), ids, data.target(experiment))


class CatalogueTruth:
    """How the movies of a generated catalogue came by their figures; see `GeneratedTruth`."""

    revenue_noise_sd = revenue_truth.NOISE_SD

    def __init__(self, catalogue: GeneratedCatalogue):
        self.catalogue = catalogue

    def expected_log10_revenue(self, ids: Sequence[int]) -> np.ndarray:
        """Return float64 (movies,), without noise."""
        return np.array([revenue_truth.expected_log10_revenue(self.catalogue, i) for i in ids])

    def budgets_usd(self, ids: Sequence[int]) -> np.ndarray:
        """Return the budgets of the records, (movies,)."""
        return np.array([self.catalogue.details(i)["budget"] for i in ids])

    def expected_scores(self, ids: Sequence[int], media: Collection[str]) -> np.ndarray:
        """Return float64 (movies,)."""
        return np.array([score_truth.expected_score(self.catalogue, i, media) for i in ids])

    def label_probabilities(
        self, ids: Sequence[int], genres: Sequence[str], media: Collection[str]
    ) -> np.ndarray:
        """Return the probability of each genre, float64 (movies, genres)."""
        return genre_truth.label_probabilities(self.catalogue, ids, _genre_ids(genres), media)

    def first_genre_probabilities(
        self, ids: Sequence[int], genres: Sequence[str], media: Collection[str]
    ) -> np.ndarray:
        """Return the probability that each genre is the first, float64 (movies, genres)."""
        return genre_truth.first_genre_probabilities(self.catalogue, ids, _genre_ids(genres), media)

    def profit_probabilities(self, ids: Sequence[int], media: Collection[str]) -> np.ndarray:
        """Return the probability that revenue is at least the budget, float64 (movies,)."""
        return profit_truth.profit_probabilities(self.catalogue, ids, media)


def _genre_ids(genres: Sequence[str]) -> list[int]:
    """Return TMDB's ids of genres."""
    by_name = {label_name(name): genre_id for genre_id, name in GENRES.items()}
    return [by_name[label_name(name)] for name in genres]
