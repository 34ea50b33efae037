import pytest

from pipeline.core.prices import (
    CPI_U,
    FIRST_YEAR,
    LAST_YEAR,
    REAL_USD_YEAR,
    index_year,
    to_real_usd,
)

ANCHORS = {1913: 9.9, 1950: 24.1, 1980: 82.4, 2000: 172.2, 2010: 218.056, 2020: 258.811,
           2023: 304.702}  # fmt: skip
FELL = {1921, 1922, 1927, 1928, 1930, 1931, 1932, 1933, 1938, 1939, 1949, 1955, 2009}
"""Years whose average was below the year's before, as the United States know them."""


def test_table_has_every_year_from_1913_on():
    assert list(CPI_U) == list(range(FIRST_YEAR, LAST_YEAR + 1))
    assert FIRST_YEAR == 1913


@pytest.mark.parametrize(("year", "index"), ANCHORS.items())
def test_anchors_stand_in_the_table(year, index):
    assert CPI_U[year] == index


def test_prices_fell_in_the_years_in_which_they_did_and_in_no_other():
    fell = {year for year in CPI_U if year > FIRST_YEAR and CPI_U[year] < CPI_U[year - 1]}
    assert fell == FELL


def test_no_year_moves_more_than_any_did():
    changes = [CPI_U[year] / CPI_U[year - 1] for year in CPI_U if year > FIRST_YEAR]
    assert 0.89 < min(changes) < max(changes) < 1.19


def test_base_of_the_index_is_1982_to_1984():
    assert round((CPI_U[1982] + CPI_U[1983] + CPI_U[1984]) / 3, 1) == 100.0


def test_dollars_of_the_base_year_stay_as_they_are():
    assert to_real_usd(1234.5, REAL_USD_YEAR) == 1234.5


def test_older_dollars_are_worth_more():
    assert to_real_usd(9.9, 1913, base_year=2000) == 172.2


def test_year_after_the_table_is_taken_for_its_last_one():
    assert to_real_usd(5.0, LAST_YEAR + 3) == to_real_usd(5.0, LAST_YEAR)
    assert index_year(LAST_YEAR + 3) == LAST_YEAR


@pytest.mark.parametrize("year", [1912, 1895, None])
def test_year_before_the_table_or_unknown_gives_none(year):
    assert to_real_usd(5.0, year) is None
    assert index_year(year) is None


def test_unknown_amount_stays_unknown():
    assert to_real_usd(None, 1997) is None


def test_base_year_outside_the_table_is_refused():
    with pytest.raises(ValueError, match="1913 to"):
        to_real_usd(5.0, 1997, base_year=1900)
