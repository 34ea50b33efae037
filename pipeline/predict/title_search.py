"""Movies by a part of their title, however it is spelled: accents and case do not count."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

from pipeline.core.records import MovieRecord

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"}
)
"""Letters that Unicode does not decompose, and what people without such a key type instead."""


def fold(text: str) -> str:
    """Reduce a text to what is compared: small letters without accents, single spaces.

    Example:
        >>> fold("  Amélie &  Ærø ")
        'amelie & aero'
    """
    parts = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one for one in parts if not unicodedata.combining(one))
    return " ".join(kept.translate(_LETTERS).split())


class TitleSearch:
    """Finds movies by title or original title.

    Args:
        records: The movies.
    """

    def __init__(self, records: Iterable[MovieRecord]):
        self._movies = [(record, _titles(record)) for record in records]

    def find(self, text: str, count: int) -> list[MovieRecord]:
        """Find the movies whose title holds a text.

        Titles that are the text come first, then those that begin with it, then those of which a
        word begins with it; the newest first among equals.

        Args:
            text: A text without a letter or digit finds nothing.
            count: How many at most.
        """
        wanted = fold(text)
        if not any(one.isalnum() for one in wanted):
            return []
        found = [
            (min(_rank(title, wanted) for title in titles), record)
            for record, titles in self._movies
            if any(wanted in title for title in titles)
        ]
        found.sort(key=lambda one: (one[0], -(one[1].release_date or date.min).toordinal()))
        return [record for _, record in found[:count]]


def _titles(record: MovieRecord) -> Sequence[str]:
    return tuple({fold(record.title), fold(record.original_title)} - {""})


def _rank(title: str, wanted: str) -> int:
    if title == wanted:
        return 0
    if title.startswith(wanted):
        return 1
    if f" {wanted}" in title:
        return 2
    return 3 if wanted in title else 4
