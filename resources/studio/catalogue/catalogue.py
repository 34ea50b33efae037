"""A catalogue as the servers ask for it, generated or read from a folder, with its edits.

Edits are in memory, safe to make from any thread; all of them are gone with the process.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path


def today() -> date:
    """Return the day in UTC, by which TMDB dates its changes."""
    return datetime.now(UTC).date()


class Catalogue(ABC):
    """What the server asks for; unknown and deleted movies raise LookupError."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._edits: dict[int, dict[str, object]] = {}
        self._days: dict[int, set[date]] = {}
        self._edited_posters: dict[str, int] = {}
        self._deleted: set[int] = set()
        self._revision = 0

    @abstractmethod
    def about(self) -> dict:
        """Describe the catalogue: `kind`, `size`, `fingerprint` and what else names it.

        `opened_with` is the size before any `add`, where a larger one holds the same movies.
        """

    @abstractmethod
    def movie_ids(self) -> list[int]:
        """List the movies that are not deleted, ascending."""

    @abstractmethod
    def listing(self) -> list[tuple[str, int]]:
        """List (release date or "", TMDB id) of every movie, ascending."""

    @abstractmethod
    def details(self, tmdb_id: int) -> dict:
        """Return `/movie/{id}` with credits, keywords, videos, release_dates and external_ids."""

    @abstractmethod
    def summary(self, tmdb_id: int) -> dict:
        """Return at least those fields of `details` that a list of movies shows."""

    @abstractmethod
    def poster(self, poster_path: str, width_px: int) -> bytes | None:
        """Return a poster as JPEG; None where the path is nobody's."""

    @abstractmethod
    def trailer(self, key: str) -> Path | None:
        """Return the file of a video; None where the key is nobody's."""

    @abstractmethod
    def box_office(self, imdb_id: str) -> dict | None:
        """Return IMDbPro's figures (see `details.make_box_office`); None where it has none."""

    @abstractmethod
    def add(self, n: int) -> list[int]:
        """Bring in up to n new movies and list them."""

    @abstractmethod
    def _knows(self, tmdb_id: int) -> bool:
        """Return whether there is or was such a movie."""

    @abstractmethod
    def _tmdb_id_of(self, imdb_id: str) -> int:
        """Return the movie with this IMDb id, deleted or not; 0 where there is none."""

    def has_imdb_id(self, imdb_id: str) -> bool:
        """Return whether a movie has this IMDb id."""
        return self._has(self._tmdb_id_of(imdb_id))

    def find(self, imdb_id: str) -> int:
        """Return the movie with this IMDb id."""
        tmdb_id = self._tmdb_id_of(imdb_id)
        self._check(tmdb_id)
        return tmdb_id

    def changed_between(self, start: date, end: date) -> list[int]:
        """List movies edited, added or deleted on those days, both included."""
        with self._lock:
            return sorted(
                tmdb_id
                for tmdb_id, days in self._days.items()
                if any(start <= day <= end for day in days)
            )

    def edit(self, tmdb_id: int, changes: Mapping[str, object]) -> None:
        """Replace top-level fields of a movie's details; a new `poster_path` is a new poster."""
        self._check(tmdb_id)
        with self._lock:
            self._edits.setdefault(tmdb_id, {}).update(changes)
            if poster_path := changes.get("poster_path"):
                self._edited_posters[str(poster_path)] = tmdb_id
        self._touch([tmdb_id])

    def delete(self, tmdb_id: int) -> None:
        """Remove a movie; its id still shows among the changes, as it does at TMDB."""
        self._check(tmdb_id)
        self._deleted.add(tmdb_id)
        self._touch([tmdb_id])

    def restore(self, tmdb_id: int) -> None:
        """Bring a deleted movie back, as it was."""
        self._deleted.discard(tmdb_id)
        self._check(tmdb_id)
        self._touch([tmdb_id])

    def _has(self, tmdb_id: int) -> bool:
        return self._knows(tmdb_id) and tmdb_id not in self._deleted

    def _check(self, tmdb_id: int) -> None:
        if not self._has(tmdb_id):
            raise LookupError(f"the studio has no movie {tmdb_id}")

    def _touch(self, tmdb_ids: Iterable[int]) -> None:
        """Note that movies changed today."""
        with self._lock:
            for tmdb_id in tmdb_ids:
                self._days.setdefault(tmdb_id, set()).add(today())
            self._revision += 1

    def _applied(self, tmdb_id: int, details: dict) -> dict:
        """Lay the movie's edits over its details."""
        return details | self._edits.get(tmdb_id, {})

    def _edited_dates(self) -> dict[int, str]:
        """Return the release dates that were edited, by movie."""
        with self._lock:
            return {
                tmdb_id: str(fields["release_date"] or "")
                for tmdb_id, fields in self._edits.items()
                if "release_date" in fields
            }
