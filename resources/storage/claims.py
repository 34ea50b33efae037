"""Which movies are being worked on, asset by asset: rows of the ledger's database.

A step claims its movies in one transaction and frees them in another, so that any number of
processes and machines share a store without doing a movie twice. What a dead owner had claimed is
free (`leases`).
"""

from collections.abc import Collection, Iterable

import sqlalchemy as sa

from resources.storage.leases import Leases, Transaction, begin, work_of
from resources.storage.ledger_tables import CLAIMS, LEASES


class Claims:
    """The claims of one database.

    Args:
        transaction: Opens a transaction of the ledger's.
        leases: Of the same database: they tell which owners live.
    """

    def __init__(self, transaction: Transaction, leases: Leases):
        self._transaction, self._leases = transaction, leases

    def take(
        self, asset: str, tmdb_ids: Collection[int], owner: str, *, all_or_none: bool = False
    ) -> set[int]:
        """Claim movies of an asset that no other living owner has.

        Args:
            asset: Name of a per-movie asset.
            tmdb_ids: The movies.
            owner: Who claims them.
            all_or_none: Whether nothing is claimed where one of them is another owner's.

        Returns:
            The movies that are the owner's now.
        """
        if not tmdb_ids:
            return set()
        with self._transaction() as connection:
            begin(connection, owner)
            held = self._held(connection, asset, owner)
            free = [tmdb_id for tmdb_id in tmdb_ids if held.get(tmdb_id, owner) == owner]
            if all_or_none and len(free) < len(tmdb_ids):
                return set()
            new = [i for i in free if i not in held]
            if new:
                values = [{"asset": asset, "tmdb_id": i, "owner": owner} for i in new]
                connection.execute(sa.insert(CLAIMS), values)
            return set(free)

    def _held(self, connection: sa.Connection, asset: str, owner: str) -> dict[int, str]:
        """Return the owner of each claimed movie of an asset, after dropping those of the dead."""
        query = sa.select(CLAIMS.c.tmdb_id, CLAIMS.c.owner).where(CLAIMS.c.asset == asset)
        held = {row.tmdb_id: row.owner for row in connection.execute(query)}
        if others := set(held.values()) - {owner}:
            dead = others - self._leases.living(connection)
            which = CLAIMS.c.owner.in_(dead)
            connection.execute(sa.delete(CLAIMS).where(CLAIMS.c.asset == asset, which))
            held = {i: who for i, who in held.items() if who not in dead}
        return held

    def free(self, asset: str, owner: str) -> None:
        """Free all movies of an asset that an owner has claimed."""
        with self._transaction() as connection:
            connection.execute(
                sa.delete(CLAIMS).where(CLAIMS.c.asset == asset, CLAIMS.c.owner == owner)
            )

    def of_others(self, owner: str, assets: Iterable[str]) -> dict[int, str]:
        """Return the movies that other living owners have claimed, with who that is, in words."""
        work = sa.literal(work_of("")).concat(CLAIMS.c.owner)
        query = (
            sa.select(CLAIMS.c.tmdb_id, CLAIMS.c.owner, LEASES.c.holder)
            .outerjoin(LEASES, LEASES.c.name == work)
            .where(CLAIMS.c.asset.in_(list(assets)), CLAIMS.c.owner != owner)
        )
        with self._transaction() as connection:
            found = connection.execute(query).all()
            living = self._leases.living(connection) if found else set()
            return {row.tmdb_id: row.holder or row.owner for row in found if row.owner in living}


def kept_claims(
    connection: sa.Connection, asset: str, tmdb_ids: Collection[int], owner: str
) -> set[int]:
    """Return which of these movies are still an owner's, and keep others from taking them until
    the transaction ends.
    """
    kept = (
        sa.update(CLAIMS)
        .where(
            CLAIMS.c.asset == asset, CLAIMS.c.owner == owner, CLAIMS.c.tmdb_id.in_(list(tmdb_ids))
        )
        .values(owner=owner)
        .returning(CLAIMS.c.tmdb_id)
    )
    return {row.tmdb_id for row in connection.execute(kept)}
