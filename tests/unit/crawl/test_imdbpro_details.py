import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import CredentialError, MarqueeError, RecordError
from pipeline.crawl.imdbpro.details_page import Details, parse_title_details

PAGE = (
    "<h1 id=title_heading><span> The Innocents </span></h1>"
    "<span id=certificate>Not Rated</span><span id=running_time>1h 40min</span>"
    "<div id=genres>Horror, Drama</div>"
    "<div id=title_summary>A governess ...<a>See more</a>A governess is convinced.\n"
    "<a>See less</a></div>"
    "<div id=rating_breakdown><span class=a-size-medium>7.8</span></div>"
    "<div id=ranking_graph_container></div>"
)


def test_what_stands_on_the_page_is_read():
    assert parse_title_details(PAGE) == Details(
        title="The Innocents",
        certificate="Not Rated",
        running_time_min=100,
        genres=("Horror", "Drama"),
        summary="A governess is convinced.",
        rating=7.8,
        has_ranking=True,
    )


def test_what_is_missing_is_unknown():
    html = "<h1 id=title_heading><span>A</span></h1><div id=genres></div>"
    assert parse_title_details(html) == Details("A")


@pytest.mark.parametrize(
    ("text", "minutes"), [("100 min", 100), ("2 hr", 120), ("2h", 120), ("1h40m", 100), ("", None)]
)
def test_running_time_is_read(text, minutes):
    html = f"<h1 id=title_heading><span>A</span></h1><b id=running_time>{text}</b>"
    assert parse_title_details(html).running_time_min == minutes


@pytest.mark.parametrize(
    "html",
    [
        "<p>Hello",
        "<h1 id=title_heading><span>A</span></h1>",
        "<div id=genres>Horror</div>",
        PAGE.replace("1h 40min", "long"),
        PAGE.replace("7.8", "good"),
        PAGE.replace("7.8", "78"),
    ],
)
def test_changed_layout_is_reported(html):
    with pytest.raises(RecordError, match="layout"):
        parse_title_details(html)


def test_logged_out_page_is_reported():
    with pytest.raises(CredentialError):
        parse_title_details("<form name=signIn></form>")


@settings(max_examples=150, deadline=None)
@given(st.text() | st.binary() | st.text().map(lambda text: PAGE.replace("1h 40min", text)))
def test_no_page_brings_more_than_our_errors(html):
    with contextlib.suppress(MarqueeError):
        parse_title_details(html)
