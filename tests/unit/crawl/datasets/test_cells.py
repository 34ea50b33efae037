"""Single cells: what they promise, or a refusal that shows what came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crawl.datasets import cell_parsers
from pipeline.crawl.datasets.cell_parsers import (
    CellError,
    parse_count,
    parse_date,
    parse_dollars,
    parse_flag,
    parse_id,
    parse_imdb_id,
    parse_imdb_number,
    parse_named_date,
    parse_number,
    parse_positive,
    parse_year,
    parse_youtube_id,
)

READERS = [
    getattr(cell_parsers, name)
    for name in dir(cell_parsers)
    if name.startswith("parse_") and name not in ("parse_text", "parse_amount")
]


@pytest.mark.parametrize("read", READERS)
def test_empty_cell_says_nothing(read):
    assert read("") is None


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", ["soon", "\x00", "１２", "٣", "nan", "inf", "1e999", "9" * 400])
def test_nonsense_is_refused_and_shown_in_short(read, text):
    with pytest.raises(CellError, match=r"expected .*, got") as raised:
        read(text)
    assert len(str(raised.value)) < 200


@pytest.mark.parametrize("text", ["1e5", "٣", "-7", "0", "12.5", "1 2", "0x1f", "1_000", "+3"])
def test_id_is_a_whole_number_of_ascii_digits_above_0(text):
    with pytest.raises(CellError):
        parse_id(text)


def test_id_that_a_spreadsheet_made_a_float_is_read():
    assert parse_id("12.0") == 12


def test_id_beyond_32_bits_is_refused():
    assert parse_id("2147483647") == 2**31 - 1
    with pytest.raises(CellError):
        parse_id("2147483648")


@pytest.mark.parametrize(
    ("text", "number"),
    [("7.2", 7.2), ("237000000", 237_000_000), ("8.2e-05", 8.2e-5), ("-1.5", -1.5), ("0.0", 0)],
)
def test_number_is_read(text, number):
    assert parse_number(text) == number


def test_zero_money_is_unknown_and_negative_money_is_refused():
    assert parse_positive("0.0") is None
    with pytest.raises(CellError, match="0 or more"):
        parse_positive("-5")


def test_zero_votes_are_known():
    assert parse_count("0") == 0


@pytest.mark.parametrize("text", ["1869", "2101", "1995.5", "95"])
def test_year_without_movies_is_refused(text):
    with pytest.raises(CellError):
        parse_year(text)


@pytest.mark.parametrize("text", ["2001-02-29", "13/1/1995", "30/10/1995", "1995-1-1", "1995"])
def test_day_that_is_not_in_the_calendar_is_refused(text):
    with pytest.raises(CellError):
        parse_date(text)


@pytest.mark.parametrize("text", ["Dec 32, 2009", "Dez 18, 2009", "December 18, 2009", "Dec 2009"])
def test_named_day_must_be_as_the_table_writes_it(text):
    with pytest.raises(CellError):
        parse_named_date(text)


@pytest.mark.parametrize("text", ["£425,000", "425", "$4,25", "-$425", "$1.5x", "$" + "9" * 99])
def test_dollars_must_be_dollars(text):
    with pytest.raises(CellError):
        parse_dollars(text)


def test_flag_is_read_in_any_case():
    assert (parse_flag("False"), parse_flag("TRUE")) == (False, True)


@pytest.mark.parametrize(
    ("text", "imdb_id"),
    [("114709", "tt0114709"), ("0114709.0", "tt0114709"), ("10000001", "tt10000001")],
)
def test_number_of_imdb_becomes_an_id_of_at_least_seven_digits(text, imdb_id):
    assert parse_imdb_number(text) == imdb_id


@pytest.mark.parametrize("text", ["0", "nm0000158", "tt123", "tt01234567890", "TT0114709"])
def test_what_is_no_imdb_id_is_refused(text):
    with pytest.raises(CellError):
        parse_imdb_id(text)


def test_id_that_a_spreadsheet_ate_is_reported_from_other_nonsense():
    with pytest.raises(CellError, match="spreadsheet"):
        parse_youtube_id("#NAME?")
    with pytest.raises(CellError, match="11 characters"):
        parse_youtube_id("XEH06oFfJSY/")


def test_youtube_id_may_begin_with_a_dash():
    assert parse_youtube_id("-C-xXZYyX2z") == "-C-xXZYyX2z"


@given(st.text())
def test_no_text_crashes_a_reader(text):
    for read in READERS:
        try:
            read(text)
        except CellError:
            continue
