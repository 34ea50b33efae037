"""The ridge regression of the blend reads embeddings whose columns hardly vary."""

from dataclasses import replace

import numpy as np
from priced_movies import INPUTS, LOG10, MOVIES, TEST, TRAIN, Table

from pipeline.models.estimators.embedding_ridge import RidgeModel
from pipeline.models.training.movie_reader import fit_reader

LOG10_BUDGETS = np.log10([record.budget_usd or 1 for record in INPUTS.records])
SIGNAL = LOG10 - np.polyval(np.polyfit(LOG10_BUDGETS, LOG10, 1), LOG10_BUDGETS)
"""What budgets do not explain."""


def error_with(poster: np.ndarray) -> float:
    """Return the RMSE on test movies, with a poster stream beside the numbers."""
    streams = {"metadata": INPUTS.table.streams["metadata"], "poster": poster.astype(np.float32)}
    features = replace(INPUTS, table=Table(streams, dict.fromkeys(streams, np.ones(MOVIES, bool))))
    reader = fit_reader(features, LOG10, TRAIN)
    model = RidgeModel.fit(reader, features, TRAIN, LOG10[TRAIN], 0)
    return float(np.sqrt(np.mean((model.predict(features, TEST) - LOG10[TEST]) ** 2)))


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
