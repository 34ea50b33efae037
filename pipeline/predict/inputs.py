"""What may be given of a movie to predict for it, and the values that are allowed."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipeline.core.errors import InputError
from pipeline.core.metadata import CERTIFICATIONS, GENRES
from pipeline.core.movie_ids import MAX_ID
from pipeline.core.track_records import CREW_JOBS
from pipeline.predict.media_inputs import MediaUrl, read_file, read_file_or_bytes

Who = str | int
"""A person or company: a name, or TMDB's id."""

MAX_PLOT_CHARS = 20_000
MAX_TITLE_CHARS = 500
MAX_BUDGET_USD = 2e9
MAX_RUNTIME_MIN = 1_000
MAX_LISTED = 500
"""People or companies in one list."""

RELEASE_YEARS = (1888, 2100)
"""The first film that is known was shot in 1888."""

JOBS = tuple(sorted({job for jobs in CREW_JOBS.values() for job in jobs}))
"""Jobs of the crew whose track records models read; TMDB's words."""

_LANGUAGE = re.compile(r"[a-z]{2}")
_COUNTRY = re.compile(r"[A-Z]{2}")


@dataclass(frozen=True)
class MovieInputs:
    """What is given of a movie; None for what is not given.

    A movie that the store knows starts from its record and its embeddings, and what is given beside
    its id replaces them.

    Attributes:
        tmdb_id: Of a movie that the store knows, or that the source is asked for.
        title: Counts by its length, and by the franchise that it names.
        plot: The overview that is embedded.
        poster: A file, its content or its http(s) address: JPEG, PNG or WebP.
        trailer: A video file, or the http(s) address of one or of a page that has one.
        budget_usd: In US dollars of the day.
        release_date: First release.
        runtime_min: Length in minutes.
        genres: TMDB's names.
        cast: Names or TMDB ids, the first billed first.
        crew: By job (see `JOBS`), names or TMDB ids.
        companies: Names or TMDB ids.
        language: Original language, ISO 639-1.
        countries: ISO 3166-1, two letters.
        certification: Of the United States.
    """

    tmdb_id: int | None = None
    title: str | None = None
    plot: str | None = None
    poster: Path | bytes | MediaUrl | None = None
    trailer: Path | MediaUrl | None = None
    budget_usd: float | None = None
    release_date: date | None = None
    runtime_min: float | None = None
    genres: Sequence[str] | None = None
    cast: Sequence[Who] | None = None
    crew: Mapping[str, Sequence[Who]] | None = None
    companies: Sequence[Who] | None = None
    language: str | None = None
    countries: Sequence[str] | None = None
    certification: str | None = None

    def __post_init__(self):
        for name, check in _CHECKS.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, check(name, value))
        if not self.given:
            raise InputError("inputs", "nothing is given", f"at least one of {', '.join(FIELDS)}")

    @property
    def given(self) -> tuple[str, ...]:
        """Names of the fields that are given."""
        return tuple(name for name in FIELDS if getattr(self, name) is not None)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "MovieInputs":
        """Read fields by name; dates as "2019-05-01", files by path or address.

        Raises:
            InputError: A field is unknown, or its value cannot be used.

        Example:
            >>> MovieInputs.from_json({"release_date": "2019-05-01"}).release_date
            datetime.date(2019, 5, 1)
        """
        if unknown := sorted(set(values) - set(FIELDS)):
            raise InputError(str(unknown[0]), "there is no such field", ", ".join(FIELDS))
        return cls(**values)


FIELDS = tuple(one.name for one in fields(MovieInputs))
"""Names of all fields."""


def _number(low: float, high: float, *, is_whole: bool = False) -> Callable[[str, Any], float]:
    allowed = f"a {'whole ' if is_whole else ''}number from {low:,g} to {high:,.0f}"

    def check(name: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise InputError(name, f"got {value!r}", allowed)
        if not math.isfinite(value) or not low <= value <= high:
            raise InputError(name, f"got {value:,.12g}", allowed)
        if is_whole and value != int(value):
            raise InputError(name, f"got {value}", allowed)
        return int(value) if is_whole else float(value)

    return check


def _text(most: int, least: int = 1) -> Callable[[str, Any], str]:
    allowed = f"a text of {least} to {most:,} characters"

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str):
            raise InputError(name, f"got {value!r}"[:80], allowed)
        if not least <= len(value.strip()) <= most:
            raise InputError(name, f"got {len(value.strip()):,} characters", allowed)
        return value.strip()

    return check


def _day(name: str, value: Any) -> date:
    first, last = RELEASE_YEARS
    allowed = f"a day from {first}-01-01 to {last}-12-31, as 2019-05-01"
    if isinstance(value, datetime):
        value = value.date()
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            raise InputError(name, f"got {value!r}", allowed) from None
    if not isinstance(value, date) or not first <= value.year <= last:
        raise InputError(name, f"got {value}", allowed)
    return value


def _listed(name: str, value: Any, allowed: str) -> Sequence[Any]:
    """Return a list of 1 to `MAX_LISTED` items."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        raise InputError(name, f"got {value!r}"[:80], f"a list of {allowed}")
    if not 1 <= len(value) <= MAX_LISTED:
        raise InputError(name, f"got {len(value)} items", f"1 to {MAX_LISTED} of {allowed}")
    return value


def _who(name: str, value: Any) -> tuple[Who, ...]:
    allowed = "names, or ids of TMDB from 1"
    return tuple(_one(name, one, allowed) for one in _listed(name, value, allowed))


def _one(name: str, value: Any, allowed: str) -> Who:
    if isinstance(value, str) and value.strip().isdecimal() and 1 <= int(value) <= MAX_ID:
        value = int(value)  # other digits are a name
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON has one kind of number
    if isinstance(value, str) and 1 <= len(value.strip()) <= MAX_TITLE_CHARS:
        return value.strip()
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MAX_ID:
        return value
    raise InputError(name, f"got {value!r}"[:80], allowed)


def _crew(name: str, value: Any) -> Mapping[str, tuple[Who, ...]]:
    allowed = f"lists of names or ids by job: {', '.join(JOBS)}"
    if not isinstance(value, Mapping) or not value:
        raise InputError(name, f"got {value!r}"[:80], allowed)
    jobs = {job.lower(): job for job in JOBS}
    if unknown := [job for job in value if str(job).lower() not in jobs]:
        raise InputError(name, f"there is no job {unknown[0]!r}", allowed)
    return {jobs[job.lower()]: _who(name, who) for job, who in value.items()}


def _chosen(known: Sequence[str]) -> Callable[[str, Any], str]:
    allowed = ", ".join(known)
    spelled = {one.lower(): one for one in known}

    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or value.strip().lower() not in spelled:
            raise InputError(name, f"got {value!r}"[:80], allowed)
        return spelled[value.strip().lower()]

    return check


def _genres(name: str, value: Any) -> tuple[str, ...]:
    choose = _chosen(GENRES)
    return tuple(dict.fromkeys(choose(name, one) for one in _listed(name, value, "genres")))


def _code(pattern: re.Pattern[str], allowed: str) -> Callable[[str, Any], str]:
    def check(name: str, value: Any) -> str:
        if not isinstance(value, str) or not pattern.fullmatch(value):
            raise InputError(name, f"got {value!r}"[:80], allowed)
        return value

    return check


def _countries(name: str, value: Any) -> tuple[str, ...]:
    check = _code(_COUNTRY, "two capital letters of ISO 3166-1, as US")
    return tuple(check(name, one) for one in _listed(name, value, "countries"))


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "tmdb_id": _number(1, MAX_ID, is_whole=True),
    "title": _text(MAX_TITLE_CHARS),
    "plot": _text(MAX_PLOT_CHARS),
    "poster": read_file_or_bytes,
    "trailer": read_file,
    "budget_usd": _number(1, MAX_BUDGET_USD),
    "release_date": _day,
    "runtime_min": _number(1, MAX_RUNTIME_MIN),
    "genres": _genres,
    "cast": _who,
    "crew": _crew,
    "companies": _who,
    "language": _code(_LANGUAGE, "two small letters of ISO 639-1, as en"),
    "countries": _countries,
    "certification": _chosen(CERTIFICATIONS),
}
