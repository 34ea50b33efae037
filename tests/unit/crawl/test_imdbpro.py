"""IMDbPro's page: figures, or what it is instead."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import CredentialError, MarqueeError, RecordError, SourceError
from pipeline.core.outcomes import Reason
from pipeline.crawl.imdbpro.box_office_page import ROWS, BoxOffice, parse_box_office
from pipeline.crawl.monetary_amounts import MonetaryAmount


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
        budget=MonetaryAmount(430_000.0, "GBP"),
        opening=MonetaryAmount(9693.0, "USD"),
        gross_domestic=MonetaryAmount(1.0, "USD"),
        gross_worldwide=MonetaryAmount(800_000_000.0, "JPY"),
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


def test_table_of_days_is_expected_where_a_domestic_run_is_known():
    assert parse_box_office(page(opening="$5")).has_domestic_run
    assert parse_box_office(page(gross_domestic="$5")).has_domestic_run
    assert not parse_box_office(page(gross_worldwide="$5", budget="$5")).has_domestic_run


def test_bytes_are_read_too():
    assert parse_box_office(page(budget="£1").encode()).budget == MonetaryAmount(1.0, "GBP")


@pytest.mark.parametrize(
    "html",
    [
        "<form name=signIn action=/ap/signin><input id=ap_email></form>",
        "<title>IMDbPro | Log in</title>",
        "<title>Amazon Sign-In</title>",
        "<a href='https://pro.imdb.com/login/ap?u=%2F'>Log in</a>",
        "<form action=/session><input type=password></form>",
    ],
)
def test_logged_out_page_is_reported(html):
    with pytest.raises(CredentialError, match="IMDBPRO_COOKIE"):
        parse_box_office(html)


@pytest.mark.parametrize(
    "html",
    [
        "<form action=/errors/validateCaptcha>",
        "<div id=captcha-container>",
        "<title>Robot Check</title>",
        "<title>Just a moment...</title>",
        "<title>Access Denied</title>",
        "<script src=https://x.awswaf.com/challenge.js></script>",
        "<title>Sign in</title><form action=/errors/validateCaptcha>",
    ],
)
def test_blocking_page_is_reported(html):
    with pytest.raises(SourceError, match="robot") as caught:
        parse_box_office(html)
    assert not isinstance(caught.value, CredentialError)


@pytest.mark.parametrize(
    "html", ["<title>Before you continue</title>", "<form action=https://consent.x.com/save>"]
)
def test_page_that_asks_for_consent_is_reported(html):
    with pytest.raises(SourceError, match="consent"):
        parse_box_office(html)


@pytest.mark.parametrize("html", ["<title>Try IMDbPro for free</title>", "<div id=signup></div>"])
def test_offer_of_a_membership_is_reported(html):
    with pytest.raises(CredentialError, match="membership"):
        parse_box_office(html)


@pytest.mark.parametrize("html", ["", "  \n", b"", "<html><body></body></html>"])
def test_empty_page_is_a_block_and_no_movie_without_revenue(html):
    with pytest.raises(RecordError, match="empty page") as caught:
        parse_box_office(html)
    assert caught.value.reason is Reason.BOT_CHECK


@pytest.mark.parametrize(
    "beside",
    ["<a href='https://pro.imdb.com/login/ap?u=%2F'>Log in</a>", "<div id=consent></div>"],
)
def test_link_to_log_in_beside_the_figures_does_no_harm(beside):
    assert parse_box_office(page(budget="$5") + beside).budget == MonetaryAmount(5.0, "USD")


@pytest.mark.parametrize(
    "html",
    [
        "<html><p>Something else",
        "<div id=box_office_summary><div class=gross_total>Gross (World) $9,693</div></div>",
        page(gross_domestic="$5").replace(
            "</div></body>", "<div class=gross_total>Gross (World) INR 7</div></div></body>"
        ),
        "<div id=box_office_summary><div class=budget_summary><b>$9</b></div></div>",
        "<div id=box_office_summary><div class=budget_row>$9,693</div></div>",
        page(budget="about a million"),
        page(budget=""),
        page(budget="XX$ 7"),
    ],
)
def test_changed_layout_is_never_read_as_no_revenue(html):
    with pytest.raises(RecordError) as caught:
        parse_box_office(html)
    assert caught.value.reason is Reason.MALFORMED


@settings(max_examples=200, deadline=None)
@given(st.text() | st.binary() | st.builds(lambda text: page(budget=text), st.text()))
def test_no_page_brings_more_than_our_errors(html):
    with contextlib.suppress(MarqueeError):
        parse_box_office(html)
