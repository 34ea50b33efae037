"""Kaggle's The Movies Dataset, by hand: lists as Python prints them, and shifted rows."""

import pytest

from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.datasets.movies_dataset import read
from pipeline.crawl.tmdb.responses import parse_details

MOVIE = {
    "adult": "False",
    "belongs_to_collection": "{'id': 10194, 'name': 'Toy Story Collection'}",
    "budget": "30000000.0",
    "genres": "[{'id': 16, 'name': 'Animation'}]",
    "homepage": "",
    "id": "862.0",
    "imdb_id": "tt0114709",
    "original_language": "en",
    "original_title": "Toy Story",
    "overview": "Led by Woody.",
    "popularity": "8.2e-05",
    "poster_path": "/rhIRbceoE9lR4veEXuwCC2wARtG.jpg",
    "production_companies": "[{'name': \"Pixar's\", 'id': 3}]",
    "production_countries": "[]",
    "release_date": "10/30/1995",
    "revenue": "373554033.0",
    "runtime": "81.0",
    "spoken_languages": "[{'iso_639_1': 'en', 'name': 'English'}]",
    "status": "Released",
    "tagline": "",
    "title": "Toy Story",
    "video": "False",
    "vote_average": "7.7",
    "vote_count": "5415.0",
}


@pytest.fixture
def write_movies(write_table):
    def write(*changes):
        rows = [list({**MOVIE, **change}.values()) for change in changes or ({},)]
        return write_table("movies_metadata.csv", MOVIE, *rows)

    return write


def test_row_becomes_the_record_that_tmdb_would_give(write_movies, write_table):
    path = write_movies()
    write_table(
        "credits.csv", ("cast", "crew", "id"), ["[{'id': 31, 'name': 'Tom Hanks'}]", "[]", 862]
    )
    write_table("keywords.csv", ("id", "keywords"), [862, "[{'id': 4290, 'name': 'toy'}]"])
    taken = next(read(path))
    record = parse_details(taken.fields)
    assert (record.tmdb_id, record.imdb_id, str(record.release_date)) == (
        862,
        "tt0114709",
        "1995-10-30",
    )
    assert (record.budget_usd, record.revenue_usd, record.runtime_min) == (3e7, 373554033, 81)
    assert (record.collection_id, record.poster_path) == (10194, MOVIE["poster_path"])
    assert (record.companies[0].name, record.keywords) == ("Pixar's", ("toy",))
    assert (record.cast[0].name, record.is_adult, record.vote_count) == ("Tom Hanks", False, 5415)
    assert taken.fields["popularity"] == 8.2e-5
    assert (taken.imdb_id, taken.title, taken.year) == ("tt0114709", "Toy Story", 1995)


def test_iso_dates_read_like_us_dates(write_movies):
    assert next(read(write_movies({"release_date": "1995-10-30"}))).year == 1995


def test_rows_that_were_cut_in_two_are_refused_in_both_halves(write_movies, split):
    path = write_movies({}, {"id": "2"})
    head, first, second = path.read_text().splitlines()
    cut = (
        "False,,0,\"[{'id': 28, 'name': 'Action'}]\",,82663,tt0113002,en,Midnight Man,\"A plot.\"\n"
        ' - Written by Ørnås,0.065736,/ff9qCepilowsh.jpg,"[]","[]",1997-08-20,0,104.0,'
        '"[]",Released,,Midnight Man,False,6.0,1'
    )
    path.write_text("\n".join([head, first, cut, second]) + "\n")
    taken, refused = split(read(path))
    assert [row.tmdb_id for row in taken] == [862, 2]
    assert [(row.row[-6:], row.reason) for row in refused] == [
        ("line 3", RejectionReason.MALFORMED),
        ("line 4", RejectionReason.MALFORMED),
    ]
    assert refused[0].detail == "10 columns, expected 24"


def test_shifted_row_that_was_filled_up_is_refused_for_its_id(write_movies, split):
    shifted = {"adult": " - Written by Ørnås", "id": "1997-08-20", "imdb_id": "0", "video": ""}
    taken, refused = split(read(write_movies(shifted, {"id": "2"})))
    assert [row.tmdb_id for row in taken] == [2]
    assert refused[0].detail == "id: expected a whole number, got '1997-08-20'"


def test_links_give_the_imdb_id_where_the_table_has_none(write_movies, write_table):
    path = write_movies({"imdb_id": ""}, {"id": "2"}, {"id": "3", "imdb_id": ""})
    write_table("links.csv", ("movieId", "imdbId", "tmdbId"), [1, "0114709", 862],
                [7, "0000001", 2], [8, "0000002", 3], [9, "0000003", 3])  # fmt: skip
    first, second, third = read(path)
    assert (first.imdb_id, first.fields["marquee_movies_dataset"]) == ("tt0114709", {"movieId": 1})
    assert second.imdb_id == "tt0114709"
    assert third.imdb_id is None


def test_bad_links_are_refused(write_movies, write_table, split):
    path = write_movies()
    write_table("links.csv", ("movieId", "imdbId", "tmdbId"), ["", "1", "1"], [1, "x", 1])
    taken, refused = split(read(path))
    assert len(taken) == 1
    assert [row.reason for row in refused] == [RejectionReason.NO_ID, RejectionReason.MALFORMED]


def test_code_in_a_list_is_not_run(write_movies, split, tmp_path):
    code = f"[{{'id': open({str(tmp_path / 'ran')!r}, 'w')}}]"
    _, refused = split(read(write_movies({"genres": code})))
    assert refused[0].reason is RejectionReason.MALFORMED
    assert not (tmp_path / "ran").exists()
