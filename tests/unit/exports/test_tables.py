import csv
import json
from datetime import date

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pipeline.core.errors import TermsError
from pipeline.core.records import Company, MovieRecord, Person, Video
from pipeline.core.terms import describe_terms
from pipeline.exports.movie_table import (
    AFTER_RELEASE,
    escape_formula,
    make_row,
    table_schema,
    write_csv,
    write_parquet,
)

RECORD = MovieRecord(
    597, '=HYPERLINK("http://x","Titanic")', imdb_id="tt0120338", overview="Two, in\none ship",
    release_date=date(1997, 11, 18), runtime_min=194.5, budget_usd=2e8, revenue_usd=2.2e9,
    vote_count=7, popularity=1.5, genres=("Drama", "Romance"), companies=(Company(4, "Paramount"),),
    cast=(Person(204, "Kate", "Actor", 0),), videos=(Video("kVrqfYjkTdQ", "YouTube", "Trailer"),),
)  # fmt: skip
MONEY = {
    "revenue_usd": 2264743305.0, "revenue_usd_real": 4e9, "revenue_source": "imdbpro",
    "budget_usd": 2e8, "real_usd_year": 2025, "figures": [{"source": "imdbpro"}],
}  # fmt: skip
STATES = {"movie_records": ("ok", ""), "posters": ("refused", "gone")}
TERMS = (describe_terms("tmdb", 1_767_225_600), describe_terms("imdb5000", 1_767_312_000))
COLUMNS = table_schema(["movie_records", "posters"])


def rows():
    yield make_row(597, RECORD, MONEY, STATES, TERMS)
    yield make_row(598, None, {}, {"movie_records": ("retry", "network"), "posters": ("", "")})


def test_parquet_keeps_every_value_and_type(tmp_path):
    path = tmp_path / "films.parquet"
    write_parquet(path, rows(), COLUMNS)
    table = pq.read_table(path)
    movie, unknown = table.to_pylist()
    assert movie["title"] == RECORD.title
    assert movie["release_date"] == date(1997, 11, 18)
    assert movie["genres"] == ["Drama", "Romance"]
    assert movie["companies"] == [{"company_id": 4, "name": "Paramount"}]
    assert movie["cast"][0]["person_id"] == 204
    assert movie["videos"][0]["key"] == "kVrqfYjkTdQ"
    assert (movie["tmdb_revenue_usd"], movie["revenue_usd"]) == (2.2e9, 2264743305.0)
    assert movie["revenue_usd_real"] == 4e9
    assert (movie["status_posters"], movie["reason_posters"]) == ("refused", "gone")
    assert unknown["tmdb_id"] == 598
    assert unknown["title"] is None
    assert unknown["status_movie_records"] == "retry"
    assert pd.read_parquet(path)["tmdb_id"].tolist() == [597, 598]


def test_row_states_source_terms_time_of_reading_and_last_lawful_day(tmp_path):
    path = tmp_path / "films.parquet"
    write_parquet(path, rows(), COLUMNS)
    movie, unknown = pq.read_table(path).to_pylist()
    assert movie["source"] == "tmdb; imdb5000"
    assert "written agreement" in movie["terms"]
    assert movie["fetched_at"] == "2026-01-01T00:00:00Z"
    assert movie["last_lawful_day"] == "2026-06-30"
    assert unknown["terms"] is None


def test_record_without_terms_makes_no_row():
    with pytest.raises(TermsError, match=r"film 597 \(=HYPERLINK.*marquee build"):
        make_row(597, RECORD, MONEY, STATES)


def test_what_is_known_only_after_release_is_marked(tmp_path):
    path = tmp_path / "films.parquet"
    write_parquet(path, rows(), COLUMNS)
    fields = pq.read_schema(path)
    late = {f.name for f in fields if (f.metadata or {}).items() >= AFTER_RELEASE.items()}
    assert late == {
        "popularity", "vote_average", "vote_count", "tmdb_revenue_usd", "revenue_usd",
        "revenue_usd_real", "revenue_source", "box_office_figures",
    }  # fmt: skip
    assert fields.field("budget_usd").metadata[b"unit"] == b"US dollars"


def test_csv_keeps_every_value_and_runs_no_formula(tmp_path):
    path = tmp_path / "films.csv"
    escaped = write_csv(path, rows(), COLUMNS)
    with path.open(encoding="utf-8", newline="") as handle:
        movie, unknown = csv.DictReader(handle)
    assert escaped == 1
    assert movie["title"] == "'" + RECORD.title
    assert movie["overview"] == RECORD.overview
    assert json.loads(movie["genres"]) == ["Drama", "Romance"]
    assert json.loads(movie["companies"]) == [{"company_id": 4, "name": "Paramount"}]
    assert (movie["budget_usd"], movie["runtime_min"]) == ("200000000", "194.5")
    assert (movie["release_date"], movie["is_adult"]) == ("1997-11-18", "false")
    assert (unknown["title"], unknown["genres"], unknown["status_movie_records"]) == (
        "",
        "",
        "retry",
    )


@pytest.mark.parametrize(
    "text", ["=1", "+1", "-30-", "@Suicide Room", "\tx", "\r=", "\n=", "'=1", "''@x", "＝1"]
)
def test_text_that_a_spreadsheet_would_run_is_defused_and_can_be_had_back(text):
    assert escape_formula(text) == f"'{text}"
    assert escape_formula(text)[1:] == text


@pytest.mark.parametrize("text", ["", "Sintel", "'71", "1-2", "[1]", "'Til there was you"])
def test_other_text_stays_as_it_is(text):
    assert escape_formula(text) == text
