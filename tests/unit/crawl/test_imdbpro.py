"""IMDbPro's page: figures, or what it is instead."""

import contextlib
import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.crawl.imdbpro import ROWS, BoxOffice, Money, parse_box_office, parse_money
from pipeline.errors import CredentialError, MarqueeError, RecordError, SourceError
from pipeline.outcomes import Reason

CRAWLED = (
    Path(__file__).resolve().parents[3] / "../shared/data/imdbpro/IMDB_crawl_36k_first36rows.csv"
)


def page(**figures):
    rows = "".join(
        f"<div class='a-row {ROWS[name]}'><div class='a-fixed-right-grid'>"
        f"<div class='a-column a-span7'>{name}</div>"
        f"<div class='a-column a-span5 a-text-right a-span-last'>\n {text} \n</div></div></div>"
        for name, text in figures.items()
    )
    return f"<html><body><div id='box_office_summary'>{rows}</div></body></html>"


def test_four_figures_are_read_with_their_currency():
    html = page(
        budget="£430,000", opening="$9,693", gross_domestic="$1", gross_worldwide="¥800,000,000"
    )
    assert parse_box_office(html) == BoxOffice(
        budget=Money(430_000.0, "GBP"),
        opening=Money(9693.0, "USD"),
        gross_domestic=Money(1.0, "USD"),
        gross_worldwide=Money(800_000_000.0, "JPY"),
    )


@pytest.mark.parametrize("name", sorted(ROWS))
def test_unknown_figure_has_no_row(name):
    figures = dict.fromkeys(ROWS, "$5")
    del figures[name]
    box_office = parse_box_office(page(**figures))
    assert getattr(box_office, name) is None
    assert sum(value is not None for value in vars(box_office).values()) == 3


def test_summary_without_rows_means_nothing_is_known():
    assert parse_box_office(page()) == BoxOffice()


@pytest.mark.parametrize("mark", ["<div id=box_office_details>", "<span class=empty_mojo_table>"])
def test_page_without_summary_means_nothing_is_known(mark):
    assert parse_box_office(mark) == BoxOffice()


def test_bytes_are_read_too():
    assert parse_box_office(page(budget="£1").encode()).budget == Money(1.0, "GBP")


@pytest.mark.parametrize(
    "html",
    [
        "<form name=signIn action=/ap/signin><input id=ap_email></form>",
        "<title>IMDbPro | Log in</title>",
        "<title>Amazon Sign-In</title>",
        "<a href='https://pro.imdb.com/login/ap?u=%2F'>Log in</a>",
    ],
)
def test_logged_out_page_is_told(html):
    with pytest.raises(CredentialError, match="IMDBPRO_COOKIE"):
        parse_box_office(html)


@pytest.mark.parametrize(
    "html",
    ["<form action=/errors/validateCaptcha>", "<div id=captcha-container>"],
)
def test_blocking_page_is_told(html):
    with pytest.raises(SourceError, match="robot"):
        parse_box_office(html)


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<html><p>Something else",
        "<div id=box_office_summary><div class=budget_summary><b>$9</b></div></div>",
        "<div id=box_office_summary><div class=budget_row>$9,693</div></div>",
        page(budget="about a million"),
        page(budget=""),
        page(budget="$9.5 million"),
        page(budget="XX$ 7"),
    ],
)
def test_changed_layout_is_never_read_as_no_revenue(html):
    with pytest.raises(RecordError) as caught:
        parse_box_office(html)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(
    ("text", "currency"),
    [("$1", "USD"), ("€1", "EUR"), ("₹1", "INR"), ("CA$1", "CAD"), ("A$1", "AUD"),
     ("FRF 1", "FRF"), ("DEM1", "DEM"), ("HK$1", "HKD"), ("US$1", "USD")],
)  # fmt: skip
def test_currency_is_kept(text, currency):
    assert parse_money(text) == Money(1.0, currency)


def test_estimate_is_an_amount_and_zero_is_unknown():
    assert parse_money("$200,000,000 (estimated)") == Money(2e8, "USD")
    assert parse_money("$0") is None


@pytest.mark.parametrize("text", ["1,000", "$1,00", "$-5", "$", "5$", "$1\n$2", "$１"])
def test_what_is_no_amount_is_not_guessed(text):
    with pytest.raises(RecordError):
        parse_money(text)


@pytest.mark.skipif(not CRAWLED.is_file(), reason="the IMDbPro crawl (../shared/data) is not here")
def test_every_amount_of_a_real_crawl_is_read():
    columns = ("Budget", "Opening", "Gross_Domestic", "Gross_Worldwide")
    with CRAWLED.open(encoding="utf-8-sig", newline="") as file:
        amounts = [row[name] for row in csv.DictReader(file) for name in columns if row[name]]
    assert len(amounts) > 50
    for text in amounts:
        money = parse_money(text)
        assert money is None or f"{money.amount:,.0f}" in text


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary() | st.builds(lambda text: page(budget=text), st.text()))
def test_no_page_brings_more_than_our_errors(html):
    with contextlib.suppress(MarqueeError):
        parse_box_office(html)
