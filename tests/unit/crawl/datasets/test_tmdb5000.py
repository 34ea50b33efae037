"""Kaggle's TMDB 5000, by hand: every column becomes TMDB's field of the same name."""

import json

import pytest

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.datasets.tmdb5000 import read
from pipeline.crawl.tmdb.responses import parse_details

MOVIE = {
    "budget": "237000000",
    "genres": json.dumps([{"id": 28, "name": "Action"}]),
    "homepage": "",
    "id": "19995",
    "keywords": json.dumps([{"id": 1463, "name": "culture clash"}]),
    "original_language": "en",
    "original_title": "Avatar",
    "overview": "A marine on a moon.",
    "popularity": "150.4",
    "production_companies": json.dumps([{"name": "Lightstorm", "id": 574}]),
    "production_countries": json.dumps([{"iso_3166_1": "US", "name": "United States"}]),
    "release_date": "2009-12-10",
    "revenue": "2787965087",
    "runtime": "162.0",
    "spoken_languages": json.dumps([{"iso_639_1": "en", "name": "English"}]),
    "status": "Released",
    "tagline": "Enter.",
    "title": "Avatar",
    "vote_average": "7.0",
    "vote_count": "11800",
}
CREDITS = ("movie_id", "title", "cast", "crew")
CAST = [{"id": 65731, "name": "Sam Worthington", "order": 0}]
CREW = [{"id": 2710, "name": "James Cameron", "job": "Director"}]
CROSSWALK = ("tmdb_id", "imdb_id", "movieId", "youtube_id_movielens", "youtube_id_trailer_genres",
             "trailer_seconds")  # fmt: skip


@pytest.fixture
def write_movies(write_table):
    def write(*changes, name="movies.csv"):
        rows = [{**MOVIE, **change} for change in changes or ({},)]
        columns = list(dict.fromkeys(column for row in rows for column in row))
        return write_table(name, columns, *([row.get(c, "") for c in columns] for row in rows))

    return write


@pytest.mark.parametrize("name", ["movies.csv", "movies.csv.gz", "tmdb_5000_movies.csv"])
def test_folder_and_main_file_read_alike(write_movies, name):
    path = write_movies(name=name)
    assert list(read(path)) == list(read(path.parent))
    assert next(read(path)).tmdb_id == 19995


def test_row_becomes_the_record_that_tmdb_would_give(write_movies, write_table):
    path = write_movies()
    write_table("credits.csv", CREDITS, [19995, "Avatar", json.dumps(CAST), json.dumps(CREW)])
    taken = next(read(path))
    record = parse_details(taken.fields)
    assert (record.tmdb_id, record.title, str(record.release_date)) == (
        19995,
        "Avatar",
        "2009-12-10",
    )
    assert (record.budget_usd, record.revenue_usd, record.runtime_min) == (237e6, 2787965087, 162)
    assert (record.genres, record.keywords) == (("Action",), ("culture clash",))
    assert (record.countries, record.spoken_languages) == (("US",), ("en",))
    assert (record.companies[0].company_id, record.cast[0].name) == (574, "Sam Worthington")
    assert (record.crew[0].job, record.vote_count, record.vote_average) == ("Director", 11800, 7.0)
    assert (record.overview, record.tagline) == ("A marine on a moon.", "Enter.")
    assert (taken.title, taken.year, taken.row) == ("Avatar", 2009, "movies.csv line 2")


def test_what_a_row_does_not_know_is_left_out(write_movies):
    fields = next(read(write_movies({"budget": "0", "revenue": "0", "genres": "[]"}))).fields
    assert not {"budget", "revenue", "genres", "homepage", "credits", "videos"} & set(fields)


def test_unknown_column_is_kept_under_the_dumps_own_key(write_movies):
    fields = next(read(write_movies({"awards": "3 Oscars"}))).fields
    assert fields["marquee_tmdb5000"] == {"awards": "3 Oscars"}


def test_crosswalk_gives_imdb_id_and_trailers_each_once(write_movies, write_table):
    path = write_movies({"id": "1"}, {"id": "2"}, {"id": "3"})
    write_table("crosswalk.csv", CROSSWALK,
                [1, "tt0499549", "72998.0", "5MB3Ea6L-gw", "8TNlvM4cN6U", "195.7"],
                [2, "", "", "5MB3Ea6L-gw", "5MB3Ea6L-gw", ""], [3, "", "", "", "", ""])  # fmt: skip
    first, second, third = read(path)
    assert first.imdb_id == first.fields["imdb_id"] == "tt0499549"
    assert first.fields["marquee_tmdb5000"] == {"movieId": 72998, "trailer_seconds": 195.7}
    assert [v.key for v in parse_details(first.fields).videos] == ["5MB3Ea6L-gw", "8TNlvM4cN6U"]
    assert [v.kind for v in parse_details(second.fields).videos] == ["Trailer"]
    assert "videos" not in third.fields


def test_credits_in_another_order_find_their_movies(write_movies, write_table):
    path = write_movies({"id": "1"}, {"id": "2"}, {"id": "3"})
    rows = [[i, "", json.dumps([{"id": i, "name": f"P{i}"}]), "[]"] for i in (3, 1, 2)]
    write_table("credits.csv", CREDITS, *rows)
    assert [row.fields["credits"]["cast"][0]["id"] for row in read(path)] == [1, 2, 3]


def test_bad_credits_are_refused_and_the_movie_is_taken_without(write_movies, write_table, split):
    path = write_movies({"id": "1"}, {"id": "2"})
    write_table("credits.csv", CREDITS, [1, "", "[{'id': 1}]", "[]"], ["x", "", "[]", "[]"],
                ["", "", "[]", "[]"], [2, "", "[]", "[]"], [2, "", "[]", "[]"],
                [9, "", "[]", "[]"])  # fmt: skip
    taken, refused = split(read(path))
    assert [row.tmdb_id for row in taken] == [1, 2]
    assert {row.row: row.reason for row in refused} == {
        "credits.csv line 2": RejectionReason.MALFORMED,
        "credits.csv line 3": RejectionReason.MALFORMED,
        "credits.csv line 4": RejectionReason.NO_ID,
        "credits.csv line 6": RejectionReason.DUPLICATE,
        "credits.csv line 7": RejectionReason.UNKNOWN_MOVIE,
    }


@pytest.mark.parametrize(
    ("change", "reason", "says"),
    [
        ({"id": ""}, RejectionReason.NO_ID, "id is empty"),
        ({"id": "1e5"}, RejectionReason.MALFORMED, "id: expected a whole number, got '1e5'"),
        ({"id": "٣"}, RejectionReason.MALFORMED, "id"),
        ({"id": "-7"}, RejectionReason.MALFORMED, "id"),
        ({"release_date": "soon"}, RejectionReason.MALFORMED, "release_date"),
        ({"budget": "much"}, RejectionReason.MALFORMED, "budget"),
        ({"genres": "[{'id': 28}]"}, RejectionReason.MALFORMED, "genres"),
        ({"keywords": "[" * 9000}, RejectionReason.UNSAFE, "keywords"),
    ],
)
def test_bad_row_names_its_column_and_the_next_is_taken(write_movies, split, change, reason, says):
    taken, refused = split(read(write_movies(change, {"id": "2"})))
    assert [row.tmdb_id for row in taken] == [2]
    assert [(row.row, row.reason) for row in refused] == [("movies.csv line 2", reason)]
    assert says in refused[0].detail


def test_second_row_of_a_movie_says_in_what_it_differs(write_movies, split):
    taken, refused = split(read(write_movies({}, {}, {"vote_count": "1"})))
    assert len(taken) == 1
    assert [row.reason for row in refused] == [RejectionReason.DUPLICATE] * 2
    assert refused[0].detail == "19995: equal to movies.csv line 2"
    assert refused[1].detail.endswith("movies.csv line 2, which is accepted, in vote_count")


def test_first_usable_row_of_a_movie_is_the_one_that_is_taken(write_movies, split):
    taken, refused = split(read(write_movies({"runtime": "long"}, {})))
    assert [row.row for row in taken] == ["movies.csv line 3"]
    assert [row.reason for row in refused] == [RejectionReason.MALFORMED]


def test_folder_of_another_dump_is_reported(write_table):
    path = write_table("movies.csv", ["movieId", "title", "genres"], [1, "Toy Story (1995)", ""])
    with pytest.raises(DumpError, match=r"lacks the columns id, budget"):
        read(path.parent)
