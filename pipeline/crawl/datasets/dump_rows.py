"""The rows that a reader of a dump yields: accepted, in TMDB's format, or rejected."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class RejectionReason(StrEnum):
    """Why a row of a dump is rejected; the values are stored."""

    MALFORMED = "malformed"
    NO_ID = "no_id"
    DUPLICATE = "duplicate"
    UNKNOWN_MOVIE = "unknown_movie"
    AMBIGUOUS = "ambiguous"
    UNSAFE = "unsafe"
    EMPTY = "empty"


@dataclass(frozen=True)
class AcceptedRow:
    """The fields of one movie, from one row or one group of rows.

    Attributes:
        row: Its place in the dump, for a person: `movies.csv.gz line 17`.
        fields: Known fields, in the format of TMDB's `/movie/{id}` with `credits`, `keywords`,
            `videos` and `release_dates` appended; unknown fields are left out. Fields that TMDB
            does not have are under a key that begins with `marquee_`.
        tmdb_id: The movie, where the dump has its id.
        imdb_id: `tt…`, where the dump has it; identifies the movie where `tmdb_id` is None.
        title, year: Identify the movie where it has neither id; year is that of the release.
        files: Arrays and texts of the movie, by their path in the store below `imports/<kind>/`:
            a path of the dump, or bytes.
    """

    row: str
    fields: Mapping[str, object] = field(default_factory=dict)
    tmdb_id: int | None = None
    imdb_id: str | None = None
    title: str = ""
    year: int | None = None
    files: Mapping[str, Path | bytes] = field(default_factory=dict)


MAX_DETAIL_CHARS = 500
"""Longer details are truncated: a rejection must not quote a whole file."""


@dataclass(frozen=True)
class RejectedRow:
    """A rejected row: its place in the dump, the reason, and details.

    Example:
        >>> len(RejectedRow("a.csv line 2", RejectionReason.EMPTY, "x" * 9999).detail)
        500
    """

    row: str
    reason: RejectionReason
    detail: str = ""

    def __post_init__(self) -> None:
        if len(self.detail) > MAX_DETAIL_CHARS:
            object.__setattr__(self, "detail", f"{self.detail[: MAX_DETAIL_CHARS - 1]}…")


ParsedRows = Iterator[AcceptedRow | RejectedRow]
"""The rows that a reader yields, in the order of the dump."""
