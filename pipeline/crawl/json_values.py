"""Read single values of external JSON: a value of the expected type, or an unknown."""

import math
from collections.abc import Mapping
from datetime import date

from pipeline.core.movie_ids import MAX_ID

FIRST_YEAR, LAST_YEAR = 1870, 2100
"""Years in which a movie can have been released."""

MAX_SCORE = 10.0
"""Best score at TMDB and at IMDb."""

MAX_RUNTIME_MIN = 60_000
"""Longer is no runtime: the longest movie known runs for 51,420 minutes."""


def read_text(value: object) -> str:
    r"""Return a text without surrounding spaces; "" for any other type.

    Half of a surrogate pair cannot be written as UTF-8, so it is replaced.

    Example:
        >>> read_text(" Sintel "), read_text(None), read_text("\ud83d")
        ('Sintel', '', '?')
    """
    if not isinstance(value, str):
        return ""
    return value.strip().encode("utf-8", "replace").decode("utf-8")


def read_number(value: object) -> float | None:
    """Return a finite number; None for texts, booleans, infinities and any other type.

    Example:
        >>> read_number(88), read_number("88"), read_number(True), read_number(10**400)
        (88.0, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def read_positive(value: object) -> float | None:
    """Return a number above zero; TMDB writes 0 for unknown amounts and durations.

    Example:
        >>> read_positive(0), read_positive(-3), read_positive(30_000_000)
        (None, None, 30000000.0)
    """
    number = read_number(value)
    return number if number is not None and number > 0 else None


def read_id(value: object) -> int | None:
    """Return an id: a whole number above zero that fits into 32 bits, as every database keeps it.

    Example:
        >>> read_id(597), read_id("597"), read_id(0), read_id(True), read_id(5.0), read_id(2**31)
        (597, None, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 < value <= MAX_ID else None


def read_date(value: object) -> date | None:
    """Return the day at the beginning of an ISO date or time; None for a year without movies.

    Example:
        >>> read_date("1997-11-18"), read_date("2022-09-30T16:30:02.000Z"), read_date("soon")
        (datetime.date(1997, 11, 18), datetime.date(2022, 9, 30), None)
    """
    try:
        day = date.fromisoformat(read_text(value)[:10])
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None


def read_mapping(value: object) -> Mapping:
    """Return a JSON object; an empty one for any other type."""
    return value if isinstance(value, Mapping) else {}


def read_mappings(value: object) -> list[Mapping]:
    """Return the JSON objects of a list; items of other types are skipped.

    Example:
        >>> read_mappings([{"id": 1}, None, "x"]), read_mappings({"id": 1})
        ([{'id': 1}], [])
    """
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def read_texts(value: object, key: str) -> tuple[str, ...]:
    """Return the non-empty texts under `key` in a list of objects, in order.

    Example:
        >>> read_texts([{"name": "Drama"}, {"name": ""}, {}], "name")
        ('Drama',)
    """
    return tuple(text for item in read_mappings(value) if (text := read_text(item.get(key))))
