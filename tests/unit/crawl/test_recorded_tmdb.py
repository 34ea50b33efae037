"""What TMDB really answered is read without loss."""

import base64
import json
from pathlib import Path

import pytest
import yaml

from pipeline.crawl.tmdb import (
    parse_configuration,
    parse_details,
    parse_genres,
    parse_page,
    read_cast,
    read_crew,
    read_videos,
)
from pipeline.errors import RecordError

ANSWERS = Path(__file__).resolve().parents[3] / "../shared/data/tmdb_api"
pytestmark = pytest.mark.skipif(
    not ANSWERS.is_dir(), reason="the recorded answers (../shared/data/tmdb_api) are not here"
)


class _Loader(yaml.SafeLoader):
    """Reads the tape recorder's own spelling of binary text."""


_Loader.add_constructor(
    "!binary", lambda loader, node: base64.b64decode(loader.construct_scalar(node))
)


def recorded(name):
    tape = yaml.load((ANSWERS / "recorded" / f"{name}.yml").read_text(), _Loader)
    body = tape["http_interactions"][0]["response"]["body"]["string"]
    return json.loads(body)


def shaped(name):
    return json.loads((ANSWERS / "shape_only" / f"{name}.json").read_text())


def texts(items, key):
    return tuple(item[key] for item in items or [] if item[key])


def assert_same(answer):
    """Compare every field that a record has with the answer's own."""
    record = parse_details(answer)
    assert record.tmdb_id == answer["id"]
    for field in ("title", "original_title", "original_language", "overview"):
        assert getattr(record, field) == answer[field].strip()
    assert record.tagline == answer.get("tagline", "")
    assert record.poster_path == answer["poster_path"]
    assert record.is_adult is answer["adult"]
    assert (record.release_date and record.release_date.isoformat()) == (
        answer.get("release_date") or None
    )
    for field in ("popularity", "vote_average", "vote_count"):
        assert getattr(record, field) == answer[field]
    for field, name in [("budget_usd", "budget"), ("revenue_usd", "revenue")]:
        assert getattr(record, field) == (answer.get(name) or None)
    assert record.runtime_min == (answer.get("runtime") or None)
    assert record.imdb_id == (answer.get("imdb_id") or None)
    assert record.collection_id == (answer.get("belongs_to_collection") or {}).get("id")
    assert record.genres == texts(answer.get("genres"), "name")
    assert record.countries == texts(answer.get("production_countries"), "iso_3166_1")
    assert record.spoken_languages == texts(answer.get("spoken_languages"), "iso_639_1")
    companies = [(company.company_id, company.name) for company in record.companies]
    assert companies == [(c["id"], c["name"]) for c in answer.get("production_companies", [])]
    return record


def assert_same_people(answer):
    cast, crew = read_cast(answer["cast"]), read_crew(answer["crew"])
    billed = sorted(answer["cast"], key=lambda item: item["order"])
    assert [(p.person_id, p.name, p.order) for p in cast] == [
        (item["id"], item["name"], item["order"]) for item in billed
    ]
    assert [(p.person_id, p.name, p.job) for p in crew] == [
        (item["id"], item["name"], item["job"]) for item in answer["crew"]
    ]


def assert_same_videos(results):
    assert [
        (v.key, v.site, v.kind, v.name, v.language, v.is_official, v.published_at, v.size_px)
        for v in read_videos(results)
    ] == [
        (v["key"], v["site"], v["type"], v["name"], v["iso_639_1"], v["official"],
         v["published_at"], v["size"])
        for v in results
    ]  # fmt: skip


def test_movie_is_read_whole():
    record = assert_same(recorded("movie_detail"))
    assert (record.title, record.revenue_usd) == ("Fight Club", 100_853_753.0)
    assert_same(shaped("movie_details"))


def test_movie_with_all_its_parts_is_read_whole():
    answer = shaped("movie_details_with_append_to_response")
    record = assert_same(answer)
    assert_same_people(answer["credits"])
    assert_same_videos(answer["videos"]["results"])
    assert (len(record.cast), len(record.crew)) == (
        len(answer["credits"]["cast"]),
        len(answer["credits"]["crew"]),
    )
    assert record.keywords == texts(answer["keywords"]["keywords"], "name")
    assert record.certification_us is None


@pytest.mark.parametrize("name", ["movie_cast", "movie_crew"])
def test_credits_are_read_whole(name):
    answer = recorded(name)
    assert_same_people(answer)
    assert (len(answer["cast"]), len(answer["crew"])) == (75, 175)


def test_videos_are_read_whole():
    assert_same_videos(recorded("movie_videos")["results"])


def test_keywords_are_read_whole():
    answer = recorded("movie_keywords")
    record = parse_details({"id": answer["id"], "keywords": answer})
    assert record.keywords == texts(answer["keywords"], "name")
    assert len(record.keywords) == 14


@pytest.mark.parametrize(
    "name", ["discover_movie", "keyword_movies", "search_movie", "change_movie"]
)
def test_listing_is_read_whole(name):
    answer = recorded(name)
    page = parse_page(answer)
    assert page.ids == tuple(item["id"] for item in answer["results"])
    assert (page.page, page.total_pages, page.total_results) == (
        answer["page"],
        answer["total_pages"],
        answer["total_results"],
    )


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("discover_movie", "results"),
        ("keyword_movies", "results"),
        ("search_movie", "results"),
        ("find_movie", "movie_results"),
    ],
)
def test_movie_of_a_listing_is_read_whole(name, key):
    for answer in recorded(name)[key]:
        assert_same(answer)


def test_configuration_is_read_whole():
    for answer in (recorded("configuration_get"), shaped("configuration_details")):
        configuration = parse_configuration(answer)
        assert configuration.image_url == answer["images"]["secure_base_url"]
        assert list(configuration.poster_sizes) == answer["images"]["poster_sizes"]


def test_genres_are_read_whole():
    answer = recorded("genre_movie_list")
    assert parse_genres(answer) == {item["id"]: item["name"] for item in answer["genres"]}


@pytest.mark.parametrize("name", ["movie_alternative_titles", "movie_posters", "movie_releases"])
def test_part_that_no_field_is_made_of_is_no_obstacle(name):
    assert parse_details(recorded(name)).tmdb_id == 550


def test_changes_of_one_movie_are_not_taken_for_a_movie():
    for answer in (recorded("movie_changes"), shaped("movie_changes")):
        with pytest.raises(RecordError, match="id"):
            parse_details(answer)
