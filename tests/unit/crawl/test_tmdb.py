"""Records from TMDB's answers: tolerant of everything but the id."""

import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.core.errors import RecordError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Company, MovieRecord, Person, Video, facets, plot_text
from pipeline.crawl.tmdb.responses import (
    parse_configuration,
    parse_details,
    parse_genres,
    parse_page,
)

FULL = {
    "id": 597,
    "title": "Titanic",
    "imdb_id": "tt0120338",
    "original_title": "Titanic",
    "original_language": "en",
    "overview": "A ship.",
    "tagline": "Nothing on Earth could come between them.",
    "release_date": "1997-11-18",
    "runtime": 194,
    "budget": 200_000_000,
    "revenue": 2_264_162_353,
    "popularity": 118.5,
    "vote_average": 7.9,
    "vote_count": 25_000,
    "poster_path": "/9xjZS2rlVxm8SFx8kPC3aIGCOYQ.jpg",
    "adult": False,
    "belongs_to_collection": {"id": 5, "name": "Ships"},
    "genres": [{"id": 18, "name": "Drama"}, {"id": 10749, "name": "Romance"}],
    "production_countries": [{"iso_3166_1": "US", "name": "United States of America"}],
    "production_companies": [{"id": 4, "name": "Paramount", "logo_path": None}],
    "spoken_languages": [{"iso_639_1": "en", "name": "English"}, {"iso_639_1": "sv"}],
    "keywords": {"keywords": [{"id": 2580, "name": "shipwreck"}]},
    "credits": {
        "cast": [
            {"id": 204, "name": "Kate Winslet", "order": 1},
            {"id": 6193, "name": "Leonardo DiCaprio", "order": 0},
            {"id": 8, "name": "Nobody knows where"},
        ],
        "crew": [
            {"id": 2710, "name": "James Cameron", "job": "Director"},
            {"id": 2710, "name": "James Cameron", "job": "Writer"},
        ],
    },
    "videos": {
        "results": [
            {
                "key": "CHekzSiZjrY",
                "site": "YouTube",
                "type": "Trailer",
                "name": "Official Trailer",
                "iso_639_1": "en",
                "official": True,
                "published_at": "2012-01-18T20:00:00.000Z",
                "size": 1080,
            }
        ]
    },
    "release_dates": {
        "results": [
            {"iso_3166_1": "DE", "release_dates": [{"certification": "12", "type": 3}]},
            {
                "iso_3166_1": "US",
                "release_dates": [
                    {"certification": "", "type": 3},
                    {"certification": "R", "type": 4},
                    {"certification": "PG-13", "type": 3},
                ],
            },
        ]
    },
    "something_new": {"kept": "elsewhere"},
}


def test_full_answer_is_read_whole():
    assert parse_details(FULL) == MovieRecord(
        tmdb_id=597,
        title="Titanic",
        imdb_id="tt0120338",
        original_title="Titanic",
        original_language="en",
        overview="A ship.",
        tagline="Nothing on Earth could come between them.",
        release_date=date(1997, 11, 18),
        runtime_min=194.0,
        budget_usd=200_000_000.0,
        revenue_usd=2_264_162_353.0,
        popularity=118.5,
        vote_average=7.9,
        vote_count=25_000,
        certification_us="PG-13",
        collection_id=5,
        collection_name="Ships",
        poster_path="/9xjZS2rlVxm8SFx8kPC3aIGCOYQ.jpg",
        is_adult=False,
        genres=("Drama", "Romance"),
        countries=("US",),
        spoken_languages=("en", "sv"),
        keywords=("shipwreck",),
        companies=(Company(4, "Paramount"),),
        cast=(
            Person(6193, "Leonardo DiCaprio", "Actor", 0),
            Person(204, "Kate Winslet", "Actor", 1),
            Person(8, "Nobody knows where", "Actor", 1_000_000),
        ),
        crew=(Person(2710, "James Cameron", "Director"), Person(2710, "James Cameron", "Writer")),
        videos=(
            Video(
                "CHekzSiZjrY", "YouTube", "Trailer", "Official Trailer", "en", True,
                "2012-01-18T20:00:00.000Z", 1080,
            ),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": 0}, {"id": -1}, {"id": "597"},
                                    {"id": True}, {"id": 5.0}, {"id": [1]}, []])  # fmt: skip
def test_missing_or_impossible_id_always_fails(answer):
    with pytest.raises(RecordError, match="id") as caught:
        parse_details(answer)
    assert caught.value.reason is Reason.MALFORMED


def test_id_alone_is_a_record():
    assert parse_details({"id": 1}) == MovieRecord(1, "")


@pytest.mark.parametrize("field", sorted(set(FULL) - {"id"}))
@pytest.mark.parametrize("value", [None, "", 0, -1, 1.5, True, [], {}, [None], {"results": 1},
                                   [[1]], "x", float("nan"), float("inf"), 10**400])  # fmt: skip
def test_optional_field_of_any_kind_is_no_obstacle(field, value):
    record = parse_details({**FULL, field: value})
    assert record.tmdb_id == 597
    assert len(facets(record)) == 6
    assert isinstance(plot_text(record), str)


def test_zero_money_is_unknown():
    record = parse_details({"id": 1, "budget": 0, "revenue": 0, "runtime": 0})
    assert (record.budget_usd, record.revenue_usd, record.runtime_min) == (None, None, None)


def test_empty_text_is_unknown():
    empty = dict.fromkeys(["imdb_id", "poster_path", "release_date", "overview", "tagline"], "")
    record = parse_details({"id": 1, **empty})
    assert (record.imdb_id, record.poster_path, record.release_date) == (None, None, None)
    assert (record.overview, record.tagline) == ("", "")


def test_imdb_id_may_stand_among_the_external_ids():
    answer = {"id": 1, "imdb_id": None, "external_ids": {"imdb_id": "tt0137523"}}
    assert parse_details(answer).imdb_id == "tt0137523"


@pytest.mark.parametrize("imdb_id", ["nm0137523", "tt12", "tt0137523/", "tt０１３７５２３"])
def test_imdb_id_of_a_wrong_form_is_unknown(imdb_id):
    assert parse_details({"id": 1, "imdb_id": imdb_id}).imdb_id is None


@pytest.mark.parametrize("path", ["a.jpg", "/../a.jpg", "/a/b.jpg", "https://x/a.jpg", "/a.jpg?b"])
def test_poster_path_that_could_leave_its_place_is_unknown(path):
    assert parse_details({"id": 1, "poster_path": path}).poster_path is None


@pytest.mark.parametrize("key", ["", "#NAME?", "../x", "a b", "x" * 65, None, 7])
def test_video_key_that_could_not_stand_in_an_address_is_left_out(key):
    videos = {"results": [{"key": key, "site": "YouTube"}, {"key": "ok", "site": "YouTube"}]}
    assert [video.key for video in parse_details({"id": 1, "videos": videos}).videos] == ["ok"]


def test_title_falls_back_to_the_original_one():
    assert parse_details({"id": 1, "title": "", "original_title": "千と千尋"}).title == "千と千尋"


def test_movie_without_certificate_in_the_us_has_none():
    releases = {"results": [{"iso_3166_1": "US", "release_dates": [{"certification": ""}]}]}
    assert parse_details({"id": 1, "release_dates": releases}).certification_us is None


def test_half_a_surrogate_pair_does_not_reach_a_file():
    record = parse_details({"id": 1, "overview": "a \ud83d b"})
    assert record.overview.encode() == b"a ? b"


def test_votes_alone_do_not_change_a_movie():
    moved = {**FULL, "popularity": 1.0, "vote_average": 1.0, "vote_count": 1}
    assert facets(parse_details(moved)) == facets(parse_details(FULL))


def test_page_without_listing_is_not_an_empty_one():
    for answer in ({}, {"results": []}, {"results": {}, "total_pages": 1}, [], {"total_pages": 1}):
        with pytest.raises(RecordError, match="listing"):
            parse_page(answer)


def test_configuration_without_address_is_refused():
    for answer in ({}, {"images": None}, {"images": {"poster_sizes": []}}, []):
        with pytest.raises(RecordError, match="configuration"):
            parse_configuration(answer)


def test_genres_are_names_by_id():
    assert parse_genres({"genres": [{"id": 18, "name": "Drama"}, {"id": None}]}) == {18: "Drama"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted({*FULL, "results", "name", "cast"})), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(FULL)), JSON), JSON)
def test_no_json_brings_more_than_a_record_error(answer, anything):
    for parse in (parse_details, parse_page, parse_configuration, parse_genres):
        for value in (answer, {**answer, "id": 1}, anything):
            with contextlib.suppress(RecordError):
                parse(value)


@pytest.mark.parametrize("is_reversed", [False, True])
def test_earliest_of_several_releases_of_one_type_gives_the_certification(is_reversed):
    releases = [
        {"certification": "PG-13", "release_date": "2012-05-01T00:00:00.000Z", "type": 3},
        {"certification": "R", "release_date": "1979-05-25T00:00:00.000Z", "type": 3},
        {"certification": "NR", "release_date": "1975-05-25T00:00:00.000Z", "type": 4},
        {"certification": "X", "type": 3},
    ]
    listed = releases[::-1] if is_reversed else releases
    parts = {"results": [{"iso_3166_1": "US", "release_dates": listed}]}
    assert parse_details({"id": 1, "release_dates": parts}).certification_us == "R"


def test_plot_and_poster_of_the_movies_own_language_count_where_english_has_none():
    own = {"iso_639_1": "fr", "data": {"overview": "Une nuit."}}
    posters = [
        {"iso_639_1": "de", "file_path": "/d.jpg", "vote_average": 9.0},
        {"iso_639_1": "en", "file_path": "/e.jpg", "vote_average": 8.0},
        {"iso_639_1": "fr", "file_path": "/low.jpg", "vote_average": 1.0},
        {"iso_639_1": "fr", "file_path": "/best.jpg", "vote_average": 5.0},
    ]
    answer = {"id": 1, "original_language": "fr", "overview": "", "poster_path": None,
              "translations": {"translations": [own]}, "images": {"posters": posters}}  # fmt: skip
    record = parse_details(answer)
    assert (record.overview, record.poster_path) == ("Une nuit.", "/best.jpg")
    english = {"iso_639_1": "en", "data": {"overview": "A night."}}
    answer["translations"]["translations"].append(english)
    assert parse_details(answer).overview == "A night."
