"""The ridge regression of the blend reads embeddings whose columns hardly vary."""

from dataclasses import replace

import numpy as np
from priced_movies import INPUTS, LOG10, MOVIES, TRAIN, Table, make_movies

from pipeline.models.estimators.embedding_ridge import RidgeModel
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.movie_reader import fit_reader

LOG10_BUDGETS = np.log10([record.budget_usd or 1 for record in INPUTS.records])
SIGNAL = LOG10 - np.polyval(np.polyfit(LOG10_BUDGETS, LOG10, 1), LOG10_BUDGETS)
"""What budgets do not explain."""


def error_with(poster: np.ndarray, inputs: FeatureSet = INPUTS) -> float:
    """Return the RMSE on every third movie, with a poster stream beside the numbers."""
    streams = {"metadata": inputs.table.streams["metadata"], "poster": poster.astype(np.float32)}
    everyone = np.ones(len(poster), bool)
    features = replace(inputs, table=Table(streams, dict.fromkeys(streams, everyone)))
    log10 = np.log10(inputs.revenue_usd)
    is_test = np.arange(len(poster)) % 3 == 0
    train, test = np.flatnonzero(~is_test), np.flatnonzero(is_test)
    model = RidgeModel.fit(fit_reader(features, log10, train), features, train, log10[train], 0)
    return float(np.sqrt(np.mean((model.predict(features, test) - log10[test]) ** 2)))


def test_columns_that_hardly_vary_do_not_drown_the_others():
    """A column of the poster says what is unexplained; 300 others vary by a hundredth of it."""
    noise = np.random.default_rng(0).normal(size=(MOVIES, 300))
    signal = SIGNAL[:, None] / SIGNAL.std()
    drowned = error_with(np.hstack([signal, noise]))
    heard = error_with(np.hstack([signal, 0.01 * noise]))
    assert heard < 0.6 * drowned


def test_a_stream_that_no_training_movie_has_changes_nothing():
    poster = np.full((MOVIES, 3), np.nan)
    assert np.isfinite(error_with(poster))


def test_a_stream_of_noise_costs_next_to_nothing():
    movies, _ = make_movies(movies=360)
    noise = np.random.default_rng(0).normal(size=(360, 300))
    nothing = np.full((360, 3), np.nan)
    assert error_with(noise, movies) < 1.03 * error_with(nothing, movies)


def test_the_same_movies_give_the_same_model():
    reader = fit_reader(INPUTS, LOG10, TRAIN)
    first, again = (RidgeModel.fit(reader, INPUTS, TRAIN, LOG10[TRAIN], 0) for _ in range(2))
    np.testing.assert_array_equal(first.weight.numpy(), again.weight.numpy())
