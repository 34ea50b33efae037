"""Database and store addresses whose drivers are optional extras of marquee."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import ConfigurationError, StoreError

if TYPE_CHECKING:  # SQLAlchemy takes a third of a second, and loading definitions opens no ledger
    import sqlalchemy as sa
    from upath import UPath

URL_FORMS = "sqlite:///path or postgresql://user@host/name"
"""What MARQUEE_LEDGER may be, for messages."""

_EXTRAS = {"postgresql": "postgres", "s3": "s3", "s3a": "s3"}
"""marquee's extra that brings the driver, by database or by scheme of an address."""


def parse_database_url(url: str | sa.URL) -> sa.URL:
    """Read the address of a ledger; PostgreSQL without a driver means psycopg 3.

    SQLAlchemy 2.0 takes psycopg2 for `postgresql://` and 2.1 takes psycopg 3.

    Raises:
        ConfigurationError: It is no address of SQLite or PostgreSQL.

    Example:
        >>> parse_database_url("postgresql://me@host/films").drivername
        'postgresql+psycopg'
    """
    import sqlalchemy as sa
    from sqlalchemy import exc

    text = url if isinstance(url, sa.URL) else url.replace("postgres://", "postgresql://", 1)
    try:
        parsed = sa.make_url(text)
    except exc.ArgumentError as error:
        raise ConfigurationError(
            f"MARQUEE_LEDGER is not a database URL; set it to {URL_FORMS}."
        ) from error
    kind = parsed.get_backend_name()
    if kind not in ("sqlite", "postgresql"):
        raise ConfigurationError(
            f"The ledger cannot be kept in {kind!r}; set MARQUEE_LEDGER to {URL_FORMS}."
        )
    if parsed.drivername == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    return parsed


def missing_driver(variable: str, kind: str, error: Exception) -> ConfigurationError:
    """Return the error of an address whose driver is not installed; it names what to install.

    Args:
        variable: The setting that holds the address.
        kind: The database, or the scheme of the address.
        error: What its import raised.
    """
    extra = _EXTRAS.get(kind)
    if extra is None:
        return ConfigurationError(
            f"{variable}: addresses that begin with {kind}:// cannot be read ({error}). Install "
            "the package of fsspec's that reads them, or use a folder."
        )
    return ConfigurationError(
        f"{variable} begins with {kind}, and its driver is not installed. Install it with "
        f"`uv sync --extra {extra}` (or `pip install 'marquee[{extra}]'`)."
    )


_OBJECT_STORES = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "memory"})


def make_folder(path: Path | UPath) -> None:
    """Create a folder with those above it; object stores have none, and a bucket is the user's.

    s3fs would create a bucket for a folder in it.
    """
    if isinstance(path, Path) or path.protocol not in _OBJECT_STORES:
        path.mkdir(parents=True, exist_ok=True)


def driver_errors() -> tuple[type[Exception], ...]:
    """Return what a store's driver raises: errors of the operating system, and those of S3's own
    library that are none, such as missing credentials.
    """
    if "botocore" not in sys.modules:
        return (OSError,)
    from botocore.exceptions import BotoCoreError, ClientError

    return OSError, BotoCoreError, ClientError


def away(error: BaseException | None) -> StoreError | None:
    """Return the error with a remedy in its message, where it is S3's own library's: the store did
    not respond, or refused. None for any other, such as a file that is missing.
    """
    if isinstance(error, driver_errors()) and not isinstance(error, OSError):
        return StoreError(
            f"The store does not respond ({error}). Check that it is up and reachable, then run "
            "again: no finished work is lost."
        )
    return None


@contextmanager
def responding() -> Iterator[None]:
    """Turn an error of S3's own library into `StoreError`. See `away`."""
    try:
        yield
    except driver_errors() as error:
        if failure := away(error):
            raise failure from error
        raise
