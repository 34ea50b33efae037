"""The real dumps that have TMDB's columns: two readers agree on every row.

pandas reads them a second time; what is compared is the record that a row becomes.
"""

import ast
import json
from datetime import datetime

import pytest

from pipeline.crawl.datasets.dump_rows import AcceptedRow
from pipeline.crawl.tmdb.responses import parse_details

pytestmark = pytest.mark.real


def number(text):
    return float(text) if text and float(text) else None


def check_names(record_names, cell, parse, key="name"):
    assert list(record_names) == [item[key].strip() for item in parse(cell) if item[key].strip()]


STAND_INS = ("No overview found.", "No Overview")
"""What these dumps have in the place of a plot."""


def check_movie(record, row, parse):
    """Compare a record with a row of either dump that has TMDB's columns."""
    assert (record.title, record.original_title) == (row["title"], row["original_title"])
    overview = row["overview"].strip()
    assert record.overview == ("" if overview in STAND_INS else overview)
    assert record.tagline == row["tagline"].strip()
    assert record.original_language == row["original_language"]
    assert record.budget_usd == number(row["budget"])
    assert record.revenue_usd == number(row["revenue"])
    assert record.runtime_min == number(row["runtime"])
    assert record.popularity == float(row["popularity"])
    assert record.vote_average == float(row["vote_average"])
    assert record.vote_count == float(row["vote_count"])
    check_names(record.genres, row["genres"], parse)
    check_names(record.countries, row["production_countries"], parse, "iso_3166_1")
    check_names(record.spoken_languages, row["spoken_languages"], parse, "iso_639_1")
    check_names((one.name for one in record.companies), row["production_companies"], parse)


@pytest.mark.parametrize("n", [400, pytest.param(None, marks=pytest.mark.slow)])
def test_tmdb5000_loses_nothing(read_real, real_table, n):
    rows = {row.tmdb_id: row for row in read_real("tmdb5000", n)}
    movies = real_table("tmdb5000", "movies.csv.gz").to_dict("records")[:n]
    credits = real_table("tmdb5000", "credits.csv.gz").set_index("movie_id").to_dict("index")
    assert [int(movie["id"]) for movie in movies] == list(rows)
    for movie in movies:
        fields = rows[int(movie["id"])].fields
        record = parse_details(fields)
        check_movie(record, movie, json.loads)
        check_names(record.keywords, movie["keywords"], json.loads)
        assert str(record.release_date or "") == movie["release_date"]
        assert fields.get("homepage", "") == movie["homepage"]
        assert fields["status"] == movie["status"]
        people = fields.get("credits", {})
        assert people.get("cast", []) == json.loads(credits[movie["id"]]["cast"])
        assert people.get("crew", []) == json.loads(credits[movie["id"]]["crew"])


@pytest.mark.slow
def test_tmdb5000_has_every_id_of_the_crosswalk(read_real, real_table):
    rows = {row.tmdb_id: row for row in read_real("tmdb5000")}
    for link in real_table("tmdb5000", "crosswalk.csv").to_dict("records"):
        record = parse_details(rows[int(link["tmdb_id"])].fields)
        listed = [link["youtube_id_movielens"], link["youtube_id_trailer_genres"]]
        assert record.imdb_id == (link["imdb_id"] or None)
        assert [video.key for video in record.videos] == list(dict.fromkeys(filter(None, listed)))


def test_movies_dataset_loses_nothing(read_real, real_table):
    rows = {row.tmdb_id: row for row in read_real("movies-dataset") if isinstance(row, AcceptedRow)}
    movies = real_table("movies_dataset", "movies_metadata_sample.csv.gz").to_dict("records")
    assert {int(float(movie["id"])) for movie in movies} == set(rows)
    for movie in movies:
        record = parse_details(rows[int(float(movie["id"]))].fields)
        check_movie(record, movie, ast.literal_eval)
        day = movie["release_date"]
        released = datetime.strptime(day, "%m/%d/%Y").date() if day else None
        collection = ast.literal_eval(movie["belongs_to_collection"] or "{}")
        assert record.release_date == released
        assert (record.imdb_id, record.poster_path or "") == (
            movie["imdb_id"],
            movie["poster_path"],
        )
        assert (record.collection_id, record.collection_name) == (
            collection.get("id"),
            collection.get("name"),
        )


def test_movies_dataset_has_its_credits_and_keywords(read_real, real_table):
    rows = {
        row.tmdb_id: row.fields
        for row in read_real("movies-dataset")
        if isinstance(row, AcceptedRow)
    }
    credits = real_table("movies_dataset", "credits_partial.csv").to_dict("records")
    keywords = real_table("movies_dataset", "keywords_partial.csv").to_dict("records")
    joined = [row for row in credits if int(row["id"]) in rows]
    assert joined
    for row in joined:
        people = rows[int(row["id"])]["credits"]
        assert people["cast"] == ast.literal_eval(row["cast"])
        assert people["crew"] == ast.literal_eval(row["crew"])
    for row in keywords:
        if (listed := ast.literal_eval(row["keywords"])) and int(row["id"]) in rows:
            assert rows[int(row["id"])]["keywords"]["keywords"] == listed
