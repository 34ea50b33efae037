import base64
import json
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import pytest
import requests
import yaml

from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.servers.running import start_studio

TMDB_ANSWERS = Path(__file__).resolve().parents[2] / "../shared/data/tmdb_api"
needs_recordings = pytest.mark.skipif(
    not TMDB_ANSWERS.is_dir(), reason="the recorded TMDB answers are not beside the checkout"
)
ALL_PARTS = "credits,keywords,videos,release_dates,external_ids"
FIRST = 90_000_001


class _RubyLoader(yaml.SafeLoader):
    pass


_RubyLoader.add_constructor(
    "!binary", lambda loader, node: base64.b64decode(loader.construct_scalar(node))
)


def recorded(name):
    cassette = yaml.load((TMDB_ANSWERS / f"recorded/{name}.yml").read_bytes(), _RubyLoader)
    return json.loads(cassette["http_interactions"][0]["response"]["body"]["string"])


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    with start_studio(GeneratedCatalogue(12_000, 7, tmp_path_factory.mktemp("cache"))) as up:
        yield up


@pytest.fixture
def small_studio(tmp_path):
    with start_studio(GeneratedCatalogue(50, 7, tmp_path)) as up:
        yield up


def get(studio, path, **params):
    url = f"{studio.urls['TMDB_API_URL']}{path}"
    return requests.get(url, params={"api_key": "studio"} | params, timeout=60)


def refusal(answer):
    body = answer.json()
    assert body["success"] is False
    assert body["status_message"]
    return answer.status_code, body["status_code"]


@needs_recordings
def test_details_have_every_field_that_tmdb_recorded(studio):
    movie = get(studio, f"/movie/{FIRST}").json()
    assert recorded("movie_detail").keys() <= movie.keys()
    for name in ("budget", "revenue", "runtime", "id", "vote_count"):
        assert type(movie[name]) is int


@needs_recordings
@pytest.mark.parametrize("part", ALL_PARTS.split(","))
def test_appended_part_has_the_fields_of_tmdbs(studio, part):
    answer = json.loads(
        (TMDB_ANSWERS / "shape_only/movie_details_with_append_to_response.json").read_text()
    )
    ours = [
        get(studio, f"/movie/{tmdb_id}", append_to_response=part).json()[part]
        for tmdb_id in range(FIRST, FIRST + 5)
    ]
    assert_has_shape(ours, [answer[part]])


def assert_has_shape(ours, theirs):
    """Every key of every object of theirs is in every object of ours, lists taken as one."""
    if isinstance(theirs, list):
        our_items = [item for item in ours if isinstance(item, dict)]
        their_items = [item for item in theirs if isinstance(item, dict)]
        assert bool(our_items) == bool(their_items)
        for key in {key for item in their_items for key in item}:
            assert all(key in item for item in our_items), key
            our_values, their_values = [i[key] for i in our_items], [i[key] for i in their_items]
            if isinstance(their_values[0], list):
                assert_has_shape(list(chain(*our_values)), list(chain(*their_values)))


@needs_recordings
@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("configuration_get", "/configuration"),
        ("genre_movie_list", "/genre/movie/list"),
        ("discover_movie", "/discover/movie"),
        ("change_movie", "/movie/changes"),
    ],
)
def test_answer_has_every_field_that_tmdb_recorded(studio, name, path):
    ours, theirs = get(studio, path).json(), recorded(name)
    assert theirs.keys() <= ours.keys()
    if ours.get("results"):
        assert_has_shape(ours["results"], theirs["results"])


@needs_recordings
def test_genres_and_poster_sizes_are_tmdbs(studio):
    assert get(studio, "/genre/movie/list").json() == recorded("genre_movie_list")
    ours, theirs = get(studio, "/configuration").json(), recorded("configuration_get")
    assert ours["images"].keys() == theirs["images"].keys()
    assert ours["images"]["poster_sizes"] == theirs["images"]["poster_sizes"]


def test_only_the_parts_asked_for_are_appended(studio):
    movie = get(studio, f"/movie/{FIRST}", append_to_response="credits,videos").json()
    assert {"credits", "videos"} <= movie.keys()
    assert not {"keywords", "release_dates", "external_ids"} & movie.keys()


def test_more_than_twenty_parts_are_refused(studio):
    parts = ",".join(["credits"] * 21)
    assert refusal(get(studio, f"/movie/{FIRST}", append_to_response=parts)) == (400, 27)


def test_wrong_key_is_refused_and_bearer_is_taken(studio):
    url = f"{studio.url}/3/movie/{FIRST}"
    assert refusal(requests.get(url, timeout=60)) == (401, 7)
    assert refusal(requests.get(url, params={"api_key": "wrong"}, timeout=60)) == (401, 7)
    assert requests.get(url, headers={"Authorization": "Bearer studio"}, timeout=60).ok


@pytest.mark.parametrize(
    ("path", "status"),
    [("/movie/1", (404, 34)), ("/movie/abc", (404, 6)), ("/no/such/thing", (404, 34))],
)
def test_what_is_not_there_is_refused_as_tmdb_does(studio, path, status):
    assert refusal(get(studio, path)) == status


def test_discover_lists_every_movie_once(small_studio):
    pages = [get(small_studio, "/discover/movie", page=page).json() for page in (1, 2, 3, 4)]
    assert [len(page["results"]) for page in pages] == [20, 20, 10, 0]
    assert pages[0]["total_pages"] == 3
    ids = [movie["id"] for page in pages for movie in page["results"]]
    assert ids == list(range(FIRST, FIRST + 50))


def test_discover_names_more_pages_than_it_shows(studio):
    last = get(studio, "/discover/movie", page=500).json()
    assert last["total_pages"] == 600
    assert len(last["results"]) == 20
    for page in (0, 501, "x"):
        assert refusal(get(studio, "/discover/movie", page=page)) == (400, 22)


def test_slices_by_date_meet_without_gap_or_overlap(studio):
    first = slice_ids(studio, "1990-01-01", "1990-12-31")
    halves = (
        slice_ids(studio, "1990-01-01", "1990-06-30"),
        slice_ids(studio, "1990-07-01", "1990-12-31"),
    )
    assert 200 < len(first) < 500
    assert sorted(halves[0] + halves[1]) == sorted(first)


def slice_ids(studio, start, end):
    params = {"primary_release_date.gte": start, "primary_release_date.lte": end}
    page, pages, ids = 0, 1, []
    while page < pages:
        page += 1
        answer = get(
            studio, "/discover/movie", page=page, sort_by="primary_release_date.asc", **params
        ).json()
        pages = answer["total_pages"]
        days = [movie["release_date"] for movie in answer["results"]]
        assert days == sorted(days)
        assert all(start <= day <= end for day in days)
        ids += [movie["id"] for movie in answer["results"]]
    return ids


def test_edit_shows_in_details_and_changes(small_studio):
    order = {"tmdb_id": FIRST + 3, "set": {"title": "Another", "poster_path": "/new.jpg"}}
    assert requests.post(f"{small_studio.url}/_edit", json=order, timeout=60).ok
    movie = get(small_studio, f"/movie/{FIRST + 3}").json()
    assert (movie["title"], movie["poster_path"]) == ("Another", "/new.jpg")
    changes = get(small_studio, "/movie/changes").json()
    assert changes["results"] == [{"id": FIRST + 3, "adult": False}]
    long_ago = {"start_date": "2001-01-01", "end_date": "2001-01-10"}
    assert get(small_studio, "/movie/changes", **long_ago).json()["results"] == []


def test_deleted_movie_is_gone_and_changed_with_adult_null(small_studio):
    assert requests.post(f"{small_studio.url}/_delete", json={"tmdb_id": FIRST}, timeout=60).ok
    assert refusal(get(small_studio, f"/movie/{FIRST}")) == (404, 34)
    assert get(small_studio, "/movie/changes").json()["results"] == [{"id": FIRST, "adult": None}]
    assert get(small_studio, "/discover/movie").json()["total_results"] == 49


def test_added_movies_are_those_of_a_larger_catalogue(small_studio, tmp_path):
    answer = requests.post(f"{small_studio.url}/_add", json={"n": 2}, timeout=60).json()
    assert answer["added"] == [FIRST + 50, FIRST + 51]
    larger = GeneratedCatalogue(90, 7, tmp_path)
    movie = get(small_studio, f"/movie/{FIRST + 51}", append_to_response=ALL_PARTS).json()
    assert movie == larger.details(FIRST + 51)
    assert get(small_studio, "/movie/changes").json()["total_results"] == 2


def test_edited_release_date_moves_the_movie_to_another_slice(small_studio):
    order = {"tmdb_id": FIRST + 1, "set": {"release_date": "2030-05-05"}}
    requests.post(f"{small_studio.url}/_edit", json=order, timeout=60)
    assert slice_ids(small_studio, "2030-01-01", "2030-12-31") == [FIRST + 1]


def test_orders_that_cannot_be_obeyed_are_refused(small_studio):
    for path, order, status in (
        ("/_edit", {"tmdb_id": 5, "set": {}}, 404),
        ("/_edit", {"tmdb_id": FIRST}, 400),
        ("/_delete", {"tmdb_id": 5}, 404),
    ):
        url = f"{small_studio.url}{path}"
        assert requests.post(url, json=order, timeout=60).status_code == status


def test_changes_come_by_the_hundred(tmp_path):
    catalogue = GeneratedCatalogue(150, 7, tmp_path)
    for tmdb_id in catalogue.movie_ids():
        catalogue.edit(tmdb_id, {"tagline": "New."})
    with start_studio(catalogue) as studio:
        pages = [get(studio, "/movie/changes", page=page).json() for page in (1, 2)]
    assert [len(page["results"]) for page in pages] == [100, 50]
    assert (pages[0]["total_pages"], pages[0]["total_results"]) == (2, 150)


def test_changes_over_more_than_fourteen_days_are_refused(small_studio):
    today = datetime.now(UTC).date()

    def ask(days):
        window = {"start_date": today - timedelta(days=days), "end_date": today}
        return get(small_studio, "/movie/changes", **window)

    assert ask(14).ok
    assert refusal(ask(15)) == (422, 20)
    assert refusal(get(small_studio, "/movie/changes", start_date="soon")) == (422, 20)
