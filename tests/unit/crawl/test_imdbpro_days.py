import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import CredentialError, MarqueeError, RecordError, SourceError
from pipeline.core.outcomes import Reason
from pipeline.crawl.imdbpro.daily_table import Day, Days, parse_days

FIRST = ("1985-06-14", 2649832, "", "", 1100, 2409, 2649832)
SECOND = ("1985-06-21", 1000000, "", "-62.3", 1000, 1000, 3649832)


def table(*rows, money="$2,649,832"):
    written = "".join(
        "<tr>" + "".join(f"<td data-sort-value='{key}'>{money}</td>" for key in row) + "</tr>"
        for row in rows
    )
    return (
        "<div id=box_office_details><table id=box_office_mojo><thead><tr><th>Date</th></tr></thead>"
        f"<tbody>{written}</tbody></table></div>"
    )


def test_rows_are_read_by_their_keys_in_order_of_time():
    assert parse_days(table(SECOND, FIRST)) == Days(
        (
            Day(date(1985, 6, 14), 2649832.0, 1100, 2649832.0),
            Day(date(1985, 6, 21), 1000000.0, 1000, 3649832.0),
        ),
        "USD",
    )


def test_widest_theatres_are_the_largest_number():
    assert parse_days(table(FIRST, SECOND)).widest_theatres == 1100
    assert Days().widest_theatres is None


def test_currency_is_the_one_that_a_person_sees():
    assert parse_days(table(FIRST, money="£5")).currency == "GBP"
    assert parse_days(table(FIRST, money="five")).currency is None


@pytest.mark.parametrize("key", ["", "-", "0", "n/a"])
def test_cell_without_a_number_is_unknown(key):
    row = (FIRST[0], key, "", "", key, "", key)
    assert parse_days(table(row)).days == (Day(date(1985, 6, 14)),)


@pytest.mark.parametrize("key", ["1985-06-14T00:00:00", "19850614", "487555200", "487555200000"])
def test_date_is_read_in_the_forms_that_tables_sort_by(key):
    assert parse_days(table((key, *FIRST[1:]))).days[0].day == date(1985, 6, 14)


def test_date_that_only_a_person_can_read_is_read():
    html = table(("x", *FIRST[1:]), money="Jun 14, 1985")
    assert parse_days(html).days[0].day == date(1985, 6, 14)


def test_mark_that_there_is_none_means_none():
    html = "<div id=box_office_details><span class=empty_mojo_table>No data</span></div>"
    assert parse_days(html) == Days()


@pytest.mark.parametrize(
    "html",
    [
        table(FIRST[:5]),
        table(("soon", *FIRST[1:])),
        table(("1985-06-14", "many", *FIRST[2:])),
        table(("1985-06-14", "1e400", *FIRST[2:])),
        table(),
        "<table id=box_office_mojo><tr><td>1</td></tr></table>",
        "<div id=box_office_details></div>",
    ],
)
def test_changed_layout_is_reported(html):
    with pytest.raises(RecordError, match="layout") as caught:
        parse_days(html)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("html", ["", "<div class=blocked></div>", "<p>Hello", "<table id=other>"])
def test_page_without_table_or_its_place_means_logged_out_or_blocked(html):
    with pytest.raises(RecordError, match="logged out or blocked") as caught:
        parse_days(html)
    assert caught.value.reason is Reason.BOT_CHECK


def test_walls_are_reported_apart():
    with pytest.raises(CredentialError):
        parse_days("<title>IMDbPro | Log in</title>")
    with pytest.raises(SourceError, match="robot"):
        parse_days("<div id=captcha-container>")


@settings(max_examples=200, deadline=None)
@given(
    st.text()
    | st.binary()
    | st.lists(st.lists(st.text(max_size=15), max_size=9), max_size=3).map(lambda r: table(*r))
)
def test_no_page_brings_more_than_our_errors(html):
    with contextlib.suppress(MarqueeError):
        parse_days(html)
