"""Movies that were looked through and have nothing to do, so that they need not be looked at again.

A note about a movie holds as long as its rows have not changed (`change_counts`), what else the
decision depends on has the same version, and the clock stands between two moments.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from resources.storage.ledger_tables import CHANGES, IDLE, MOVIES, NOTES, upsert
from resources.storage.tally import Transaction

_AT_ONCE = 500
"""Movies in one statement: SQLite takes at most 32,766 variables."""

_SUMMARY = "version of "
"""Beginning of the names of notes that hold a summary."""


@dataclass(frozen=True)
class IdleNote:
    """What is noted of a movie without work.

    Attributes:
        changes: How often its rows had changed before they were read.
        from_s, until_s: The moments between which it holds, in seconds since the epoch.
    """

    changes: int
    from_s: float
    until_s: float


class IdleMovies:
    """The notes of one database.

    Args:
        transaction: Opens a transaction of the ledger.
        dialect: `sqlite` or `postgresql`.
    """

    def __init__(self, transaction: Transaction, dialect: str):
        self._transaction, self._dialect = transaction, dialect

    def others(self, versions: Mapping[str, str], now_s: float) -> list[int]:
        """List the known movies without a note that holds, by TMDB id.

        Args:
            versions: By scope (assets that a note is about): version of what beside the movie's
                rows decides. One scope is enough.
            now_s: Seconds since the epoch.
        """
        scopes = [
            sa.and_(IDLE.c.scope == scope, IDLE.c.version == version)
            for scope, version in versions.items()
        ]
        holds = sa.exists().where(
            IDLE.c.tmdb_id == MOVIES.c.tmdb_id,
            sa.or_(*scopes),
            IDLE.c.changes == CHANGES.c.changes,
            IDLE.c.from_s <= now_s,
            IDLE.c.until_s > now_s,
        )
        query = (
            sa.select(MOVIES.c.tmdb_id)
            .outerjoin(CHANGES, CHANGES.c.tmdb_id == MOVIES.c.tmdb_id)
            .where(sa.or_(CHANGES.c.tmdb_id.is_(None), ~holds))
            .order_by(MOVIES.c.tmdb_id)
        )
        with self._transaction() as connection:
            return list(connection.execute(query).scalars())

    def changes(self, tmdb_ids: Collection[int]) -> dict[int, int]:
        """Return how often movies' rows have changed; read it before the rows."""
        query = sa.select(CHANGES.c.tmdb_id, CHANGES.c.changes)
        found = dict[int, int]()
        with self._transaction() as connection:
            for chunk in _chunks(tmdb_ids):
                some = query.where(CHANGES.c.tmdb_id.in_(chunk))
                found.update((row[0], row[1]) for row in connection.execute(some))
        return found

    def note(self, scope: str, version: str, notes: Mapping[int, IdleNote]) -> None:
        """Note that movies have nothing to do in the assets of a scope."""
        columns = ("version", "changes", "from_s", "until_s")
        statement = upsert(self._dialect, IDLE, columns)
        with self._transaction() as connection:
            for chunk in _chunks(notes):
                values = [
                    {
                        "tmdb_id": i, "scope": scope, "version": version,
                        "changes": notes[i].changes, "from_s": notes[i].from_s,
                        "until_s": notes[i].until_s,
                    }
                    for i in chunk
                ]  # fmt: skip
                connection.execute(statement, values)

    def summary(self, name: str, of: str) -> str:
        """Return a version over all movies that was kept; "" where it was of something else.

        Args:
            name: Of the summary.
            of: Version of what it was made of, with `digest`.
        """
        query = sa.select(NOTES.c.value).where(NOTES.c.name == f"{_SUMMARY}{name}")
        with self._transaction() as connection:
            kept = connection.execute(query).scalar() or ""
        made_of, _, version = kept.partition(" ")
        return version if made_of == of else ""

    def set_summary(self, name: str, of: str, version: str) -> None:
        """Keep a version over all movies."""
        values = {"name": f"{_SUMMARY}{name}", "value": f"{of} {version}"}
        with self._transaction() as connection:
            connection.execute(upsert(self._dialect, NOTES, ("value",)), values)

    def digest(self) -> str:
        """Return what differs whenever any movie's row has changed: counts only grow."""
        query = sa.select(sa.func.count(), sa.func.sum(CHANGES.c.changes))
        with self._transaction() as connection:
            movies, changes = connection.execute(query).one()
        return f"{movies}:{changes or 0}"


def _chunks(items: Iterable[int]) -> Iterable[list[int]]:
    ordered = sorted(items)
    return (ordered[i : i + _AT_ONCE] for i in range(0, len(ordered), _AT_ONCE))
