"""The TMDB client against scripted answers, and against the studio."""

import json
import traceback
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from pipeline.core.errors import (
    ConfigurationError,
    CredentialError,
    FetchError,
    RecordError,
    SourceError,
)
from pipeline.core.outcomes import Reason
from resources.http.client import HttpClient
from resources.sources.tmdb import LIMITED_PAUSE_S, MAX_CHANGES_DAYS, PATIENCE_S, Tmdb

RECORDED = Path(__file__).resolve().parents[2] / "../shared/data/tmdb_api/recorded/movie_detail.yml"
KEY = "0123456789abcdef0123456789abcdef"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"


@pytest.fixture
def http(server, clock):
    client = HttpClient(server.url, max_attempts=1, clock=clock)
    yield client
    client.close()


@pytest.fixture
def tmdb(http):
    return Tmdb(http, KEY)


def refusal(code, message="no"):
    return json.dumps({"success": False, "status_code": code, "status_message": message}).encode()


def listing(ids, total_pages=1, page=1):
    results = [{"id": tmdb_id, "adult": None} for tmdb_id in ids]
    return {"page": page, "results": results, "total_pages": total_pages, "total_results": 1}


def serve_listing(server, says, path, find):
    """Answer a listing from a function of the query."""

    def act(talk, target, headers):
        query = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        talk.request.sendall(says.answer(body=json.dumps(find(query)).encode()))

    server.routes[path] = act


def test_movie_comes_with_all_its_parts_in_one_request(server, tmdb):
    server.reply("/movie/597", body=b'{"id": 597, "unknown": [1]}')
    assert tmdb.details(597) == {"id": 597, "unknown": [1]}
    assert [target for target, _ in server.seen] == [
        "/movie/597?append_to_response=credits%2Ckeywords%2Cvideos%2Crelease_dates%2Cexternal_ids"
        f"&include_video_language=en%2Cnull&api_key={KEY}"
    ]


@pytest.mark.parametrize(
    ("known", "asked"),
    [
        ({"original_language": "fr"}, ("videos", "fr,en,null")),
        ({"original_language": "cn", "poster_path": None}, ("videos,images", "cn,en,null")),
        ({"original_language": "en", "overview": ""}, ("translations", "en,null")),
        ({"original_language": "de", "overview": "No overview found."},
         ("videos,translations", "de,en,null")),
    ],
)  # fmt: skip
def test_parts_in_the_movies_own_language_are_requested_as_well(server, says, tmdb, known, asked):
    queries = []

    def find(query):
        queries.append(query)
        return {"id": 77, **known, "videos": {"results": [query.get("include_video_language")]}}

    serve_listing(server, says, "/movie/77", find)
    answer = tmdb.details(77)
    assert queries[0]["include_video_language"] == "en,null"
    assert queries[1]["append_to_response"] == asked[0]
    for part, name in (("videos", "include_video_language"), ("images", "include_image_language")):
        assert queries[1].get(name) == (asked[1] if part in asked[0] else None)
    expected = asked[1] if "videos" in asked[0] else "en,null"
    assert answer["videos"] == {"results": [expected]}


def test_language_that_is_known_saves_the_second_request(server, tmdb):
    movie = {"id": 597, "original_language": "fr"}
    server.reply("/movie/597", body=json.dumps(movie).encode())
    assert tmdb.details(597, "fr") == movie
    assert ["include_video_language=fr%2Cen%2Cnull" in target for target, _ in server.seen] == [
        True
    ]


def test_parts_that_were_lacking_come_with_the_first_request(server, tmdb):
    movie = {"id": 597, "original_language": "fr", "poster_path": None, "overview": "A."}
    server.reply("/movie/597", body=json.dumps(movie).encode())
    tmdb.details(597, "fr", ["images"])
    assert ["external_ids%2Cimages&" in target for target, _ in server.seen] == [True]
    assert "include_image_language=fr%2Cen%2Cnull" in server.seen[0][0]


@pytest.mark.parametrize("language", ["en", "xx", "", None, "no language", "en&api_key=x"])
def test_english_movie_with_plot_and_poster_costs_one_request(server, tmdb, language):
    movie = {"id": 597, "original_language": language, "overview": "A.", "poster_path": "/a.jpg"}
    server.reply("/movie/597", body=json.dumps(movie).encode())
    assert tmdb.details(597) == movie
    assert len(server.seen) == 1


def test_token_goes_into_the_header(server, http):
    server.reply("/movie/597", body=b'{"id": 597}')
    Tmdb(http, TOKEN).details(597)
    target, headers = server.seen[0]
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert "api_key" not in target


@pytest.mark.parametrize("key", ["", "  ", "two words", "ключ", "a\nb"])
def test_unusable_key_is_refused_before_any_request(http, key):
    with pytest.raises(ConfigurationError, match="TMDB_API_KEY"):
        Tmdb(http, key)


@pytest.mark.parametrize("key", [KEY, TOKEN])
def test_refused_key_stops_the_crawl_without_showing_it(server, http, key):
    server.reply("/movie/597", status=401, body=refusal(7, f"Invalid key {key}"))
    with pytest.raises(CredentialError, match="TMDB_API_KEY") as caught:
        Tmdb(http, key).details(597)
    assert key not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("code", [6, 34])
def test_deleted_movie_is_reported_apart(server, tmdb, code):
    server.reply("/movie/597", status=404, body=refusal(code))
    with pytest.raises(FetchError) as caught:
        tmdb.details(597)
    assert caught.value.reason is Reason.DELETED_AT_SOURCE


@pytest.mark.parametrize("code", [9, 46])
def test_maintenance_stops_the_crawl(server, tmdb, code):
    server.reply("/movie/597", status=503, body=refusal(code, "Temporarily offline."))
    with pytest.raises(SourceError, match=f"maintenance.*{code}.*Temporarily offline"):
        tmdb.details(597)


def test_suspended_account_stops_the_crawl(server, tmdb):
    server.reply("/movie/597", status=403, body=refusal(45))
    with pytest.raises(CredentialError, match="TMDB_API_KEY"):
        tmdb.details(597)


@pytest.mark.parametrize("headers", [{}, {"Retry_After": "3600"}])
def test_key_that_stays_limited_stops_the_crawl(server, says, http, clock, headers):
    server.reply("/movie/597", says.answer(429, refusal(25), **headers))
    began_s = clock.now_s()
    with pytest.raises(SourceError, match=r"limits this key.*MARQUEE_REQUESTS_PER_S"):
        Tmdb(http, KEY, clock=clock).details(597)
    assert clock.now_s() - began_s <= PATIENCE_S
    assert server.count()["/movie/597"] == (1 if headers else 1 + PATIENCE_S // LIMITED_PAUSE_S)


def test_key_that_was_limited_for_a_moment_goes_on(server, says, http, clock):
    limited = says.answer(429, refusal(25))
    server.reply("/movie/597", limited, limited, says.answer(body=b'{"id": 597}'))
    assert Tmdb(http, KEY, clock=clock).details(597) == {"id": 597}
    assert server.count()["/movie/597"] == 3
    assert clock.slept_s == [LIMITED_PAUSE_S] * 2


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"<html>", Reason.GONE),
        (404, b"[" * 50_000, Reason.GONE),
        (404, b"[]", Reason.GONE),
        (403, refusal(3), Reason.FORBIDDEN),
        (500, refusal(11), Reason.SERVER_ERROR),
        (502, refusal(43), Reason.SERVER_ERROR),
        (503, b"<html>", Reason.SERVER_ERROR),
        (504, refusal(24), Reason.SERVER_ERROR),
        (200, b"<html>", Reason.WRONG_TYPE),
        (200, b"[]", Reason.MALFORMED),
    ],
)
def test_fault_of_one_movie_stays_with_it(server, tmdb, status, body, reason):
    server.reply("/movie/597", status=status, body=body)
    with pytest.raises(FetchError) as caught:
        tmdb.details(597)
    assert caught.value.reason is reason
    server.reply("/movie/598", body=b'{"id": 598}')
    assert tmdb.details(598) == {"id": 598}


@pytest.mark.parametrize("body", [b"{}", b'{"id": null}', b'{"id": 598}'])
def test_answer_for_another_movie_is_refused(server, tmdb, body):
    server.reply("/movie/597", body=body)
    with pytest.raises(RecordError, match="597"):
        tmdb.details(597)


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"<html>"), (404, refusal(34)), (200, b"<html>"), (200, b"{}"), (200, b"[1]")],
)
def test_wrong_address_is_named(server, tmdb, status, body):
    server.reply("/configuration", status=status, body=body)
    with pytest.raises(SourceError, match="TMDB_API_URL"):
        tmdb.configuration()


def test_passing_failure_of_a_listing_stays_passing(server, tmdb):
    server.reply("/discover/movie", status=500)
    with pytest.raises(FetchError) as caught:
        list(tmdb.discover_ids(date(2020, 1, 1), date(2020, 1, 2)))
    assert caught.value.reason is Reason.SERVER_ERROR


def test_all_pages_are_read_and_no_movie_comes_twice(server, says, tmdb):
    pages = {"1": [1, 2, 3], "2": [3, 4], "3": [5]}
    serve_listing(server, says, "/discover/movie", lambda query: listing(pages[query["page"]], 3))
    found = list(tmdb.discover_ids(date(2020, 1, 1), date(2020, 12, 31)))
    assert found == [1, 2, 3, 4, 5]
    assert server.count()["/discover/movie"] == 3


def test_dates_are_halved_until_every_slice_fits(server, says, tmdb):
    first_day, pages_per_day = date(2020, 1, 1), 100

    def find(query):
        since = date.fromisoformat(query["primary_release_date.gte"])
        until = date.fromisoformat(query["primary_release_date.lte"])
        assert int(query["page"]) <= 500
        days = (until - since).days + 1
        day = since + timedelta(days=(int(query["page"]) - 1) // pages_per_day)
        number = (day - first_day).days * pages_per_day + (int(query["page"]) - 1) % pages_per_day
        return listing([number + 1], days * pages_per_day)

    serve_listing(server, says, "/discover/movie", find)
    found = list(tmdb.discover_ids(first_day, first_day + timedelta(days=8)))
    assert sorted(found) == list(range(1, 901))


def test_day_that_does_not_fit_is_reported_aloud(server, says, tmdb):
    serve_listing(server, says, "/discover/movie", lambda query: listing([1], 501))
    with pytest.raises(SourceError, match=r"501 pages for primary_release_date.gte=2020-01-01"):
        list(tmdb.discover_ids(date(2020, 1, 1), date(2020, 1, 3)))


def serve_one_day(server, says, movies):
    """Answer /discover/movie for one day from (votes, runtime) by id, one movie a page."""

    def within(value, query, name):
        if value is None:
            return f"{name}.gte" not in query and f"{name}.lte" not in query
        return int(query.get(f"{name}.gte", 0)) <= value <= int(query.get(f"{name}.lte", 10**15))

    def find(query):
        found = [
            tmdb_id
            for tmdb_id, (votes, runtime) in movies.items()
            if within(votes, query, "vote_count") and within(runtime, query, "with_runtime")
        ]
        page = int(query["page"])
        assert page <= 25
        return {**listing(found[page - 1 : page], len(found)), "total_results": len(found)}

    serve_listing(server, says, "/discover/movie", find)


ONE_DAY = (date(2020, 1, 1), date(2020, 1, 1))


@pytest.fixture
def short_listings(monkeypatch):
    """TMDB gives 25 pages instead of 500, so that a day is too long sooner."""
    for module in ("resources.sources.tmdb", "resources.sources.tmdb_slices"):
        monkeypatch.setattr(f"{module}.MAX_PAGES", 25)


@pytest.mark.usefixtures("short_listings")
def test_day_that_is_too_long_is_cut_by_votes_then_by_runtime(server, says, tmdb):
    movies = {i: (i % 3, 90 + i % 40) for i in range(1, 121)}
    serve_one_day(server, says, movies)
    found = list(tmdb.discover_ids(*ONE_DAY))
    assert sorted(found) == sorted(movies)
    assert len(found) == len(movies)


@pytest.mark.usefixtures("short_listings")
def test_cut_by_votes_keeps_to_the_fewest_that_were_asked_for(server, says, tmdb):
    movies = {i: (i, 90) for i in range(1, 151)}
    serve_one_day(server, says, movies)
    found = list(tmdb.discover_ids(*ONE_DAY, {"vote_count.gte": "50"}))
    assert sorted(found) == list(range(50, 151))


@pytest.mark.usefixtures("short_listings")
def test_movies_that_no_cut_shows_are_not_lost_without_a_word(server, says, tmdb):
    movies = {i: (1, None if i == 7 else 60 + i % 90) for i in range(1, 81)}
    serve_one_day(server, says, movies)
    with pytest.raises(SourceError, match=r"80 movies.*only 79 .*min_votes"):
        list(tmdb.discover_ids(*ONE_DAY))


def test_changes_of_one_day_that_are_too_many_are_reported_aloud(server, says, tmdb):
    serve_listing(server, says, "/movie/changes", lambda query: listing([1], 501))
    with pytest.raises(SourceError, match=r"501 pages for start_date=2020-01-01"):
        list(tmdb.changed_ids(*ONE_DAY))


@pytest.mark.skipif(not RECORDED.is_file(), reason="the recorded answers are not here")
def test_recorded_answer_comes_through_the_client_as_it_was_recorded(server, tmdb):
    body = yaml.safe_load(RECORDED.read_text())["http_interactions"][0]["response"]["body"]
    server.reply("/movie/550", body=body["string"].encode())
    assert tmdb.details(550) == json.loads(body["string"])


def test_filter_is_passed_on(server, says, tmdb):
    queries = []
    serve_listing(server, says, "/discover/movie", lambda q: queries.append(q) or listing([]))
    list(tmdb.discover_ids(date(2020, 1, 1), date(2020, 1, 1), {"with_original_language": "de"}))
    assert queries[0]["with_original_language"] == "de"


def test_changes_are_asked_for_in_short_windows_without_a_gap(server, says, tmdb):
    windows = []

    def find(query):
        windows.append((query["start_date"], query["end_date"]))
        return listing([len(windows)])

    serve_listing(server, says, "/movie/changes", find)
    assert list(tmdb.changed_ids(date(2020, 1, 1), date(2020, 2, 5))) == [1, 2, 3]
    assert windows == [
        ("2020-01-01", "2020-01-14"),
        ("2020-01-15", "2020-01-28"),
        ("2020-01-29", "2020-02-05"),
    ]
    assert MAX_CHANGES_DAYS == 14


def test_no_dates_no_request(server, tmdb):
    assert list(tmdb.discover_ids(date(2020, 1, 2), date(2020, 1, 1))) == []
    assert list(tmdb.changed_ids(date(2020, 1, 2), date(2020, 1, 1))) == []
    assert server.seen == []
