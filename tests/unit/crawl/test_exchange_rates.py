import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present import present

from pipeline.core.errors import ConfigurationError
from pipeline.crawl.currency_conversion import ExchangeRates, parse_rates
from pipeline.crawl.monetary_amounts import MonetaryAmount

HEADER = "year,currency,usd_per_unit\n"


def test_amount_is_converted_by_the_rate_of_its_year():
    rates = parse_rates(HEADER + "1961,GBP,2.80\n1962,GBP,2.81\n", "rates.csv")
    found = present(rates.convert(MonetaryAmount(430_000, "GBP"), 1961))
    assert (found.amount_usd, found.usd_per_unit, found.year) == (1_204_000.0, 2.8, 1961)


@pytest.mark.parametrize(("year", "currency"), [(1962, "GBP"), (1961, "JPY"), (None, "GBP")])
def test_missing_rate_is_no_conversion(year, currency):
    rates = parse_rates(HEADER + "1961,GBP,2.80\n", "rates.csv")
    assert rates.convert(MonetaryAmount(5.0, currency), year) is None


def test_no_rates_convert_nothing():
    assert ExchangeRates().convert(MonetaryAmount(5.0, "GBP"), 1961) is None


def test_spaces_empty_lines_and_a_byte_order_mark_do_no_harm():
    rates = parse_rates("\ufeff" + HEADER + "\n 1961 , GBP , 2.8 \r\n\n", "rates.csv")
    assert rates.usd_per_unit == {(1961, "GBP"): 2.8}


def test_same_line_twice_does_no_harm():
    assert parse_rates(HEADER + "1961,GBP,2.8\n1961,GBP,2.80\n", "rates.csv").usd_per_unit


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("year,currency\n", 1),
        ("currency,year,usd_per_unit\n1961,GBP,2.8\n", 1),
        (HEADER + "1961,GBP,2.8\n1962,GBP\n", 3),
        (HEADER + "1961,GBP,2.8,x\n", 2),
        (HEADER + "\n61,GBP,2.8\n", 3),
        (HEADER + "1961,gbp,2.8\n", 2),
        (HEADER + "1961,£,2.8\n", 2),
        (HEADER + "1961,GBP,two\n", 2),
        (HEADER + "1961,GBP,0\n", 2),
        (HEADER + "1961,GBP,-2.8\n", 2),
        (HEADER + "1961,GBP,nan\n", 2),
        (HEADER + "1961,GBP,1e400\n", 2),
        (HEADER + '1961,GBP,"2,8"\n', 2),
        (HEADER + "1961,USD,2.8\n", 2),
        (HEADER + "1961,GBP,2.8\n1961,GBP,2.9\n", 3),
    ],
)
def test_malformed_file_is_refused_with_its_line(text, line):
    with pytest.raises(ConfigurationError, match=rf"rates\.csv line {line} "):
        parse_rates(text, "rates.csv")


@given(st.text(max_size=80).map(lambda text: HEADER + text) | st.text(max_size=80))
def test_no_text_brings_more_than_our_error(text):
    with contextlib.suppress(ConfigurationError):
        parse_rates(text, "rates.csv")
