"""What is known of each source's licence or terms, and how long what it gave may be kept.

It is known at second hand: from public trackers, lists of providers and pages of data sets, 2024 to
2026. Nothing here is legal advice; a person must read the page that each row names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.core.errors import TermsError

TMDB_CACHING_DAYS = 180
"""Longest caching of TMDB's answers. Source: six months, as reported in public trackers and lists
of providers, 2024 to 2026."""

TMDB_NOTICE = "This product uses the TMDB API but is not endorsed or certified by TMDB."
"""The sentence that TMDB demands beside its logo."""

TERMS_KEY = "marquee_terms"
"""Key of a record's list of terms, one item per source; see `describe_terms`."""


@dataclass(frozen=True)
class Terms:
    """What is known of one source's terms.

    Attributes:
        name: The source, for people.
        terms: Licence or terms in one line; "reported" where nobody of ours has read the page.
        page: Address of the page to read; "" for none.
        is_personal: Whether only personal or research use is free; None where that is not known.
        caching_days: Longest lawful caching, in days; None where no limit is known.
        notice: Sentence that must stand wherever its data are shown; "" where none is known.
    """

    name: str
    terms: str
    page: str = ""
    is_personal: bool | None = None
    caching_days: int | None = None
    notice: str = ""


_TMDB_PAGE = "https://www.themoviedb.org/api-terms-of-use"
_IMDB_PAGE = "https://www.imdb.com/conditions"
_UNSTATED = "licence not known; read its page"

TERMS: Mapping[str, Terms] = {
    "tmdb": Terms(
        "TMDB",
        "TMDB API terms of use (reported): free for personal use; training or validating "
        "machine-learning systems needs a written agreement",
        _TMDB_PAGE, True, TMDB_CACHING_DAYS, TMDB_NOTICE,
    ),
    "tmdb-images": Terms(
        "TMDB's images",
        "TMDB API terms of use (reported); the rights in a poster are its owner's",
        _TMDB_PAGE, True, TMDB_CACHING_DAYS, TMDB_NOTICE,
    ),
    "imdbpro": Terms(
        "IMDbPro", "IMDb conditions of use (reported): personal use", _IMDB_PAGE, True
    ),
    "trailers": Terms(
        "YouTube",
        "YouTube terms of service (reported): downloads only where YouTube offers them; the rights "
        "in a trailer are its owner's",
        "https://www.youtube.com/t/terms", True,
    ),
    "own-trailers": Terms("your own trailers", "those of where you have them from"),
    "studio": Terms("built-in studio", "none: synthetic films, made by marquee itself"),
    "studio-folder": Terms("films of a folder", "those of where you have the folder from"),
    "tmdb5000": Terms(
        "Kaggle's TMDB 5000", "made from TMDB's API, whose terms are reported to hold",
        "https://www.kaggle.com/datasets/tmdb/tmdb-movie-metadata", True, None, TMDB_NOTICE,
    ),
    "movies-dataset": Terms(
        "Kaggle's The Movies Dataset", "made from TMDB's API, whose terms may hold; read its page",
        "https://www.kaggle.com/datasets/rounakbanik/the-movies-dataset", None, None, TMDB_NOTICE,
    ),
    "imdbpro-csv": Terms(
        "reference implementation 000's crawl of IMDbPro",
        "licence not known; IMDb conditions of use may hold", _IMDB_PAGE, True,
    ),
    "seed000": Terms(
        "reference implementation 000's folders",
        "licence not known; made from TMDB's API, whose terms may hold",
        _TMDB_PAGE, True, None, TMDB_NOTICE,
    ),
    "trailers12k": Terms(
        "Trailers12k", _UNSTATED, "https://richardtml.github.io/trailers12k/"
    ),
    "the-numbers": Terms("The Numbers", _UNSTATED, "https://www.the-numbers.com/"),
    "box-office-mojo": Terms(
        "Box Office Mojo", "licence not known; IMDb conditions of use may hold", _IMDB_PAGE
    ),
    "imdb5000": Terms(
        "Kaggle's IMDb 5000", "licence not known; IMDb conditions of use may hold",
        "https://www.kaggle.com/datasets/carolzhangdc/imdb-5000-movie-dataset",
    ),
    "movielens": Terms(
        "MovieLens",
        "MovieLens usage licence (reported): research with acknowledgement; commercial use and "
        "handing on need permission",
        "https://grouplens.org/datasets/movielens/", True,
    ),
}  # fmt: skip
"""What is known of every source, by its id: of live ones, of media, and of every kind of dump."""


def find_terms(source: str) -> Terms:
    """Return the terms of a source; one that is not listed has terms that are not known."""
    return TERMS.get(source) or Terms(source, "not known")


def describe_terms(source: str, fetched_s: float) -> dict[str, str]:
    """Describe under which terms a source gave something, and until when it may be kept.

    Args:
        source: Its id, a key of `TERMS`.
        fetched_s: When it was read, in seconds since the epoch.

    Returns:
        `source`, `terms`, `fetched_at` (ISO, UTC) and `last_lawful_day` (ISO; "" where no limit is
        known).

    Example:
        >>> of_day = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        >>> describe_terms("tmdb", of_day)["last_lawful_day"]
        '2026-06-30'
        >>> describe_terms("studio", of_day)["last_lawful_day"]
        ''
    """
    terms = find_terms(source)
    fetched = datetime.fromtimestamp(int(fetched_s), UTC)
    days = terms.caching_days
    return {
        "source": source,
        "terms": terms.terms,
        "fetched_at": fetched.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "last_lawful_day": "" if days is None else str(fetched.date() + timedelta(days=days)),
    }


def join_terms(entries: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Join the terms of several sources of one record: the oldest reading, the earliest last day.

    Example:
        >>> joined = join_terms([describe_terms("tmdb", 0), describe_terms("movielens", 86400)])
        >>> joined["source"], joined["fetched_at"], joined["last_lawful_day"]
        ('tmdb; movielens', '1970-01-01T00:00:00Z', '1970-06-30')
    """
    listed = list(entries)
    return {
        "source": "; ".join(one["source"] for one in listed),
        "terms": "; ".join(dict.fromkeys(one["terms"] for one in listed)),
        "fetched_at": min((one["fetched_at"] for one in listed), default=""),
        "last_lawful_day": min(
            (one["last_lawful_day"] for one in listed if one["last_lawful_day"]), default=""
        ),
    }


def read_terms(record: Mapping[str, object], tmdb_id: int) -> list[dict[str, str]]:
    """Return the terms that a record carries.

    Args:
        record: Content of `movies/<tmdb_id>.json`.
        tmdb_id: The movie.

    Raises:
        TermsError: It carries none, or one without source, terms or the time of reading.
    """
    listed = record.get(TERMS_KEY)
    found = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    needed = ("source", "terms", "fetched_at")
    if not found or not all(isinstance(one.get(key), str) for one in found for key in needed):
        raise TermsError(refuse([tmdb_id], str(record.get("title") or "")))
    return [{"last_lawful_day": "", **one} for one in found]


def refuse(tmdb_ids: list[int], title: str = "") -> str:
    """Return the message of an export of records without terms."""
    named = f"film {tmdb_ids[0]}" + (f" ({title})" if title else "")
    more = f" and those of {len(tmdb_ids) - 1} more" if len(tmdb_ids) > 1 else ""
    return (
        f"The record of {named}{more} has no licence or terms: an earlier version kept it. "
        "`uv run marquee build` fetches such records anew; then export again."
    )


def read_time_s(fetched_at: object) -> float | None:
    """Return seconds since the epoch of a `fetched_at`; None where it is none.

    Example:
        >>> read_time_s("1970-01-02T00:00:00Z"), read_time_s("")
        (86400.0, None)
    """
    try:
        return datetime.fromisoformat(str(fetched_at)).timestamp() if fetched_at else None
    except ValueError:
        return None


def list_notices(sources: Iterable[str]) -> list[dict[str, str]]:
    """Return the notices that sources demand, each once, with name and page of the first one.

    Example:
        >>> [one["name"] for one in list_notices(["tmdb", "tmdb5000", "movielens", "studio"])]
        ['TMDB']
    """
    notices: dict[str, dict[str, str]] = {}
    for source in sources:
        terms = find_terms(source)
        if terms.notice:
            notice = {"name": terms.name, "text": terms.notice, "page": terms.page}
            notices.setdefault(terms.notice, notice)
    return list(notices.values())
