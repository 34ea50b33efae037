import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from present import present

from pipeline.core.errors import RecordError
from pipeline.crawl.monetary_amounts import MAX_AMOUNT, MonetaryAmount, format_amount, parse_amount

CRAWLED = (
    Path(__file__).resolve().parents[3] / "../shared/data/imdbpro/IMDB_crawl_36k_first36rows.csv"
)


@pytest.mark.parametrize(
    ("text", "currency"),
    [("$1", "USD"), ("€1", "EUR"), ("₹1", "INR"), ("CA$1", "CAD"), ("A$1", "AUD"),
     ("FRF 1", "FRF"), ("DEM1", "DEM"), ("HK$1", "HKD"), ("US$1", "USD"), ("USD 1", "USD"),
     ("INR1", "INR"), ("1 USD", "USD"), ("CN¥1", "CNY"), ("R$ 1", "BRL"), ("$1 USD", "USD"),
     ("\u00a01\u00a0SEK ", "SEK")],
)  # fmt: skip
def test_currency_is_kept(text, currency):
    assert parse_amount(text) == MonetaryAmount(1.0, currency)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("$9,693", 9693), ("$1.2M", 1.2e6), ("$9.5 million", 9.5e6), ("€2B", 2e9), ("$850k", 850e3),
     ("USD 1,234", 1234), ("$1,234.56", 1234.56), ("$1.005M", 1005000.0),
     ("$200,000,000 (estimated)", 2e8)],
)  # fmt: skip
def test_amount_is_read_whole(text, amount):
    assert present(parse_amount(text)).amount == amount


def test_zero_is_unknown():
    assert parse_amount("$0") is None


@pytest.mark.parametrize(
    "text",
    ["1,000", "$1,00", "$-5", "$", "5$", "$1\n$2", "$１", "", "usd 5", "XX$ 7", "$5 EUR", "US 5",
     "about a million", "$1.2Q", "$" + "9" * 400, "$1" + " " * 300 + "x", "1.234.567 EUR"],
)  # fmt: skip
def test_what_is_no_amount_is_not_guessed(text):
    with pytest.raises(RecordError):
        parse_amount(text)


@given(st.floats(0.01, MAX_AMOUNT / 10).map(lambda x: round(x, 2)),
       st.sampled_from(["USD", "GBP", "JPY", "CAD", "FRF", "BRL", "CNY", "SGD"]))  # fmt: skip
def test_written_amount_reads_as_itself(amount, currency):
    assert parse_amount(format_amount(MonetaryAmount(amount, currency))) == MonetaryAmount(
        amount, currency
    )


@given(st.text(max_size=40))
def test_no_text_brings_more_than_our_error(text):
    try:
        money = parse_amount(text)
    except RecordError:
        return
    assert money is None or 0 < money.amount <= MAX_AMOUNT


@pytest.mark.skipif(not CRAWLED.is_file(), reason="the IMDbPro crawl (../shared/data) is not here")
def test_every_amount_of_a_real_crawl_is_read_and_written_as_it_was():
    columns = ("Budget", "Opening", "Gross_Domestic", "Gross_Worldwide")
    with CRAWLED.open(encoding="utf-8-sig", newline="") as file:
        amounts = [row[name] for row in csv.DictReader(file) for name in columns if row[name]]
    assert len(amounts) > 50
    assert [format_amount(parse_amount(text)) for text in amounts] == amounts
