"""Prior variances of groups of columns are those that make the target likeliest."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal
from sklearn.linear_model import Ridge, RidgeCV

from pipeline.models.estimators import group_variances
from pipeline.models.estimators.group_variances import Evidence, scale_groups

WIDTHS = (4, 200)
GROUPS = np.repeat([0, 1], WIDTHS)


def draw(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Four columns say what is predicted, half of which is noise; 200 say nothing."""
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(rows, sum(WIDTHS)))
    return columns, columns[:, : WIDTHS[0]].sum(axis=1) + 2 * rng.normal(size=rows)


def test_a_group_of_noise_is_silenced():
    columns, values = draw(150)
    factors = scale_groups([columns], GROUPS, values, 0)
    assert factors[-1] < 0.05 * factors[0]
    assert len(np.unique(factors)) == len(WIDTHS)


def test_predictions_are_nearly_those_without_the_noise():
    columns, values = draw(150)
    asked, actual = draw(500, seed=1)
    factors = scale_groups([columns], GROUPS, values, 0)

    def error(model, known, asked):
        return float(np.mean((model.fit(known, values).predict(asked) - actual) ** 2))

    alone = error(RidgeCV(), columns[:, : WIDTHS[0]], asked[:, : WIDTHS[0]])
    alike = error(RidgeCV(np.logspace(-2, 4, 13)), columns, asked)
    assert error(Ridge(1.0), columns * factors, asked * factors) < 1.02 * alone < alike / 1.2


def test_units_of_a_group_do_not_matter():
    columns, values = draw(150)
    units = np.where(GROUPS == 0, 1e-3, 50.0)
    plain, other = (scale_groups([some], GROUPS, values, 0) for some in (columns, columns * units))
    np.testing.assert_allclose(other * units, plain, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("rows", [20, 300], ids=["more columns", "more rows"])
def test_likelihood_and_its_slopes_are_those_of_the_normal_distribution(rows):
    columns, values = draw(rows)
    grams = [columns[:, k == GROUPS] @ columns[:, k == GROUPS].T for k in (0, 1)]
    logs = np.log([0.5, 0.01, 0.7])

    def expect(logs: np.ndarray) -> float:
        first, second, noise = np.exp(logs)
        gram = first * grams[0] + second * grams[1] + noise * np.eye(rows)
        return -multivariate_normal(cov=gram).logpdf(values) - rows / 2 * np.log(2 * np.pi)

    loss, slopes = Evidence.of(columns, GROUPS, values).score(logs)
    np.testing.assert_allclose(loss, expect(logs))
    np.testing.assert_allclose(slopes, approx_fprime(logs, expect), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("rows", [20, 150, 300])
def test_copies_that_are_equal_change_nothing(rows):
    columns, values = draw(rows)
    once, twice = (scale_groups([columns] * n, GROUPS, values, 0) for n in (1, 2))
    np.testing.assert_allclose(twice, once, rtol=1e-3, atol=1e-4)


def test_many_rows_are_drawn_and_the_draw_is_repeatable(monkeypatch):
    monkeypatch.setattr(group_variances, "MOST_ROWS", 150)
    columns, values = draw(400)
    first, again, other = (scale_groups([columns] * 2, GROUPS, values, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_allclose(first[0], other[0], rtol=0.5)


def test_a_group_that_is_zero_throughout_and_equal_values_are_harmless():
    columns, values = draw(60)
    columns[:, GROUPS == 1] = 0
    assert np.isfinite(scale_groups([columns], GROUPS, values, 0)).all()
    assert np.isfinite(scale_groups([columns], GROUPS, np.ones(60), 0)).all()
