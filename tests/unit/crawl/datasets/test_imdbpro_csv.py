import csv
import gzip
from pathlib import Path

import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import AcceptedRow, RejectedRow, RejectionReason
from pipeline.crawl.datasets.imdbpro_csv import read
from pipeline.crawl.imdbpro.csv_writer import COLUMNS, RAW, write_imdbpro_csv
from pipeline.crawl.tmdb.responses import parse_details

CRAWLED = (
    Path(__file__).resolve().parents[4] / "../shared/data/imdbpro/IMDB_crawl_36k_first36rows.csv"
)
ROW = {
    "imdb_id": "tt0055018",
    "N_Theatres": "1,100",
    "Release Date": "Dec 15, 1961",
    "Summary": "A governess ...See moreA governess is convinced.\nSee less",
    "Budget": "£430,000",
    "Gross_Domestic": "$30,103",
    "Gross_Worldwide": "$30,103",
    "IMDB Rating": "7.8",
    "Voters": "29,915",
    "MPAA": "Not Rated",
    "keyword_tag": "Horror, Sci-Fi",
    "Distributor": "Twentieth Century Fox",
    "Directors": "Jack Clayton",
    "tmdb_id": "16372",
}


def written(folder, *rows, columns=COLUMNS, name="table.csv"):
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def only(rows):
    (row,) = rows
    return row


def test_row_becomes_a_movie_in_tmdbs_shape(tmp_path):
    taken = only(read(written(tmp_path, ROW)))
    assert (taken.tmdb_id, taken.imdb_id, taken.year) == (16372, "tt0055018", 1961)
    record = parse_details(taken.fields)
    assert record.overview == "A governess is convinced."
    assert str(record.release_date) == "1961-12-15"
    assert record.genres == ("Horror", "Science Fiction")
    assert record.certification_us == "NR"


def test_amounts_keep_their_currency_and_are_no_tmdb_figures(tmp_path):
    fields = only(read(written(tmp_path, ROW))).fields
    assert fields["marquee_box_office"] == [
        {
            "source": "imdbpro-csv",
            "budget": {"amount": 430_000.0, "currency": "GBP"},
            "domestic": {"amount": 30_103.0, "currency": "USD"},
            "worldwide": {"amount": 30_103.0, "currency": "USD"},
        }
    ]
    assert "revenue" not in fields
    assert "budget" not in fields


def test_budget_in_dollars_is_tmdbs_budget_too(tmp_path):
    assert only(read(written(tmp_path, ROW | {"Budget": "$7"}))).fields["budget"] == 7.0


def test_counts_and_names_are_kept_beside(tmp_path):
    about = only(read(written(tmp_path, ROW))).fields["marquee_imdb"]
    assert about == {
        "rating": 7.8, "votes": 29915, "theatres": 1100,
        "distributor": "Twentieth Century Fox", "directors": ["Jack Clayton"],
    }  # fmt: skip


def test_text_of_every_cell_is_kept_as_it_stood(tmp_path):
    assert only(read(written(tmp_path, ROW))).fields[RAW] == ROW


def test_month_alone_is_taken_for_its_first_day(tmp_path):
    taken = only(read(written(tmp_path, ROW | {"Release Date": "Dec 1947"})))
    assert taken.fields["release_date"] == "1947-12-01"
    assert taken.fields[RAW]["Release Date"] == "Dec 1947"


@pytest.mark.parametrize(
    ("change", "reason", "named"),
    [
        ({"tmdb_id": "", "imdb_id": ""}, RejectionReason.NO_ID, "tmdb_id"),
        ({"tmdb_id": "x"}, RejectionReason.MALFORMED, "tmdb_id"),
        ({"imdb_id": "55018"}, RejectionReason.MALFORMED, "imdb_id"),
        ({"Budget": "a lot"}, RejectionReason.MALFORMED, "Budget"),
        ({"Gross_Worldwide": "9,693"}, RejectionReason.MALFORMED, "Gross_Worldwide"),
        ({"Release Date": "soon"}, RejectionReason.MALFORMED, "Release Date"),
        ({"Voters": "many"}, RejectionReason.MALFORMED, "Voters"),
    ],
)
def test_row_that_cannot_be_read_is_refused_with_its_column(tmp_path, change, reason, named):
    refused = only(read(written(tmp_path, ROW | change)))
    assert isinstance(refused, RejectedRow)
    assert refused.reason is reason
    assert named in refused.detail
    assert "table.csv" in refused.row


def test_second_row_of_a_movie_is_refused_and_neighbours_are_taken(tmp_path):
    rows = list(read(written(tmp_path, ROW, ROW, ROW | {"tmdb_id": "7"})))
    assert [type(row) for row in rows] == [AcceptedRow, RejectedRow, AcceptedRow]
    assert rows[1].reason is RejectionReason.DUPLICATE


def test_row_without_tmdb_id_is_taken_by_its_imdb_id(tmp_path):
    taken = only(read(written(tmp_path, ROW | {"tmdb_id": ""})))
    assert (taken.tmdb_id, taken.imdb_id) == (None, "tt0055018")
    assert "id" not in taken.fields


def test_folder_with_one_such_table_is_read(tmp_path):
    written(tmp_path, ROW)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    assert len(list(read(tmp_path))) == 1


def test_compressed_table_is_read(tmp_path):
    path = written(tmp_path, ROW)
    (tmp_path / "table.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert len(list(read(tmp_path / "table.csv.gz"))) == 1


def test_folder_with_two_or_none_says_what_to_do(tmp_path):
    with pytest.raises(DumpError, match="found none"):
        list(read(tmp_path))
    written(tmp_path, ROW)
    written(tmp_path, ROW, name="copy.csv")
    with pytest.raises(DumpError, match=r"copy\.csv, table\.csv"):
        list(read(tmp_path))


def test_missing_column_is_named(tmp_path):
    columns = tuple(column for column in COLUMNS if column != "Budget")
    row = {column: text for column, text in ROW.items() if column != "Budget"}
    with pytest.raises(DumpError, match="Budget"):
        list(read(written(tmp_path, row, columns=columns)))


def test_movie_from_elsewhere_is_written_from_its_fields_and_reads_back(tmp_path):
    fields = {
        "id": 5, "imdb_id": "tt0113101", "release_date": "1995-12-09", "overview": "Four rooms.",
        "budget": 4_000_000, "revenue": 4_257_354, "genres": [{"name": "Comedy"}],
        "production_companies": [{"id": 14, "name": "Miramax"}],
        "release_dates": {"results": [
            {"iso_3166_1": "US", "release_dates": [{"certification": "R", "type": 3}]}]},
        "credits": {
            "cast": [{"id": 1, "name": "Tim Roth"}, {"id": 2, "name": "Jennifer Beals"}],
            "crew": [{"id": 3, "name": "Allison Anders", "job": "Director"},
                     {"id": 3, "name": "Allison Anders", "job": "Writer"}],
        },
        "marquee_box_office": [
            {"source": "the-numbers", "domestic": {"amount": 4e6, "currency": "USD"}}],
    }  # fmt: skip
    path = tmp_path / "out.csv"
    assert write_imdbpro_csv([AcceptedRow("x", fields, tmdb_id=5)], path) == 1
    cells = only(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    assert {column: text for column, text in cells.items() if text} == {
        "imdb_id": "tt0113101", "Release Date": "Dec 9, 1995", "Summary": "Four rooms.",
        "Budget": "$4,000,000", "Gross_Domestic": "$4,000,000", "Gross_Worldwide": "$4,257,354",
        "MPAA": "R", "keyword_tag": "Comedy", "Production Company": "Miramax",
        "Directors": "Allison Anders", "Writers": "Allison Anders",
        "Stars": "Tim Roth, Jennifer Beals", "tmdb_id": "5",
    }  # fmt: skip
    again = only(read(path)).fields
    assert again["budget"] == 4e6
    assert again["release_date"] == "1995-12-09"


def test_refused_rows_are_not_written(tmp_path):
    rows = [RejectedRow("a", RejectionReason.NO_ID)]
    assert write_imdbpro_csv(rows, tmp_path / "out.csv") == 0


@pytest.mark.skipif(not CRAWLED.is_file(), reason="the IMDbPro crawl (../shared/data) is not here")
def test_real_rows_read_written_and_read_again_are_equal(tmp_path):
    rows = list(read(CRAWLED))
    assert len(rows) == 36
    assert all(isinstance(row, AcceptedRow) for row in rows)
    copy = tmp_path / CRAWLED.name
    write_imdbpro_csv(rows, copy)
    assert list(read(copy)) == rows
    assert copy.read_bytes() == CRAWLED.read_bytes()


@pytest.mark.skipif(not CRAWLED.is_file(), reason="the IMDbPro crawl (../shared/data) is not here")
def test_real_rows_lose_their_noise_in_what_is_read_and_not_in_what_is_kept():
    rows = list(read(CRAWLED))
    assert not [row for row in rows if "See more" in str(row.fields.get("overview"))]
    assert [row for row in rows if "See more" in row.fields[RAW]["Summary"]]
    budgets = (row.fields["marquee_box_office"][0].get("budget") for row in rows)
    assert {budget["currency"] for budget in budgets if budget} == {"USD", "GBP", "JPY"}
