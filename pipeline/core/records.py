"""Record of one movie as TMDB describes it, and the facets that assets depend on."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from pipeline.core.versions import hash_json

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@dataclass(frozen=True)
class Person:
    """One credit: who, in which department and job, and at which place in the billing."""

    person_id: int
    name: str
    job: str
    order: int = 0


@dataclass(frozen=True)
class Company:
    """A production company."""

    company_id: int
    name: str


@dataclass(frozen=True)
class Video:
    """One listed video; `key` is the host's id (`youtube_id` where `site` is YouTube)."""

    key: str
    site: str
    kind: str
    name: str = ""
    language: str = ""
    is_official: bool = False
    published_at: str = ""
    size_px: int = 0


@dataclass(frozen=True)
class MovieRecord:
    """What is known of one movie; amounts in US dollars, None where TMDB has 0.

    Attributes:
        popularity, vote_average, vote_count, revenue_usd: Known only after release: labels
            or bookkeeping, never an input.
        franchise: Name of its franchise among all known movies; "" until
            `pipeline.core.franchises.assign_franchises` has filled it in.
    """

    tmdb_id: int
    title: str
    imdb_id: str | None = None
    original_title: str = ""
    original_language: str = ""
    overview: str = ""
    tagline: str = ""
    release_date: date | None = None
    runtime_min: float | None = None
    budget_usd: float | None = None
    revenue_usd: float | None = None
    popularity: float | None = None
    vote_average: float | None = None
    vote_count: int | None = None
    certification_us: str | None = None
    collection_id: int | None = None
    collection_name: str | None = None
    poster_path: str | None = None
    is_adult: bool = False
    genres: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    spoken_languages: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    companies: tuple[Company, ...] = ()
    cast: tuple[Person, ...] = ()
    crew: tuple[Person, ...] = ()
    videos: tuple[Video, ...] = ()
    franchise: str = ""


VOLATILE_FIELDS = ("popularity", "vote_average", "vote_count")
"""Fields that change every day; a movie that differs in these alone has not changed."""


def plot_text(record: MovieRecord) -> str:
    """Return the plot that is embedded; empty where there is none.

    The tagline is no part of it: TMDB's users add it later, and to films that are known.

    Example:
        >>> plot_text(MovieRecord(1, "A", overview=" A man. ", tagline="Run"))
        'A man.'
    """
    return record.overview.strip()


def facets(record: MovieRecord) -> dict[str, str]:
    """Hash the facets of a record that different assets depend on.

    A new poster changes `poster` and `all` alone, so only posters and what depends on them become
    stale.

    Returns:
        One hash each for `poster`, `trailer`, `text`, `box_office`, `metadata` and `all`.
    """
    fields = asdict(record)
    for name in (*VOLATILE_FIELDS, "franchise"):
        del fields[name]
    fields["release_date"] = str(record.release_date)
    outside_metadata = ("poster_path", "videos", "revenue_usd")
    return {
        "poster": hash_json(record.poster_path),
        "trailer": hash_json([fields["videos"], fields["release_date"], record.original_language]),
        "text": hash_json(plot_text(record)),
        "box_office": hash_json(
            [record.imdb_id, record.revenue_usd, record.budget_usd, fields["release_date"]]
        ),
        "metadata": hash_json({k: v for k, v in fields.items() if k not in outside_metadata}),
        "all": hash_json(fields),
    }


def before_release(record: MovieRecord) -> MovieRecord:
    """Return the record without what is known only after release.

    Example:
        >>> before_release(MovieRecord(1, "A", popularity=9.0, revenue_usd=1e6)).revenue_usd
    """
    return replace(record, **dict.fromkeys((*VOLATILE_FIELDS, "revenue_usd")))


def to_json(record: MovieRecord) -> dict[str, Any]:
    """Return the record as a JSON object; `from_json` reads it back."""
    day = record.release_date
    fields = {**asdict(record), "release_date": day.isoformat() if day else None}
    if not record.franchise:
        del fields["franchise"]
    return fields


def from_json(fields: Mapping[str, Any]) -> MovieRecord:
    """Read a record that `to_json` wrote.

    Example:
        >>> movie = MovieRecord(1, "A", release_date=date(2001, 2, 3), cast=(Person(2, "B", "C"),))
        >>> from_json(to_json(movie)) == movie
        True
    """
    return _adapter().validate_python(fields)


@cache
def _adapter() -> "TypeAdapter[MovieRecord]":
    from pydantic import TypeAdapter  # loaded only where records are read

    return TypeAdapter(MovieRecord)
