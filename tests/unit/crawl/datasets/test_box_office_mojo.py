"""Box Office Mojo's grosses, by hand: a sum where both parts are known, and odd millions."""

import pytest

from pipeline.crawl.datasets.box_office_mojo import parse_gross, read
from pipeline.crawl.datasets.cell_parsers import CellError
from pipeline.crawl.datasets.dump_rows import RejectionReason

COLUMNS = ("title", "studio", "domestic_gross", "foreign_gross", "year")


@pytest.fixture
def read_rows(write_table):
    return lambda *rows: list(read(write_table("bom.movie_gross.csv", COLUMNS, *rows)))


def test_worldwide_gross_is_the_sum_of_both(read_rows):
    taken = read_rows(["Toy Story 3", "BV", "415000000.0", "652000000", "2010"])[0]
    assert taken.fields["marquee_box_office"] == [
        {
            "source": "box-office-mojo",
            "worldwide": {"amount": 1067000000.0, "currency": "USD"},
            "domestic": {"amount": 415000000.0, "currency": "USD"},
        }
    ]
    assert taken.fields["marquee_box_office_mojo"] == {
        "title": "Toy Story 3",
        "studio": "BV",
        "foreign_gross": "652000000",
        "year": "2010",
    }
    assert (taken.title, taken.year) == ("Toy Story 3", 2010)
    assert not {"revenue", "release_date"} & set(taken.fields)


def test_one_part_alone_is_not_worldwide(read_rows):
    domestic, foreign = read_rows(["A", "", "5.0", "", "2010"], ["B", "", "", "7", "2010"])
    assert set(domestic.fields["marquee_box_office"][0]) == {"source", "domestic"}
    assert "marquee_box_office" not in foreign.fields
    assert foreign.fields["marquee_box_office_mojo"]["foreign_gross"] == "7"


def test_millions_are_reported_by_their_comma_and_decimal():
    assert parse_gross("1,131.6") == 1_131_600_000
    for text in ("1,131", "131.6,1", "1,13.6", "much"):
        with pytest.raises(CellError):
            parse_gross(text)


def test_year_behind_the_title_is_no_part_of_it(read_rows):
    first, second = read_rows(
        ["Alice in Wonderland (2010)", "BV", "1.0", "1", "2010"],
        ["The Lion King (in 3D)", "BV", "1.0", "1", "2011"],
    )
    assert (first.title, second.title) == ("Alice in Wonderland", "The Lion King (in 3D)")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (["", "BV", "1.0", "1", "2010"], RejectionReason.NO_ID),
        (["A", "BV", "1.0", "1", ""], RejectionReason.NO_ID),
        (["A", "BV", "", "", "2010"], RejectionReason.EMPTY),
        (["A", "BV", "-1", "", "2010"], RejectionReason.MALFORMED),
        (["A", "BV", "1", "", "10"], RejectionReason.MALFORMED),
    ],
)
def test_bad_row_is_refused_and_the_next_is_taken(read_rows, row, reason):
    refused, taken = read_rows(row, ["B", "BV", "1.0", "1", "2010"])
    assert (refused.reason, taken.title) == (reason, "B")
