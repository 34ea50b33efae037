"""Parse TMDB's responses into records; optional fields may be missing, unknown ones are ignored."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pipeline.core.errors import RecordError
from pipeline.core.movie_ids import IMDB_ID, MAX_ID
from pipeline.core.outcomes import Reason
from pipeline.core.records import Company, MovieRecord, Person, Video
from pipeline.crawl.json_values import (
    MAX_RUNTIME_MIN,
    MAX_SCORE,
    read_date,
    read_id,
    read_mapping,
    read_mappings,
    read_number,
    read_positive,
    read_text,
    read_texts,
)
from pipeline.crawl.stand_ins import drop_stand_in

CAST_JOB = "Actor"
"""Job of everybody in the cast; TMDB has jobs for the crew alone."""

_POSTER_PATH = re.compile(r"/[A-Za-z0-9_-]+\.[A-Za-z0-9]+")
_VIDEO_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_THEATRICAL_TYPES = (3, 2, 1, 4, 5, 6)
"""TMDB's release types, in order of precedence: theatrical, limited, premiere,
digital, physical, television."""
_LAST_BILLED = 1_000_000


@dataclass(frozen=True)
class Page:
    """One page of a listing: the ids on it, and how many pages there are."""

    ids: tuple[int, ...]
    page: int
    total_pages: int
    total_results: int


@dataclass(frozen=True)
class Configuration:
    """Base address of TMDB's images, and the widths of its posters (`w92` … `original`)."""

    image_url: str
    poster_sizes: tuple[str, ...]


def parse_details(response: Mapping) -> MovieRecord:
    """Parse `/movie/{id}` with its appended responses.

    An optional field that is missing, null or of a wrong type becomes None, "" or ().

    Args:
        response: The JSON object, with or without `credits`, `keywords`, `videos`, `release_dates`
            and `external_ids`.

    Raises:
        RecordError: There is no usable `id`.

    Example:
        >>> parse_details({"id": 597, "title": "Titanic", "revenue": 0}).revenue_usd is None
        True
    """
    tmdb_id = _read_tmdb_id(response)
    original_title = read_text(response.get("original_title"))
    original_language = read_text(response.get("original_language"))
    collection = read_mapping(response.get("belongs_to_collection"))
    credits = read_mapping(response.get("credits"))
    return MovieRecord(
        tmdb_id=tmdb_id,
        title=read_text(response.get("title")) or original_title,
        imdb_id=_read_imdb_id(response),
        original_title=original_title,
        original_language=original_language,
        overview=_read_overview(response, original_language),
        tagline=drop_stand_in(read_text(response.get("tagline"))),
        release_date=read_date(response.get("release_date")),
        runtime_min=_within(read_positive(response.get("runtime")), MAX_RUNTIME_MIN),
        budget_usd=read_positive(response.get("budget")),
        revenue_usd=read_positive(response.get("revenue")),
        popularity=read_number(response.get("popularity")),
        vote_average=_within(read_number(response.get("vote_average")), MAX_SCORE),
        vote_count=_read_vote_count(response),
        certification_us=_read_certification(response.get("release_dates"), "US"),
        collection_id=read_id(collection.get("id")),
        collection_name=read_text(collection.get("name")) or None,
        poster_path=_read_poster_path(response, original_language),
        is_adult=response.get("adult") is True,
        genres=read_texts(response.get("genres"), "name"),
        countries=read_texts(response.get("production_countries"), "iso_3166_1"),
        spoken_languages=read_texts(response.get("spoken_languages"), "iso_639_1"),
        keywords=read_texts(read_mapping(response.get("keywords")).get("keywords"), "name"),
        companies=_read_companies(response.get("production_companies")),
        cast=read_cast(credits.get("cast")),
        crew=read_crew(credits.get("crew")),
        videos=read_videos(read_mapping(response.get("videos")).get("results")),
    )


def read_cast(value: object) -> tuple[Person, ...]:
    """Read `credits.cast`, the first billed first; people without an id are left out."""
    people = [
        Person(person_id, read_text(item.get("name")), CAST_JOB, _read_order(item))
        for item in read_mappings(value)
        if (person_id := read_id(item.get("id")))
    ]
    return tuple(sorted(people, key=lambda person: person.order))


def read_crew(value: object) -> tuple[Person, ...]:
    """Read `credits.crew` in TMDB's order; a person with two jobs occurs twice."""
    return tuple(
        Person(person_id, read_text(item.get("name")), read_text(item.get("job")))
        for item in read_mappings(value)
        if (person_id := read_id(item.get("id")))
    )


def read_videos(value: object) -> tuple[Video, ...]:
    """Read `videos.results`; a key that is unsafe in an address is left out."""
    return tuple(
        Video(
            key=key,
            site=read_text(item.get("site")),
            kind=read_text(item.get("type")),
            name=read_text(item.get("name")),
            language=read_text(item.get("iso_639_1")),
            is_official=item.get("official") is True,
            published_at=read_text(item.get("published_at")),
            size_px=int(read_positive(item.get("size")) or 0),
        )
        for item in read_mappings(value)
        if (key := _matching(_VIDEO_KEY, item.get("key")))
    )


def parse_page(response: Mapping) -> Page:
    """Parse one page of `/discover/movie`, `/movie/changes` or any other listing of movies.

    Raises:
        RecordError: It is no page; an unreadable listing must not pass for an empty one.

    Example:
        >>> parse_page({"results": [{"id": 7}, {"id": None}], "page": 1, "total_pages": 3}).ids
        (7,)
    """
    results = read_mapping(response).get("results")
    total_pages = read_number(read_mapping(response).get("total_pages"))
    if not isinstance(results, list) or total_pages is None or total_pages < 0:
        raise RecordError(
            Reason.MALFORMED,
            "a listing needs `results` and `total_pages`, got "
            f"{', '.join(map(str, read_mapping(response)))[:80] or 'neither'}",
        )
    return Page(
        ids=tuple(found for item in read_mappings(results) if (found := read_id(item.get("id")))),
        page=int(read_number(response.get("page")) or 1),
        total_pages=int(total_pages),
        total_results=int(read_number(response.get("total_results")) or 0),
    )


def parse_configuration(response: Mapping) -> Configuration:
    """Parse `/configuration`.

    Raises:
        RecordError: The address of the images is missing.
    """
    images = read_mapping(read_mapping(response).get("images"))
    image_url = read_text(images.get("secure_base_url")) or read_text(images.get("base_url"))
    sizes = images.get("poster_sizes")
    if not image_url or not isinstance(sizes, list):
        raise RecordError(
            Reason.MALFORMED, "a configuration needs images.secure_base_url and poster_sizes"
        )
    return Configuration(image_url, tuple(text for size in sizes if (text := read_text(size))))


def parse_genres(response: Mapping) -> dict[int, str]:
    """Parse `/genre/movie/list` into names by id."""
    return {
        genre_id: read_text(item.get("name"))
        for item in read_mappings(read_mapping(response).get("genres"))
        if (genre_id := read_id(item.get("id")))
    }


def _read_tmdb_id(response: Mapping) -> int:
    given = read_mapping(response).get("id")
    tmdb_id = read_id(given)
    if tmdb_id is None:
        raise RecordError(Reason.MALFORMED, f"a movie needs an id above 0, got {str(given)[:40]!r}")
    return tmdb_id


def _read_vote_count(response: Mapping) -> int | None:
    votes = _within(read_number(response.get("vote_count")), MAX_ID)
    return None if votes is None else int(votes)


def _read_order(item: Mapping) -> int:
    order = read_number(item.get("order"))
    return _LAST_BILLED if order is None or order < 0 else int(order)


def _matching(pattern: re.Pattern, value: object) -> str | None:
    text = read_text(value)
    return text if pattern.fullmatch(text) else None


def _read_imdb_id(response: Mapping) -> str | None:
    external = read_mapping(response.get("external_ids"))
    return _matching(IMDB_ID, response.get("imdb_id")) or _matching(
        IMDB_ID, external.get("imdb_id")
    )


def _read_companies(value: object) -> tuple[Company, ...]:
    return tuple(
        Company(company_id, read_text(item.get("name")))
        for item in read_mappings(value)
        if (company_id := read_id(item.get("id")))
    )


def _within(number: float | None, high: float) -> float | None:
    """Return a number from 0 to `high`; None for any other: it is out of the field's range."""
    return number if number is not None and 0 <= number <= high else None


def _read_overview(response: Mapping, language: str) -> str:
    """Return the plot; where TMDB has none in English, the one in the movie's own language."""
    overview = drop_stand_in(read_text(response.get("overview")))
    translations = read_mappings(read_mapping(response.get("translations")).get("translations"))
    texts = {
        read_text(item.get("iso_639_1")): drop_stand_in(
            read_text(read_mapping(item.get("data")).get("overview"))
        )
        for item in reversed(translations)
    }
    return overview or texts.get("en", "") or texts.get(language, "")


def _read_poster_path(response: Mapping, language: str) -> str | None:
    """Return the poster's path; where TMDB prefers none, the best of the movie's own language."""
    preferred = _matching(_POSTER_PATH, response.get("poster_path"))
    posters = read_mappings(read_mapping(response.get("images")).get("posters"))
    order = {language: 0, "en": 1, "": 2} if language != "en" else {"en": 0, "": 1}
    ranked = sorted(
        (
            (order[tag], -(read_number(item.get("vote_average")) or 0.0), path)
            for item in posters
            if (tag := read_text(item.get("iso_639_1"))) in order
            and (path := _matching(_POSTER_PATH, item.get("file_path")))
        ),
    )
    return preferred or (ranked[0][2] if ranked else None)


def _read_certification(value: object, country: str) -> str | None:
    """Return the certification of the first release: by type, then by date; most have none."""
    releases = [
        release
        for item in read_mappings(read_mapping(value).get("results"))
        if read_text(item.get("iso_3166_1")) == country
        for release in read_mappings(item.get("release_dates"))
        if read_text(release.get("certification"))
    ]
    rank = {kind: place for place, kind in enumerate(_THEATRICAL_TYPES)}
    ordered = sorted(
        releases,
        key=lambda release: (
            rank.get(read_id(release.get("type")) or 0, len(rank)),
            read_date(release.get("release_date")) or date.max,
        ),
    )
    return read_text(ordered[0]["certification"]) if ordered else None
