import numpy as np
import pytest

from pipeline.core.ragged import Ragged, pack_ragged


def test_a_row_is_what_was_packed():
    rng = np.random.default_rng(0)
    parts = [rng.normal(size=(n, 4)).astype(np.float32) for n in (3, 0, 1)]
    ragged = pack_ragged(parts)
    for movie, part in enumerate(parts):
        np.testing.assert_array_equal(ragged.row(movie), part)


def test_taken_rows_are_padded_with_zeros_and_masked():
    values, mask = pack_ragged([np.ones((2, 3)), np.ones((1, 3))]).take(np.array([1, 0]))
    assert values.shape == (2, 2, 3)
    assert mask.tolist() == [[True, False], [True, True]]
    assert not values[~mask].any()


def test_movies_without_vectors_have_one_masked_place():
    values, mask = pack_ragged([np.ones((0, 3)), np.ones((1, 3))]).take(np.array([0]))
    assert values.shape == (1, 1, 3)
    assert not mask.any()


def test_mean_of_nothing_is_zero():
    ragged = pack_ragged([np.zeros((0, 2)), np.array([[1.0, 2.0], [3.0, 4.0]])])
    assert ragged.mean().tolist() == [[0.0, 0.0], [2.0, 3.0]]


def test_offsets_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="offsets"):
        Ragged(np.ones((3, 2)), np.array([0, 2]))
