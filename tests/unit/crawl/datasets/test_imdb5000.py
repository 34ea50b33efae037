"""Kaggle's IMDB 5000, by hand: US money, titles with an unbreakable space, repeated rows."""

import pytest

from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.datasets.imdb5000 import COLUMNS, read
from pipeline.crawl.tmdb.responses import parse_details

MOVIE = {
    "movie_title": "Avatar\xa0",
    "movie_imdb_link": "http://www.imdb.com/title/tt0499549/?ref_=fn_tt_tt_1",
    "title_year": "2009.0",
    "duration": "178.0",
    "genres": "Action|Sci-Fi",
    "plot_keywords": "avatar|future",
    "content_rating": "PG-13",
    "country": "USA",
    "language": "English",
    "gross": "760505847.0",
    "budget": "237000000.0",
    "imdb_score": "8.0",
    "director_name": "James Cameron",
    "actor_3_name": "",
}


@pytest.fixture
def write_movies(write_table):
    def write(*changes):
        rows = [list({**MOVIE, **change}.values()) for change in changes or ({},)]
        return write_table("movie_metadata.csv", MOVIE, *rows)

    return write


@pytest.fixture
def take(write_movies):
    return lambda **change: next(read(write_movies(change)))


def test_row_becomes_the_record_that_tmdb_would_give(take):
    taken = take()
    record = parse_details({"id": 19995, **taken.fields})
    assert (record.title, record.imdb_id, record.runtime_min) == ("Avatar", "tt0499549", 178)
    assert (record.genres, record.keywords) == (("Action", "Science Fiction"), ("avatar", "future"))
    assert (record.countries, record.spoken_languages) == (("US",), ("en",))
    assert (record.certification_us, record.budget_usd) == ("PG-13", 237e6)
    assert (taken.imdb_id, taken.tmdb_id, taken.title, taken.year) == (
        "tt0499549",
        None,
        "Avatar",
        2009,
    )


def test_us_gross_is_no_revenue_and_a_year_is_no_date(take):
    record = parse_details({"id": 1, **take().fields})
    assert (record.revenue_usd, record.release_date) == (None, None)


def test_score_is_a_label_of_its_own_and_no_average_of_tmdb(take):
    fields = take().fields
    assert fields["marquee_imdb_score"] == 8.0
    assert "vote_average" not in fields


def test_figures_of_a_us_movie_are_dollars(take):
    assert take().fields["marquee_box_office"] == [
        {
            "source": "imdb5000",
            "domestic": {"amount": 760505847.0, "currency": "USD"},
            "budget": {"amount": 237000000.0, "currency": "USD"},
        }
    ]


@pytest.mark.parametrize("country", ["South Korea", "", "New Line"])
def test_budget_of_another_country_is_in_no_known_currency(take, country):
    fields = take(country=country, budget="12215500000.0").fields
    assert "budget" not in fields
    (figures,) = fields["marquee_box_office"]
    assert figures["domestic"] == {"amount": 760505847.0, "currency": "USD"}
    assert figures["budget"] == {"amount": 12215500000.0, "currency": None}


def test_row_without_money_has_no_figures(take):
    assert "marquee_box_office" not in take(gross="", budget="0").fields


def test_names_that_tmdb_does_not_have_stay_as_they_are(take):
    fields = take(country="New Line", language="Aboriginal", genres="Film-Noir|Film-Noir|").fields
    assert not {"production_countries", "spoken_languages"} & set(fields)
    assert fields["genres"] == [{"name": "Film-Noir"}]
    own = fields["marquee_imdb5000"]
    assert (own["country"], own["language"]) == ("New Line", "Aboriginal")


def test_people_without_ids_stay_under_the_dumps_own_key(take):
    fields = take().fields
    assert fields["marquee_imdb5000"]["director_name"] == "James Cameron"
    assert "actor_3_name" not in fields["marquee_imdb5000"]
    assert "credits" not in fields


def test_repeated_movie_is_refused_and_says_which_is_taken(write_movies, split):
    taken, refused = split(read(write_movies({}, {}, {"director_name": "J. Cameron"})))
    assert len(taken) == 1
    assert [row.reason for row in refused] == [RejectionReason.DUPLICATE] * 2
    assert refused[1].detail.endswith("line 2, which is accepted, in director_name")


def test_same_title_of_another_movie_is_another_row(write_movies, split):
    other = {"movie_imdb_link": "http://www.imdb.com/title/tt0000001/", "title_year": "1933.0"}
    assert len(split(read(write_movies({}, other)))[0]) == 2


def test_row_without_a_link_is_left_to_title_and_year(take):
    taken = take(movie_imdb_link="")
    assert (taken.imdb_id, taken.title, taken.year) == (None, "Avatar", 2009)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"movie_imdb_link": "", "title_year": ""}, RejectionReason.NO_ID),
        ({"movie_imdb_link": "http://example.org/title/tt0499549/"}, RejectionReason.MALFORMED),
        ({"movie_imdb_link": "javascript:alert(1)"}, RejectionReason.MALFORMED),
        ({"title_year": "1e5"}, RejectionReason.MALFORMED),
        ({"gross": "-1"}, RejectionReason.MALFORMED),
        ({"imdb_score": "good"}, RejectionReason.MALFORMED),
    ],
)
def test_bad_row_is_refused_and_the_next_is_taken(write_movies, split, change, reason):
    taken, refused = split(read(write_movies(change, {})))
    assert [row.reason for row in refused] == [reason]
    assert len(taken) == 1


def test_every_column_with_a_meaning_is_asked_for(take):
    assert set(COLUMNS) < set(MOVIE)
