"""A backup of ledger, Dagster's history and the list of the store's files, and its restore.

The files themselves are not in it: they are large, and object stores have copies of their own. A
restore names those that are missing, and the next build makes them again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import sqlalchemy as sa

from assets.operations.dagster_history import is_empty, load_history, save_history
from pipeline.core.errors import StoreError
from resources.run_context import RunContext
from resources.storage.archive import Archive, ArchiveWriter, writing_archive
from resources.storage.crash_points import MovePoint, reach
from resources.storage.journal import FOLDER
from resources.storage.ledger import UNFINISHED, Ledger
from resources.storage.ledger_tables import LEASES, MIGRATED, MOVIES, NOTES, ROWS
from resources.storage.store import StorePath
from resources.storage.store_files import StoredFile, find_differences, hash_files, list_files
from resources.storage.table_rows import one_change, one_moment, read_rows, write_rows

FILES = "store.jsonl"
_TABLES = (ROWS, MOVIES, NOTES)
_JOURNAL = f"{FOLDER}/"
"""The store's copy of the ledger, which changes with every run; the backup has the ledger."""

assert LEASES not in _TABLES, "who is at work is no history"


@dataclass(frozen=True)
class Contents:
    """What a backup holds, in numbers."""

    movies: int
    rows: int
    events: int
    files: int


def contents(archive: Archive) -> Contents:
    """Count what a backup holds."""
    rows = archive.facts["rows"]
    events = rows.get("dagster/events/event_logs.jsonl", 0)
    return Contents(rows[_member(MOVIES)], rows[_member(ROWS)], events, rows.get(FILES, 0))


def back_up(
    run_context: RunContext,
    instance: dg.DagsterInstance | None,
    path: Path,
    *,
    with_files: bool = True,
    with_hashes: bool = True,
) -> None:
    """Write a backup; the caller holds the store, so that no run changes anything meanwhile.

    Args:
        run_context: Store and ledger.
        instance: Dagster's; None leaves its history out.
        path: The file to write.
        with_files: Whether the store's files are listed.
        with_hashes: Whether they are read for their checksums.

    Raises:
        StoreError: There is a file at this place.
        DiskError: It cannot be written.
    """
    facts = {
        "marquee": version("marquee"),
        "dagster": version("dagster"),
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "source": run_context.source.name,
        "has_history": instance is not None,
    }
    with writing_archive(path, facts) as to:
        _save_ledger(run_context.ledger, to)
        if instance is not None:
            save_history(instance, to)
        if with_files:
            to.add(FILES, _list(run_context.store.root, with_hashes=with_hashes))


def restore(
    archive: Archive,
    ledger: Ledger,
    instance: dg.DagsterInstance | None,
    *,
    command: str,
    may_replace: bool = False,
) -> None:
    """Replace ledger and history by those of a backup; ended on its way, it begins again.

    Args:
        archive: The backup.
        ledger: To fill; the caller holds its store.
        instance: Dagster's; None leaves it as it is.
        command: What is noted in the ledger for as long as it lasts.
        may_replace: Whether ledger and home need not be empty.

    Raises:
        StoreError: They are not empty.
    """
    is_continued = ledger.note(UNFINISHED) == command
    if not (may_replace or is_continued):
        check_empty(ledger, instance)
    ledger.set_note(UNFINISHED, command)
    if instance is not None and archive.facts["has_history"]:
        load_history(instance, archive)
    reach(MovePoint.LOADED, "restore")
    with ledger.engine.connect() as connection, one_change(connection) as changing:
        changing.execute(sa.delete(MIGRATED))
        for table in _TABLES:
            changing.execute(sa.delete(table))
            write_rows(changing, table, archive.rows(_member(table)))


def check_empty(ledger: Ledger, instance: dg.DagsterInstance | None) -> None:
    """Check that nothing would be replaced.

    Raises:
        StoreError: Ledger or home hold something.
    """
    held = []
    if ledger.movies() or ledger.notes():
        held.append("the ledger")
    if instance is not None and not is_empty(instance):
        held.append("Dagster's home")
    if held:
        raise StoreError(
            f"Nothing was changed: {' and '.join(held)} already hold something. Name new places."
        )


def compare_files(
    archive: Archive, root: StorePath, *, with_content: bool
) -> tuple[list[str], list[str]]:
    """Return the paths of a backup's list that a store lacks, and those that differ."""
    if FILES not in archive.facts["rows"]:
        return [], []
    expected = (StoredFile(**row) for row in archive.rows(FILES))
    return find_differences(root, expected, with_content=with_content)


def _member(table: sa.Table) -> str:
    return f"ledger/{table.name}.jsonl"


def _save_ledger(ledger: Ledger, to: ArchiveWriter) -> None:
    with ledger.engine.connect() as connection, one_moment(connection) as reading:
        for table in _TABLES:
            to.add(_member(table), read_rows(reading, table))


def _list(root: StorePath, *, with_hashes: bool) -> Iterator[dict]:
    listed = list_files(root)
    files = {path: size for path, size in listed.items() if not path.startswith(_JOURNAL)}
    found = hash_files(root, files) if with_hashes else (StoredFile(*one) for one in files.items())
    for file in found:
        yield vars(file)
