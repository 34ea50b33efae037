"""What a reader of a public dump yields: a movie's fields in TMDB's shape, or a refused row."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class RejectionReason(StrEnum):
    """Why a row of a dump is not taken."""

    MALFORMED = "malformed"
    NO_ID = "no_id"
    DUPLICATE = "duplicate"
    UNKNOWN_MOVIE = "unknown_movie"
    AMBIGUOUS = "ambiguous"
    UNSAFE = "unsafe"
    EMPTY = "empty"


@dataclass(frozen=True)
class AcceptedRow:
    """What one row, or one group of rows, says of one movie.

    Attributes:
        row: Where it stands, for a person: `movies.csv.gz line 17`.
        fields: What is known, in the shape of TMDB's `/movie/{id}` with `credits`, `keywords`,
            `videos` and `release_dates` appended; unknown fields are left out. What TMDB has no
            field for stands under a key that begins with `marquee_`.
        tmdb_id: The movie, where the dump says so.
        imdb_id: `tt…`, where the dump says so; finds the movie where `tmdb_id` is None.
        title, year: Find the movie where it has neither id; year is the release's.
        files: Arrays and texts that belong to the movie, by their place in the store below
            `imports/<kind>/`, given as a path of the dump or as bytes.
    """

    row: str
    fields: Mapping[str, object] = field(default_factory=dict)
    tmdb_id: int | None = None
    imdb_id: str | None = None
    title: str = ""
    year: int | None = None
    files: Mapping[str, Path | bytes] = field(default_factory=dict)


MAX_DETAIL_CHARS = 500
"""Longer details are cut: a refusal must not quote a whole file."""


@dataclass(frozen=True)
class RejectedRow:
    """A row that is not taken: where it stands, why, and what came.

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
"""What a reader yields, in the order of the dump."""
