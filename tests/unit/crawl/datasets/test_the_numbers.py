"""The Numbers' budgets, by hand: dollars as text, damaged titles, dates that are years."""

import pytest

from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.datasets.the_numbers import fix_title_encoding, read
from pipeline.crawl.tmdb.responses import parse_details

COLUMNS = ("id", "release_date", "movie", "production_budget", "domestic_gross", "worldwide_gross")


@pytest.fixture
def read_rows(write_table):
    return lambda *rows: list(read(write_table("tn.movie_budgets.csv", COLUMNS, *rows)))


def test_row_has_a_date_a_budget_and_figures(read_rows):
    row = ["1", "Dec 18, 2009", "Avatar", "$425,000,000", "$760,507,625", "$2,776,345,279"]
    taken = read_rows(row)[0]
    record = parse_details({"id": 19995, **taken.fields})
    assert (record.title, str(record.release_date)) == ("Avatar", "2009-12-18")
    assert (record.budget_usd, record.revenue_usd) == (425e6, None)
    assert taken.fields["marquee_box_office"] == [
        {
            "source": "the-numbers",
            "worldwide": {"amount": 2776345279.0, "currency": "USD"},
            "domestic": {"amount": 760507625.0, "currency": "USD"},
            "budget": {"amount": 425000000.0, "currency": "USD"},
        }
    ]
    assert taken.fields["marquee_the_numbers"] == {"id": "1", "release_date": "Dec 18, 2009"}
    assert (taken.tmdb_id, taken.imdb_id, taken.title, taken.year) == (None, None, "Avatar", 2009)


def test_zero_dollars_are_unknown(read_rows):
    taken = read_rows(["1", "Dec 18, 2009", "A", "$5,000", "$0", "$0"])[0]
    assert set(taken.fields["marquee_box_office"][0]) == {"source", "budget"}


def test_last_day_of_the_year_stands_for_the_year(read_rows):
    taken = read_rows(["1", "Dec 31, 2014", "A", "$5,000", "$0", "$0"])[0]
    assert taken.year == 2014
    assert "release_date" not in taken.fields
    assert taken.fields["marquee_the_numbers"]["release_date"] == "Dec 31, 2014"


@pytest.mark.parametrize("title", ["Les Misérables", "Ãrea", "Avatar", "千と千尋", ""])
def test_title_that_is_not_damaged_stays(title):
    assert fix_title_encoding(title) == title


def test_letter_whose_second_byte_was_taken_for_space_is_fixed():
    assert fix_title_encoding("L'aldilÃ") == "L'aldilà"
    assert fix_title_encoding("Un monstre Ã Paris") == "Un monstre à Paris"


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["1", "", "A", "$5", "$0", "$0"], RejectionReason.NO_ID),
        (["1", "Dec 18, 2009", "", "$5", "$0", "$0"], RejectionReason.NO_ID),
        (["1", "Dec 18, 2009", "A", "$0", "$0", ""], RejectionReason.EMPTY),
        (["1", "2009", "A", "$5", "$0", "$0"], RejectionReason.MALFORMED),
        (["1", "Dec 18, 2009", "A", "£5", "$0", "$0"], RejectionReason.MALFORMED),
    ],
)
def test_bad_row_is_refused_and_the_next_is_taken(read_rows, row, reason):
    refused, taken = read_rows(row, ["2", "Dec 18, 2009", "B", "$5", "$0", "$0"])
    assert (refused.reason, taken.title) == (reason, "B")
