"""Check where a run would write: the store, its mark, who is at work, the ledger."""

import json
import shutil
import sqlite3
import tempfile
import uuid
from contextlib import closing
from pathlib import Path

from pipeline.core.errors import ConfigurationError, StoreError
from resources.doctor.findings import Finding, finding_of_error
from resources.http.redaction import redact
from resources.storage.drivers import URL_FORMS, driver_errors, make_folder, parse_database_url
from resources.storage.file_lock import is_locked
from resources.storage.journal import KNOWN_FILE
from resources.storage.store import SOURCE_MARK, Store, StorePath, open_root

LOW_SPACE_BYTES = 2 * 1024**3
"""Free space below which a store counts as nearly full: some hundred trailers."""


def check_store(root: str, source: str) -> list[Finding]:
    """Look whether the store can be written, and whether this source is the one that filled it.

    Args:
        root: Folder or fsspec URL.
        source: Name that the store's mark must bear.
    """
    folder = as_folder(root)
    if folder is None:
        return [_check_distant_store(root, source)]
    existing = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(b"marquee")
    except OSError as error:
        detail = f"{folder} cannot be written ({error.strerror or error})"
        return [Finding("store", False, detail, "Point MARQUEE_STORE to a folder of your own.")]
    if existing != folder:
        return [Finding("store", True, f"{folder} will be created"), _check_space(existing)]
    return [_check_mark(str(folder), _read_mark(folder / SOURCE_MARK), source),
            _check_space(folder), *_check_workers(folder)]  # fmt: skip


def as_folder(root: str) -> Path | None:
    """Return the local folder that a store's root names; None where it is a URL."""
    if "://" in root and not root.startswith(("file://", "local://")):
        return None
    return Path(root.partition("://")[2] or root).absolute()


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())


def _check_distant_store(root: str, source: str) -> Finding:
    """Write, read, list, rename and remove a small file, which is all that a run does."""
    try:
        folder = open_root(root)
    except ConfigurationError as error:
        return finding_of_error("store", error)
    try:
        _try_out(folder)
        mark = folder / SOURCE_MARK
        content = mark.read_bytes() if mark.exists() else None
    except driver_errors() as error:
        detail = f"{redact(root)} does not work ({type(error).__name__}: {redact(str(error))})"
        remedy = "Check the address, the permissions and the credentials of its driver."
        return Finding("store", False, detail, remedy)
    return _check_mark(redact(root), content, source)


def _try_out(folder: StorePath) -> None:
    probe = folder / f"doctor-{uuid.uuid4().hex}"
    moved = probe.with_name(f"{probe.name}-moved")
    try:
        make_folder(folder)
        probe.write_bytes(b"marquee")
        if probe.read_bytes() != b"marquee":
            raise OSError("a file was read back with another content")
        if probe.name not in {path.name for path in folder.iterdir()}:
            raise OSError("a file that was written is not listed")
        probe.rename(str(moved))
    finally:
        for path in (probe, moved):
            if path.exists():
                path.unlink()


def _read_mark(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _check_mark(root: str, content: bytes | None, source: str) -> Finding:
    if content is None:
        return Finding("store", True, f"{root} can be written; nothing is in it yet")
    try:
        found = json.loads(content)["source"]
    except (ValueError, KeyError, TypeError):
        detail = f"{root}/{SOURCE_MARK} is damaged"
        remedy = f'Write {{"source": "{source}"}} into it if that is what filled the store.'
        return Finding("store", False, detail, remedy)
    if found != source:
        return Finding(
            "store",
            False,
            f"{root} was filled from {found}, the settings name {source}; the two never mix",
            "Point MARQUEE_STORE and DAGSTER_HOME to new folders, or set the source as it was.",
        )
    return Finding("store", True, f"{root} can be written; filled from {found}")


def _check_space(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < LOW_SPACE_BYTES:
        return Finding("disk", False, detail, "Free some space: trailers take 5 to 20 MB each.")
    return Finding("disk", True, detail)


def _check_workers(folder: Path) -> list[Finding]:
    """Return who works on the store, on this machine."""
    files = (folder / ".runs").glob("[!.]*")
    names = sorted(path.read_text("utf-8", "replace").strip() for path in files if is_locked(path))
    detail = "; a second build works on other movies, and waits for those at the end"
    return [Finding("at work", True, f"{', '.join(names)}{detail}")] if names else []


def check_ledger(url: str, root: str) -> list[Finding]:
    """Check that the ledger opens and count its movies; a missing one is not created.

    Args:
        url: SQLAlchemy URL; "" for SQLite inside the store.
        root: The store.
    """
    folder = as_folder(root)
    if not url and folder is None:
        remedy = f"Set MARQUEE_LEDGER to {URL_FORMS}."
        return [Finding("ledger", False, "the store is no folder and no ledger is named", remedy)]
    try:
        database = parse_database_url(url) if url else None
    except ConfigurationError as error:
        return [finding_of_error("ledger", error)]
    if database is not None and database.get_backend_name() != "sqlite":
        return [_open_ledger(url)]
    inside = folder / "ledger.sqlite" if folder else Path()
    path = Path(database.database or "") if database is not None else inside
    if not path.exists():
        return [Finding("ledger", True, "none yet; the first build or import creates it")]
    return [_check_sqlite(path)]


def check_agreement(url: str, root: str) -> list[Finding]:
    """Check that neither ledger nor store was lost while the other one was kept.

    Args:
        url: SQLAlchemy URL of the ledger; "" for SQLite inside the store.
        root: The store.
    """
    try:
        folder = open_root(root)
        is_filled, has_journal = Store.is_at(root), folder.joinpath(*KNOWN_FILE).exists()
        movies = _count_results(url, root)
    except (ConfigurationError, StoreError, *driver_errors()):
        return []  # the checks of store and ledger say so
    name, where = "store and ledger", redact(root)
    if movies and not is_filled:
        detail = f"{where} is empty, but the ledger has results of {movies} movies"
        remedy = (
            "If the store was moved, point MARQUEE_STORE to it. If it was deleted, "
            "`uv run marquee build` fetches and computes all of it again."
        )
        return [Finding(name, False, detail, remedy)]
    if has_journal and not movies:
        detail = f"the ledger is empty, but {where} has files and a journal of their rows"
        remedy = (
            "If the ledger was moved, point MARQUEE_LEDGER to it. If it was deleted, "
            "`uv run marquee build` restores it from the journal; no media are fetched again."
        )
        return [Finding(name, False, detail, remedy)]
    return []


def _count_results(url: str, root: str) -> int:
    """Count the movies with a result; a ledger that is missing is not created."""
    import sqlalchemy as sa
    from sqlalchemy import exc

    folder = as_folder(root)
    database = parse_database_url(url) if url else None
    if database is None or database.get_backend_name() == "sqlite":
        inside = folder / "ledger.sqlite" if folder else Path()
        path = Path(database.database or "") if database is not None else inside
        if not path.is_file():
            return 0
        database = sa.URL.create("sqlite", database=str(path.absolute()))
    query = "SELECT count(DISTINCT tmdb_id) FROM ledger WHERE status <> '' AND tmdb_id <> 0"
    engine = sa.create_engine(database)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(query)).scalar_one()
    except exc.SQLAlchemyError:  # no tables yet, damaged, or not reached
        return 0
    finally:
        engine.dispose()


def _check_sqlite(path: Path) -> Finding:
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            movies = database.execute("SELECT count(*) FROM movies").fetchone()[0]
            broken = database.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok"
    except sqlite3.DatabaseError as error:
        broken, movies = str(error), 0
    if broken:
        remedy = "Put a copy of it back, or move it away: the next build creates a new one."
        return Finding("ledger", False, f"{path} is damaged ({broken})", remedy)
    return Finding("ledger", True, f"opens; knows {movies} movies")


def _open_ledger(url: str) -> Finding:
    from resources.storage.ledger import Ledger

    try:
        with closing(Ledger(url)) as ledger:
            return Finding("ledger", True, f"opens; knows {ledger.tally.known()} movies")
    except (ConfigurationError, StoreError) as error:
        return finding_of_error("ledger", error)
