"""The noise ceiling: the best possible predictions for the simulator's generated movies."""

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment
from resources.run_context import RunContext

if TYPE_CHECKING:  # it loads what draws pictures
    from resources.studio.catalogue.generated import GeneratedCatalogue


def ceiling_predictions(
    run_context: RunContext, data: ExperimentData, experiment: Experiment
) -> np.ndarray | None:
    """Return predictions for a test set that know all but the noise.

    None where movies are not generated, or the task has no noise ceiling.
    """
    about, ceiling = run_context.source.about, experiment.task.noise_ceiling
    if about.get("kind") != "generated" or ceiling is None:
        return None
    from resources.studio.catalogue.generated import GeneratedCatalogue
    from resources.studio.opening import trailer_cache

    catalogue = GeneratedCatalogue(about["size"], about["seed"], trailer_cache())
    rows = data.rows(experiment, "test")
    ids = [int(i) for i in data.table.table["tmdb_id"].to_numpy()[rows]]
    return ceiling(CatalogueTruth(catalogue), ids, data.target(experiment))


class CatalogueTruth:
    """How the movies of a generated catalogue came by their figures; see `GeneratedTruth`."""

    def __init__(self, catalogue: "GeneratedCatalogue"):
        self.catalogue = catalogue

    @property
    def revenue_noise_sd(self) -> float:
        """Standard deviation of log10 revenue around its expectation."""
        from resources.studio.truth.revenue_truth import NOISE_SD

        return NOISE_SD

    def expected_log10_revenue(self, ids: Sequence[int]) -> np.ndarray:
        """Return float64 (movies,), without noise."""
        from resources.studio.truth.revenue_truth import expected_log10_revenue

        return np.array([expected_log10_revenue(self.catalogue, i) for i in ids])

    def budgets_usd(self, ids: Sequence[int]) -> np.ndarray:
        """Return the budgets of the records, (movies,)."""
        return np.array([self.catalogue.details(i)["budget"] for i in ids])

    def expected_scores(self, ids: Sequence[int], media: Collection[str]) -> np.ndarray:
        """Return float64 (movies,)."""
        from resources.studio.truth.score_truth import expected_score

        return np.array([expected_score(self.catalogue, i, media) for i in ids])

    def label_probabilities(
        self, ids: Sequence[int], genres: Sequence[str], media: Collection[str]
    ) -> np.ndarray:
        """Return the probability of each genre, float64 (movies, genres)."""
        from resources.studio.truth.genre_truth import label_probabilities

        return label_probabilities(self.catalogue, ids, _genre_ids(genres), media)

    def first_genre_probabilities(
        self, ids: Sequence[int], genres: Sequence[str], media: Collection[str]
    ) -> np.ndarray:
        """Return the probability that each genre is the first, float64 (movies, genres)."""
        from resources.studio.truth.genre_truth import first_genre_probabilities

        return first_genre_probabilities(self.catalogue, ids, _genre_ids(genres), media)

    def profit_probabilities(self, ids: Sequence[int], media: Collection[str]) -> np.ndarray:
        """Return the probability that revenue is at least the budget, float64 (movies,)."""
        from resources.studio.truth.profit_truth import profit_probabilities

        return profit_probabilities(self.catalogue, ids, media)


def _genre_ids(genres: Sequence[str]) -> list[int]:
    """Return TMDB's ids of genres."""
    from pipeline.core.target_rules import label_name
    from resources.studio.catalogue.words import GENRES

    by_name = {label_name(name): genre_id for genre_id, name in GENRES.items()}
    return [by_name[label_name(name)] for name in genres]
