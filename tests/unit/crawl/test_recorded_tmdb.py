"""What TMDB really answered is read without loss: every field of every movie in every recording.

Nothing is picked by hand: all recordings are searched for movies, people, companies, videos and
listings, and each one found is compared field by field. A key that is not read must stand in
`NOT_READ`; it is kept in the store with the rest of the answer.
"""

import base64
import json
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from pipeline.core.errors import RecordError
from pipeline.core.records import Company, MovieRecord, Person, Video
from pipeline.crawl.tmdb.responses import (
    parse_configuration,
    parse_details,
    parse_genres,
    parse_page,
    read_cast,
    read_crew,
    read_videos,
)

ANSWERS = Path(__file__).resolve().parents[3] / "../shared/data/tmdb_api"
pytestmark = pytest.mark.skipif(
    not ANSWERS.is_dir(), reason="the recorded answers (../shared/data/tmdb_api) are not here"
)


class _Loader(yaml.SafeLoader):
    """Reads the tape recorder's own spelling of binary text."""


_Loader.add_constructor(
    "!binary", lambda loader, node: base64.b64decode(loader.construct_scalar(node))
)


def read_answers():
    answers = {}
    for path in sorted(ANSWERS.glob("recorded/*.yml")):
        tape = yaml.load(path.read_text(encoding="utf-8"), _Loader)
        for number, talk in enumerate(tape["http_interactions"]):
            name = path.stem + (f"-{number}" if number else "")
            answers[name] = json.loads(talk["response"]["body"]["string"])
    for path in sorted(ANSWERS.glob("shape_only/*.json")):
        answers[f"shape-{path.stem}"] = json.loads(path.read_text(encoding="utf-8"))
    return answers


ALL = read_answers() if ANSWERS.is_dir() else {}


def find(value, keys):
    """Return every JSON object, at any depth, that has all these keys."""
    if isinstance(value, dict):
        if keys <= value.keys():
            yield value
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from find(child, keys)


MOVIE, PAGE = {"id", "title", "original_title"}, {"results", "total_pages"}


def fight_club():
    """The one movie of which every part was recorded, put together as TMDB appends them."""
    parts = {"credits": "movie_cast", "keywords": "movie_keywords", "videos": "movie_videos"}
    assert all(ALL[name]["id"] == ALL["movie_detail"]["id"] for name in parts.values())
    return {**ALL["movie_detail"], **{part: ALL[name] for part, name in parts.items()}}


def every_movie():
    movies = [movie for answer in ALL.values() for movie in find(answer, MOVIE)]
    return [*movies, fight_club()] if ALL else []


# -- what each field must hold, read from the answer without any code of ours ----------------------


def text(answer, key):
    return (answer.get(key) or "").strip()


def texts(items, key):
    return tuple(item[key].strip() for item in items or () if item.get(key))


def person(item, job=None):
    return Person(item["id"], item["name"].strip(), job or item["job"], item.get("order", 0))


def video(item):
    return Video(
        item["key"], item["site"], item["type"], item["name"].strip(), item["iso_639_1"],
        item["official"], item["published_at"], item["size"],
    )  # fmt: skip


def certification_us(answer):
    releases = [
        release
        for country in answer.get("release_dates", {}).get("results", ())
        if country["iso_3166_1"] == "US"
        for release in country["release_dates"]
        if release["certification"]
    ]
    rank = [3, 2, 1, 4, 5, 6]
    releases.sort(key=lambda release: rank.index(release["type"]))
    return releases[0]["certification"] if releases else None


def billed(answer):
    return sorted(answer.get("credits", {}).get("cast", ()), key=lambda item: item["order"])


HOLDS = {
    "tmdb_id": lambda a: a["id"],
    "title": lambda a: a["title"].strip(),
    "imdb_id": lambda a: a.get("imdb_id") or a.get("external_ids", {}).get("imdb_id"),
    "original_title": lambda a: text(a, "original_title"),
    "original_language": lambda a: text(a, "original_language"),
    "overview": lambda a: text(a, "overview"),
    "tagline": lambda a: text(a, "tagline"),
    "release_date": lambda a: a.get("release_date") or None,
    "runtime_min": lambda a: a.get("runtime") or None,
    "budget_usd": lambda a: a.get("budget") or None,
    "revenue_usd": lambda a: a.get("revenue") or None,
    "popularity": lambda a: a.get("popularity"),
    "vote_average": lambda a: a.get("vote_average"),
    "vote_count": lambda a: a.get("vote_count"),
    "certification_us": certification_us,
    "collection_id": lambda a: (a.get("belongs_to_collection") or {}).get("id"),
    "collection_name": lambda a: (a.get("belongs_to_collection") or {}).get("name"),
    "poster_path": lambda a: a.get("poster_path"),
    "is_adult": lambda a: a["adult"],
    "genres": lambda a: texts(a.get("genres"), "name"),
    "countries": lambda a: texts(a.get("production_countries"), "iso_3166_1"),
    "spoken_languages": lambda a: texts(a.get("spoken_languages"), "iso_639_1"),
    "keywords": lambda a: texts(a.get("keywords", {}).get("keywords"), "name"),
    "companies": lambda a: tuple(
        Company(item["id"], item["name"].strip()) for item in a.get("production_companies", ())
    ),
    "cast": lambda a: tuple(person(item, "Actor") for item in billed(a)),
    "crew": lambda a: tuple(person(item) for item in a.get("credits", {}).get("crew", ())),
    "videos": lambda a: tuple(video(item) for item in a.get("videos", {}).get("results", ())),
}
"""Every field of a record, and what the answer holds for it."""

READ = {
    "adult", "belongs_to_collection", "budget", "credits", "external_ids", "genres", "id",
    "imdb_id", "keywords", "original_language", "original_title", "overview", "popularity",
    "poster_path", "production_companies", "production_countries", "release_date",
    "release_dates", "revenue", "runtime", "spoken_languages", "tagline", "title", "videos",
    "vote_average", "vote_count",
}  # fmt: skip
NOT_READ = {
    "backdrop_path", "genre_ids", "homepage", "media_type", "origin_country", "status", "video",
    # appended by the recorder's client, never asked for by us
    "account_states", "alternative_titles", "changes", "images", "lists", "recommendations",
    "reviews", "similar", "translations", "watch/providers",
}  # fmt: skip


def test_recordings_hold_movies_of_every_kind():
    assert len(every_movie()) > 60
    whole = parse_details(fight_club())
    assert (len(whole.cast), len(whole.crew), len(whole.keywords)) == (75, 175, 14)
    assert whole.videos


FIELDS = [field.name for field in fields(MovieRecord) if field.name != "franchise"]
"""A franchise is no field of TMDB's: it is found among all known movies."""


@pytest.mark.parametrize("field", FIELDS)
def test_field_of_every_movie_is_what_the_recording_holds(field):
    for answer in every_movie():
        held, found = HOLDS[field](answer), getattr(parse_details(answer), field)
        assert (str(found) if field == "release_date" and found else found) == held, answer["id"]


def test_every_key_is_read_or_named_as_not_read():
    assert {key for movie in every_movie() for key in movie} <= READ | NOT_READ
    assert not READ & NOT_READ


def test_every_field_has_a_value_in_some_recording():
    records = [parse_details(answer) for answer in every_movie()]
    empty = {name for name in FIELDS if not any(getattr(r, name) for r in records)}
    # No recording holds a certificate of the US, and none a film for adults.
    assert empty == {"certification_us", "is_adult"}


def test_what_is_written_to_the_store_is_the_whole_answer():
    for name, answer in ALL.items():
        written = json.dumps(answer, ensure_ascii=False, sort_keys=True).encode()
        assert json.loads(written) == answer, name


def test_everybody_and_every_video_is_read():
    for answer in ALL.values():
        for credits in find(answer, {"cast", "crew"}):
            cast = sorted(credits["cast"], key=lambda item: item["order"])
            assert read_cast(credits["cast"]) == tuple(person(item, "Actor") for item in cast)
            assert read_crew(credits["crew"]) == tuple(person(item) for item in credits["crew"])
        videos = list(find(answer, {"key", "site", "official"}))
        assert read_videos(videos) == tuple(video(item) for item in videos)


def test_every_listing_of_movies_is_read_whole():
    pages = [
        page
        for answer in ALL.values()
        for page in find(answer, PAGE)
        if all(isinstance(item.get("id"), int) for item in page["results"])
    ]
    assert len(pages) >= 6
    for answer in pages:
        page = parse_page(answer)
        assert page.ids == tuple(item["id"] for item in answer["results"])
        assert (page.page, page.total_pages) == (answer["page"], answer["total_pages"])
        assert page.total_results == answer["total_results"]


def test_every_configuration_and_list_of_genres_is_read_whole():
    found = [answer for answer in ALL.values() if "images" in answer and "change_keys" in answer]
    assert len(found) == 2
    for answer in found:
        configuration = parse_configuration(answer)
        assert configuration.image_url == answer["images"]["secure_base_url"]
        assert list(configuration.poster_sizes) == answer["images"]["poster_sizes"]
    answer = ALL["genre_movie_list"]
    assert parse_genres(answer) == {item["id"]: item["name"] for item in answer["genres"]}


def test_answer_that_is_no_movie_is_a_record_of_its_id_or_a_missing_id():
    for name, answer in ALL.items():
        if isinstance(answer.get("id"), int):
            assert parse_details(answer).tmdb_id == answer["id"], name
        else:
            with pytest.raises(RecordError, match="id"):
                parse_details(answer)
