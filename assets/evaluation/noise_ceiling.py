"""The answers of somebody who knows everything but the noise, on the studio's invented films."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from assets.models.experiment_data import ExperimentData
from assets.models.experiments import Experiment
from resources.run_context import RunContext


def limit_answers(
    run_context: RunContext, experiment_data: ExperimentData, experiment: Experiment
) -> np.ndarray | None:
    """Return the limit's answers about a test part; None where films are not generated."""
    about = run_context.source.about
    if about.get("kind") != "generated" or experiment.task.name not in _LIMITS:
        return None
    from resources.studio.catalogue.generated import GeneratedCatalogue
    from resources.studio.opening import trailer_cache

    catalogue = GeneratedCatalogue(about["size"], about["seed"], trailer_cache())
    rows = np.flatnonzero(experiment_data.parts(experiment) == "test")
    ids = [int(i) for i in experiment_data.table.table["tmdb_id"].to_numpy()[rows]]
    return _LIMITS[experiment.task.name](catalogue, ids, experiment_data.target(experiment))


def _log10_revenue(catalogue: Any, ids: list[int], _target: Any) -> np.ndarray:
    from resources.studio.truth.revenue_truth import expected_log10_revenue

    return np.array([expected_log10_revenue(catalogue, i) for i in ids])


def _revenue_class(catalogue: Any, ids: list[int], target: Any) -> np.ndarray:
    """Edges are dollars, or multiples of each film's own budget."""
    from pipeline.splits.labels import reachable_probabilities
    from resources.studio.truth.revenue_truth import NOISE_SD

    means = _log10_revenue(catalogue, ids, target)
    if "edges_usd" in target.facts:
        return reachable_probabilities(means, NOISE_SD, np.array(target.facts["edges_usd"]))
    budgets = np.log10([catalogue.details(i)["budget"] for i in ids])
    return reachable_probabilities(
        means - budgets, NOISE_SD, np.array(target.facts["edges_budgets"])
    )


def _score(catalogue: Any, ids: list[int], target: Any) -> np.ndarray:
    """Frames of the trailer are all that the system looks at."""
    from resources.studio.truth.score_truth import expected_score

    scores = np.array([expected_score(catalogue, i, ("trailer",)) for i in ids])
    return (scores - target.facts["mean"]) / target.facts["sd"]


def _genres(catalogue: Any, ids: list[int], target: Any) -> np.ndarray:
    from resources.studio.truth.genre_truth import label_probabilities

    media = ("trailer", "poster", "plot")
    return label_probabilities(catalogue, ids, _genre_ids(target), media)


def _genre_labels(catalogue: Any, ids: list[int], target: Any) -> np.ndarray:
    from resources.studio.truth.genre_truth import label_probabilities

    return label_probabilities(catalogue, ids, _genre_ids(target), ("poster",))


def _first_genre(catalogue: Any, ids: list[int], target: Any) -> np.ndarray:
    from resources.studio.truth.genre_truth import first_genre_probabilities

    return first_genre_probabilities(catalogue, ids, _genre_ids(target), ("poster",))


def _profit(catalogue: Any, ids: list[int], _target: Any) -> np.ndarray:
    from resources.studio.truth.profit_truth import profit_probabilities

    did_well = profit_probabilities(catalogue, ids, ("poster",))
    return np.stack([1 - did_well, did_well], axis=1)


def _genre_ids(target: Any) -> list[int]:
    """Return TMDB's ids of a task's classes or labels."""
    from pipeline.splits.exclusions import label_name
    from resources.studio.catalogue.words import GENRES

    by_name = {label_name(name): genre_id for genre_id, name in GENRES.items()}
    return [by_name[label_name(name)] for name in target.task.class_names]


_LIMITS: Mapping[str, Callable[[Any, list[int], Any], np.ndarray]] = {
    "log10_revenue": _log10_revenue,
    "revenue_class": _revenue_class,
    "genres": _genres,
    "comedy_horror": _first_genre,
    "first_genre": _first_genre,
    "genre_labels": _genre_labels,
    "profit": _profit,
    "score": _score,
}
