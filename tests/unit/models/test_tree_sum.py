"""Trees kept as arrays, and the components of owners that they read."""

import numpy as np
import pytest
from priced_movies import INPUTS, LOG10, MOVIES, TRAIN
from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor

from pipeline.models.estimators import boosted_trees, extra_trees
from pipeline.models.estimators.boosted_trees import BAGS, TreesModel
from pipeline.models.estimators.extra_trees import ExtraTreesModel
from pipeline.models.estimators.owner_components import OwnerComponents, mark_owners
from pipeline.models.training.cut_features import features_cut_at_random
from pipeline.models.training.movie_reader import MovieReader

ALL = np.arange(MOVIES)
SEED = 3


@pytest.fixture(scope="module")
def reader():
    return MovieReader.fit(INPUTS, TRAIN, INPUTS.revenue_usd)


@pytest.fixture(scope="module")
def columns(reader):
    owners = OwnerComponents.fit(reader, INPUTS, TRAIN, SEED)
    return np.hstack([reader.raw_numbers(INPUTS, ALL), owners.read(reader, INPUTS, ALL)])


def test_boosted_trees_as_arrays_predict_as_scikit_learn(reader, columns):
    hyperparameters = boosted_trees.HYPERPARAMETERS
    model = TreesModel.fit(reader, INPUTS, TRAIN, LOG10[TRAIN], SEED)
    preds = [
        HistGradientBoostingRegressor(**hyperparameters, random_state=SEED + bag)
        .fit(columns[TRAIN], LOG10[TRAIN])
        .predict(columns)
        for bag in range(BAGS)
    ]
    np.testing.assert_allclose(model.predict(INPUTS, ALL), np.mean(preds, axis=0))


def test_extra_trees_as_arrays_predict_as_scikit_learn(reader, columns):
    model = ExtraTreesModel.fit(reader, INPUTS, TRAIN, LOG10[TRAIN], SEED)
    forest = ExtraTreesRegressor(**extra_trees.HYPERPARAMETERS, random_state=SEED)
    preds = forest.fit(columns[TRAIN], LOG10[TRAIN]).predict(columns)
    np.testing.assert_allclose(model.predict(INPUTS, ALL), preds)


@pytest.mark.parametrize("kind", [TreesModel, ExtraTreesModel])
def test_one_movie_gets_the_digits_that_it_gets_among_many(kind, reader):
    model = kind.fit(reader, INPUTS, TRAIN, LOG10[TRAIN], SEED)
    alone = [model.predict(INPUTS, ALL[row : row + 1])[0] for row in range(5)]
    np.testing.assert_array_equal(model.predict(INPUTS, ALL)[:5], alone)


def test_components_sum_up_who_works_together(reader):
    owners = OwnerComponents.fit(reader, INPUTS, TRAIN, SEED)
    marked = mark_owners(reader, INPUTS, TRAIN).toarray()
    read = owners.read(reader, INPUTS, TRAIN)
    assert 1 <= read.shape[1] <= 24
    # the squared length that components keep is that of the largest singular values
    kept = np.linalg.svd(marked, compute_uv=False)[: read.shape[1]]
    assert np.sum(read**2) == pytest.approx(np.sum(kept**2), rel=0.02)


def test_cut_records_are_read_by_the_same_components(reader):
    owners = OwnerComponents.fit(reader, INPUTS, TRAIN, SEED)
    cut = owners.read(reader, features_cut_at_random(INPUTS, SEED), ALL)
    assert cut.shape == owners.read(reader, INPUTS, ALL).shape
    assert np.isfinite(cut).all()


def test_few_movies_have_no_components(reader):
    owners = OwnerComponents.fit(reader, INPUTS, TRAIN[:10], SEED)
    assert owners.read(reader, INPUTS, ALL).shape == (MOVIES, 0)
