"""Whether explanations name what made a film's revenue: on the studio's films, which say what did.

`box_office` is trained anew on five folds of the store's films, which must be the built-in
studio's, and each film's answer is explained by the fold that did not see it. What made the revenue
is the term of the studio's law that is farthest from its mean over all films. Where the runner-up
comes near, nobody could tell from revenues which it was: they scatter by `NOISE_SD` around the law.
So the target is of the films whose first term leads by that much; all films stand beside it.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from assets.models.experiment_data import ExperimentData, open_experiment_data
from assets.predict.explanations import explain_inputs
from assets.predict.movie_rows import MovieRows
from assets.splits.features import load_features
from benchmarks.report import BenchRow
from pipeline.core.errors import ConfigurationError
from pipeline.core.tasks import Target
from pipeline.models.estimators.blend import BlendEstimator
from pipeline.models.systems.box_office import BOX_OFFICE, LOG10_REVENUE, MAIN
from pipeline.models.training.estimator import RunConfig, Trained
from pipeline.models.training.model_registry import predict
from pipeline.predict.inputs import MovieInputs
from pipeline.predict.movie_row import MovieRow, RowFeatures
from pipeline.predict.predictions import Answer, Prediction, make_answer
from pipeline.predict.why import INPUTS
from resources.run_context import RunContext, open_stored
from resources.settings import DEMO_STUDIO, Settings, read_environment
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import open_catalogue
from resources.studio.truth.revenue_truth import NOISE_SD, effects

FOLDS, SEED = 5, 7
LEAST_SHARE = 0.80

INPUT_OF_TERM = {
    "budget": "budget", "genre": "genres", "franchise": "franchise", "cast": "cast",
    "plot": "plot", "poster": "poster", "picture": "trailer's pictures",
    "sound": "trailer's sound",
}  # fmt: skip
"""By term of the studio's law, the input that shows it."""


@dataclass
class FoldTask:
    """A model of one fold, asked as the served ones are."""

    trained: Trained
    features: RowFeatures

    def answer_all(self, movies: Sequence[MovieRow]) -> list[Answer | None]:
        """Predict log10 revenues."""
        features = self.features.find(movies)
        preds = predict(self.trained, features, np.arange(len(movies)))
        return [make_answer(LOG10_REVENUE, one, {}) for one in preds]


def measure(settings: Settings | None = None) -> list[BenchRow]:
    """Measure how often the input that made the revenue is the first one of the explanation.

    Args:
        settings: Whose store it is; None for the environment's.

    Raises:
        ConfigurationError: The store's films are not the built-in studio's.
    """
    with open_stored(settings or read_environment()) as run_context:
        data, terms = open_experiment_data(run_context, BOX_OFFICE), read_terms(run_context)
        log10 = read_log10(data)
        known = explain_folds(run_context, data, log10)
        shuffled = log10.copy()
        has_one = np.flatnonzero(~np.isnan(log10))
        shuffled[has_one] = log10[np.random.default_rng(SEED).permutation(has_one)]
        unknown = explain_folds(run_context, data, shuffled)
    movies = sorted(known)
    leads = np.array([lead(terms, one) for one in movies])
    hits, lucky = (
        np.array([found[one] == INPUT_OF_TERM[first(terms, one)] for one in movies])
        for found in (known, unknown)
    )
    return [
        _row(hits[leads >= least], lucky[leads >= least], least) for least in (NOISE_SD, 0.1, 0.0)
    ]


def _row(hits: np.ndarray, lucky: np.ndarray, least: float) -> BenchRow:
    share, chance = (float(np.mean(one)) if len(one) else None for one in (hits, lucky))
    is_target = least >= NOISE_SD
    return BenchRow(
        f"what made it comes first, lead {least} ({len(hits)} films)", share, "of films",
        "models of shuffled revenues", chance, None, LEAST_SHARE if is_target else None,
        better="higher", note=_interval(hits),
    )  # fmt: skip


def _interval(hits: np.ndarray) -> str:
    """Return Wilson's 95 % interval of a share."""
    n, z = max(len(hits), 1), 1.96
    share = float(np.mean(hits)) if len(hits) else 0.0
    middle, half = share + z * z / (2 * n), z * (share * (1 - share) / n + (z / n / 2) ** 2) ** 0.5
    low, high = ((middle + sign * half) / (1 + z * z / n) for sign in (-1, 1))
    return f"95 % interval {low:.2f} to {high:.2f}"


def read_terms(run_context: RunContext) -> dict[int, dict[str, float]]:
    """Return the terms of each film's log10 revenue, each less its mean over all films.

    Raises:
        ConfigurationError: The store's films are not the built-in studio's.
    """
    catalogue = open_catalogue(run_context.settings.studio or DEMO_STUDIO)
    known = set(load_features(run_context).table["tmdb_id"])
    if not isinstance(catalogue, GeneratedCatalogue) or not known <= set(catalogue.movie_ids()):
        raise ConfigurationError("This benchmark wants a store of the built-in studio's films.")
    ids = catalogue.movie_ids()
    found = [effects(catalogue.traits(one), catalogue.seed) for one in ids]
    means = {name: float(np.mean([one[name] for one in found])) for name in INPUT_OF_TERM}
    return {
        tmdb_id: {name: one[name] - means[name] for name in INPUT_OF_TERM}
        for tmdb_id, one in zip(ids, found, strict=True)
    }


def first(terms: dict[int, dict[str, float]], movie: int) -> str:
    """Return the term that is farthest from its mean."""
    return max(terms[movie], key=lambda name: abs(terms[movie][name]))


def lead(terms: dict[int, dict[str, float]], movie: int) -> float:
    """Return how much farther from its mean the first term is than the second, log10."""
    second, most = sorted(map(abs, terms[movie].values()))[-2:]
    return most - second


def read_log10(data: ExperimentData) -> np.ndarray:
    """Return log10 revenues, NaN where `box_office` excludes a film, float64 (movies,)."""
    revenues = data.table.table["revenue_usd"].to_numpy(float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(revenues >= 1_000, np.log10(revenues), np.nan)


def explain_folds(
    run_context: RunContext, data: ExperimentData, log10: np.ndarray
) -> dict[int, str]:
    """Return the input of the largest effect, for each film by the fold that it tests.

    Args:
        run_context: The store.
        data: Its features.
        log10: Revenues that are trained on, float64 (movies,), NaN unknown.
    """
    table = load_features(run_context)
    rows = MovieRows(run_context, table, lambda: nullcontext(run_context), lambda _: None)
    features = data.features_for(LOG10_REVENUE)
    places = np.random.default_rng(SEED).permutation(np.flatnonzero(~np.isnan(log10)))
    ids, found = table.table["tmdb_id"].tolist(), dict[int, str]()
    for test in np.array_split(places, FOLDS):
        split = np.where(np.isnan(log10), "", "train").astype(object)
        split[test] = "test"
        split[np.setdiff1d(places, test)[::10]] = "val"  # a blend learns from it as well
        target = Target(LOG10_REVENUE, log10, {})
        with TemporaryDirectory() as folder:
            run = RunConfig(Path(folder), seed=SEED)
            trained = BlendEstimator(MAIN).train(features, target, split, run)
        task = FoldTask(trained, RowFeatures(table))
        found |= {ids[place]: _explain(task, rows, ids[place]) for place in test}
    return found


def _explain(task: FoldTask, rows: MovieRows, tmdb_id: int) -> str:
    row, _ = rows.make(MovieInputs(tmdb_id=tmdb_id))
    (answer,) = task.answer_all([row])
    prediction = Prediction("box_office", LOG10_REVENUE.name, "regression", None, answer)
    (explained,) = explain_inputs([task], [prediction], rows, row)
    return max(explained.why[INPUTS].parts, key=lambda part: abs(part.effect or 0.0)).part
