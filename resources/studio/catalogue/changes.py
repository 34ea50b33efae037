"""What was edited, added or deleted in a catalogue since it was made, and on which day."""

import threading
from collections.abc import Mapping
from datetime import UTC, date, datetime


def today() -> date:
    """Return the day in UTC, by which TMDB dates its changes."""
    return datetime.now(UTC).date()


class Changes:
    """Edits in memory, safe to make from any thread; all of them are gone with the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._edits: dict[int, dict] = {}
        self._days: dict[int, set[date]] = {}
        self._poster_owners: dict[str, int] = {}
        self.deleted: set[int] = set()
        self.revision = 0

    def edit(self, tmdb_id: int, fields: Mapping[str, object]) -> None:
        """Replace top-level fields of a movie's details."""
        with self._lock:
            self._edits.setdefault(tmdb_id, {}).update(fields)
            if poster_path := fields.get("poster_path"):
                self._poster_owners[str(poster_path)] = tmdb_id
            self._touch(tmdb_id)

    def delete(self, tmdb_id: int) -> None:
        """Forget a movie; its id still shows among the changes, as it does at TMDB."""
        with self._lock:
            self.deleted.add(tmdb_id)
            self._touch(tmdb_id)

    def restore(self, tmdb_id: int) -> None:
        """Bring a deleted movie back under its own id."""
        with self._lock:
            self.deleted.discard(tmdb_id)
            self._touch(tmdb_id)

    def add(self, tmdb_ids: list[int]) -> None:
        """Note that movies came in."""
        with self._lock:
            for tmdb_id in tmdb_ids:
                self._touch(tmdb_id)

    def _touch(self, tmdb_id: int) -> None:
        self._days.setdefault(tmdb_id, set()).add(today())
        self.revision += 1

    def applied(self, tmdb_id: int, details: dict) -> dict:
        """Lay the movie's edits over its details."""
        return details | self._edits.get(tmdb_id, {})

    def edited_dates(self) -> dict[int, str]:
        """Return the release dates that were edited, by movie."""
        with self._lock:
            return {
                tmdb_id: str(fields["release_date"] or "")
                for tmdb_id, fields in self._edits.items()
                if "release_date" in fields
            }

    def poster_owner(self, poster_path: str) -> int | None:
        """Return whose poster a path became by an edit; None where no edit named it."""
        return self._poster_owners.get(poster_path)

    def between(self, start: date, end: date) -> list[int]:
        """List the movies changed from `start` to `end`, both included, by id."""
        with self._lock:
            return sorted(
                tmdb_id
                for tmdb_id, days in self._days.items()
                if any(start <= day <= end for day in days)
            )
