"""Tables that share a dump's columns and are another dump, and files with old line ends."""

import gzip

import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets import box_office_mojo, movies_dataset, the_numbers, tmdb5000
from pipeline.crawl.datasets.csv_tables import open_table
from pipeline.crawl.datasets.list_parsers import parse_json_list
from pipeline.crawl.datasets.tmdb_format import tmdb_columns

TMDB5000 = ("id", *tmdb_columns(parse_json_list), "keywords")
NUMBERS = ("id", *the_numbers.COLUMNS)


def row(columns, **known):
    return [known.get(column, "") for column in columns]


@pytest.mark.parametrize("genres", ["Action, Science Fiction", "Action|Drama", '["Action"]'])
@pytest.mark.parametrize(
    ("dump", "name", "columns"),
    [
        (tmdb5000, "movies.csv", TMDB5000),
        (movies_dataset, "movies_metadata.csv", ("id", *movies_dataset.COLUMNS)),
    ],
)
def test_lists_in_another_form_are_another_dump(write_table, dump, name, columns, genres):
    rows = [row(columns, id=941, title="Kite", genres=genres), row(columns, id=942, title="Oar")]
    path = write_table(name, columns, *rows)
    with pytest.raises(DumpError, match=r"is another dump than .* of genres none can be read"):
        list(dump.read(path))


def test_amounts_without_a_sign_throughout_are_another_dump(write_table):
    amounts = {"production_budget": "5", "release_date": "Dec 18, 2009"}
    rows = [row(NUMBERS, movie=f"Kite {i}", **amounts) for i in range(3)]
    with pytest.raises(DumpError, match="another dump than the-numbers"):
        list(the_numbers.read(write_table("the_numbers_budgets.csv", NUMBERS, *rows)))


def test_one_row_out_of_format_is_that_rows_fault(write_table, split):
    good = row(NUMBERS, movie="Oar", production_budget="$5", release_date="Dec 18, 2009")
    bad = row(NUMBERS, movie="Kite", production_budget="5", release_date="Dec 18, 2009")
    path = write_table("the_numbers_budgets.csv", NUMBERS, bad, good)
    taken, rejected = split(the_numbers.read(path))
    assert (len(taken), len(rejected)) == (1, 1)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_that_end_with_cr_alone_are_read(tmp_path, pack):
    path = tmp_path / "movies.csv"
    path.write_bytes(pack(b'id,title\r1,"A\nB"\r2,C\r\r3,D'))
    cells = [one.cells["title"] for one in open_table(path, ("id", "title")).read_rows()]
    assert cells == ["A\nB", "C", "D"]


def test_long_lines_that_end_with_cr_are_read(tmp_path):
    path = tmp_path / "movies.csv"
    path.write_bytes(b"id,title\r" + b"\r".join(b"%d,%s" % (i, b"x" * 70_000) for i in range(3)))
    assert [one.cells["id"] for one in open_table(path, ("id",)).read_rows()] == ["0", "1", "2"]


@pytest.mark.parametrize("foreign", ["1019.4", "1,019.4", "1019.40", "1.0194e3"])
def test_millions_above_a_billion_are_read_however_they_were_saved(write_table, foreign):
    columns = ("title", "studio", "domestic_gross", "foreign_gross", "year")
    path = write_table("bom.movie_gross.csv", columns, ["A", "", "652300000.0", foreign, "2015"])
    figures = next(box_office_mojo.read(path)).fields["marquee_box_office"][0]
    assert figures["worldwide"]["amount"] == pytest.approx(1_671_700_000)


@pytest.mark.parametrize("foreign", ["1019", "1019.0", "12.5", "10194.5"])
def test_gross_whose_unit_is_unclear_is_rejected(write_table, split, foreign):
    columns = ("title", "studio", "domestic_gross", "foreign_gross", "year")
    path = write_table("bom.movie_gross.csv", columns, ["A", "", "652300000.0", foreign, "2015"])
    taken, rejected = split(box_office_mojo.read(path))
    assert (taken, len(rejected)) == ([], 1)
