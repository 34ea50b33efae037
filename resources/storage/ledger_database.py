"""The ledger's database: opening it, its tables, and its transactions."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import event, exc

from pipeline.core.errors import StoreError
from resources.storage.change_counts import create_triggers
from resources.storage.drivers import missing_driver, parse_database_url
from resources.storage.ledger_tables import ROWS, TABLES

_CREATIONS, _CREATION_WAIT_S = 5, 0.1
"""How often a ledger's tables are created where other processes do so at the same moment."""


def sqlite_url(path: Path) -> sa.URL:
    """Return the URL of an SQLite file: in a pasted one, a `?` in the path would end it.

    Example:
        >>> sqlite_url(Path("films?set=1/ledger.sqlite")).database
        'films?set=1/ledger.sqlite'
    """
    return sa.URL.create("sqlite", database=str(path))


def open_database(url: str | sa.URL) -> sa.Engine:
    """Open a ledger's database; create the tables that it lacks.

    Args:
        url: An SQLAlchemy URL: `sqlite:///file` or `postgresql://…`.

    Raises:
        ConfigurationError: The URL is none of these, or its driver is not installed.
        StoreError: The database cannot be opened.
    """
    parsed = parse_database_url(url)
    try:
        engine = sa.create_engine(parsed, pool_pre_ping=True)
    except (ImportError, exc.NoSuchModuleError) as error:
        raise missing_driver("MARQUEE_LEDGER", parsed.get_backend_name(), error) from error
    try:
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _set_up_sqlite)
        _create_tables(engine)
    except exc.SQLAlchemyError as error:
        if _is_damage(engine, error):
            raise _damaged(engine, error) from error
        where = "the folder is writable" if parsed.host is None else "the server responds"
        raise StoreError(
            f"The ledger {parsed.render_as_string()} cannot be opened "
            f"({type(error).__name__}). Check MARQUEE_LEDGER and that {where}."
        ) from error
    return engine


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Open a transaction; it is written whole or not at all.

    Raises:
        StoreError: The database cannot be written, or is damaged.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except exc.OperationalError as error:
        is_file = engine.dialect.name == "sqlite"
        remedy = "Free some space or stop the other writer" if is_file else "Check its server"
        raise StoreError(
            f"The ledger cannot be written ({error.orig}). {remedy}, then run again: all completed "
            "work is kept."
        ) from error
    except exc.DatabaseError as error:
        if not _is_damage(engine, error):
            raise
        raise _damaged(engine, error) from error


def _is_damage(engine: sa.Engine, error: Exception) -> bool:
    return type(error) is exc.DatabaseError and engine.dialect.name == "sqlite"


def _damaged(engine: sa.Engine, error: Exception) -> StoreError:
    return StoreError(
        f"The ledger {engine.url.render_as_string()} is damaged ({getattr(error, 'orig', error)}). "
        "Restore it from a copy, or recover it (`sqlite3 ledger.sqlite .recover`): without "
        "it all movies would be downloaded and computed anew."
    )


def _create_tables(engine: sa.Engine) -> None:
    for left in reversed(range(_CREATIONS)):
        try:
            TABLES.create_all(engine)
            for index in ROWS.indexes:  # of a ledger that is older than they
                index.create(engine, checkfirst=True)
            with engine.begin() as connection:
                create_triggers(connection)
        except (exc.IntegrityError, exc.ProgrammingError, exc.OperationalError):
            if not left:
                raise
            time.sleep(_CREATION_WAIT_S)  # another process is creating them at this moment
        else:
            return


def _set_up_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # WAL: readers and one writer do not block each other; a killed process leaves no lock behind.
    for pragma in ("busy_timeout=60000", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}")
