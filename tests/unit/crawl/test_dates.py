from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.dates import format_us_date, parse_us_date


@pytest.mark.parametrize(
    ("text", "day"),
    [("Sep 27, 1947", date(1947, 9, 27)), ("Dec 1947", date(1947, 12, 1)),
     ("September 7, 1979", date(1979, 9, 7)), (" Feb 8, 1968 ", date(1968, 2, 8)),
     ("Sept. 27, 1947", date(1947, 9, 27))],
)  # fmt: skip
def test_both_forms_are_read(text, day):
    assert parse_us_date(text) == day


@pytest.mark.parametrize(
    "text",
    ["", "1947", "Foo 1947", "Feb 30, 1947", "27 Sep 1947", "Sep 27", "09/27/1947", "Sep 0, 1947"],
)  # fmt: skip
def test_what_is_neither_is_no_date(text):
    assert parse_us_date(text) is None


@given(st.dates(date(1000, 1, 1)))
def test_written_date_reads_as_itself(day):
    assert parse_us_date(format_us_date(day)) == day
