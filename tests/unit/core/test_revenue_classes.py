import numpy as np
import pytest

from pipeline.core.errors import SplitError
from pipeline.core.revenue_classes import classify, fit_edges, reachable_probabilities


def test_classes_of_the_training_part_are_of_equal_size():
    revenues = 10 ** np.random.default_rng(0).normal(7, 1, 800)
    sizes = np.bincount(classify(revenues, fit_edges(revenues)))
    assert sizes.tolist() == [100] * 8


def test_tied_revenues_share_a_class_and_none_is_empty():
    revenues = [1e6] * 50 + [2e6, 3e6, 4e6, 5e6, 6e6, 7e6, 8e6] + [9e6] * 3
    edges = fit_edges(revenues)
    assert (np.diff(edges) > 0).all()
    sizes = np.bincount(classify(revenues, edges), minlength=8)
    assert (sizes > 0).all()
    assert sizes[0] == 50


def test_eight_movies_are_enough():
    revenues = 10.0 ** np.arange(8)
    assert classify(revenues, fit_edges(revenues)).tolist() == list(range(8))


def test_too_few_different_revenues_are_refused():
    with pytest.raises(SplitError, match="got 2"):
        fit_edges([1e6, 2e6] * 50)


@pytest.mark.parametrize("bad", [0.0, -1.0, float("nan"), float("inf")])
def test_revenue_without_a_logarithm_is_refused(bad):
    with pytest.raises(SplitError, match="above 0"):
        fit_edges([*range(1, 20), bad])


def test_revenues_outside_the_training_part_have_the_end_classes():
    assert classify([1.0, 1e12], np.array([1e6, 1e8])).tolist() == [0, 2]


def test_reachable_probabilities_sum_to_one_and_sharpen_with_less_noise():
    edges = np.array([1e6, 1e7, 1e8])
    means = np.array([5.0, 6.5, 9.0])
    loose, sharp = (reachable_probabilities(means, sd, edges) for sd in (1.0, 0.05))
    np.testing.assert_allclose(loose.sum(axis=1), 1)
    np.testing.assert_allclose(sharp, np.eye(4)[[0, 1, 3]], atol=1e-6)
    assert (loose.max(axis=1) < sharp.max(axis=1)).all()
