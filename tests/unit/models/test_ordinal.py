"""Classes from a preds revenue."""

import numpy as np
import pytest

from pipeline.models.estimators.ordinal_estimator import cut_into_classes, spread_over_classes

EDGES_USD = 10.0 ** np.arange(5, 12)


def test_classes_rise_with_the_revenue():
    preds = np.linspace(4, 12, 50)
    classes = cut_into_classes(preds, EDGES_USD, 8.0)
    assert (np.diff(classes) >= 0).all()
    assert set(classes) == set(range(8))


def test_stretching_names_the_outer_classes_more_often():
    preds = np.random.default_rng(0).normal(8, 1, 500)
    plain = cut_into_classes(preds, EDGES_USD, 8.0, stretch=1.0)
    wide = cut_into_classes(preds, EDGES_USD, 8.0, stretch=1.5)
    assert np.abs(wide - 3.5).mean() > np.abs(plain - 3.5).mean()


def test_probabilities_are_those_of_a_normal_law():
    spread = spread_over_classes(np.array([8.5]), np.array([1.0]), EDGES_USD)
    assert spread.sum() == pytest.approx(1)
    assert spread.argmax() == 4
    assert spread[0, 4] == pytest.approx(0.383, abs=0.001)
