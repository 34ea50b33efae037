"""Move a store, its ledger and Dagster's history to another place; the source stays as it is.

Files are copied first, each read back and compared by its checksum, and noted in the new ledger, so
that a migration that was ended continues. Ledger and history follow in one piece, as a backup.
"""

from __future__ import annotations

import json
import shutil
import uuid
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import dagster as dg
import sqlalchemy as sa

from assets.operations.backup import back_up, check_empty, restore
from pipeline.core.errors import StoreError
from resources.run_context import RunContext
from resources.storage.archive import Archive
from resources.storage.crash_points import MovePoint, reach
from resources.storage.drivers import make_folder
from resources.storage.ledger import UNFINISHED, Ledger
from resources.storage.ledger_tables import MIGRATED, upsert
from resources.storage.mirror import INDEX
from resources.storage.store import MIRRORED, Store, StorePath, writing
from resources.storage.store_files import (
    WORKERS,
    StoredFile,
    hash_file,
    list_files,
    open_to_read,
)

_NOTED_AT_ONCE = 32
"""Files between two notes in the ledger: so many are copied again after a kill."""


@dataclass(frozen=True)
class Migrated:
    """How many files were copied, and how many had been copied before."""

    copied: int
    kept: int


@dataclass(frozen=True)
class Target:
    """The new place.

    Attributes:
        store: Its files.
        ledger: Its rows.
        instance: Its Dagster home; None where the home stays.
    """

    store: Store
    ledger: Ledger
    instance: dg.DagsterInstance | None


def migrate(
    run_context: RunContext,
    instance: dg.DagsterInstance,
    target: Target,
    *,
    report: Callable[[str], None] = lambda _: None,
) -> Migrated:
    """Copy everything; the caller holds both stores.

    Args:
        run_context: The old place.
        instance: Its Dagster home.
        target: The new place.
        report: Called with what is done.

    Raises:
        StoreError: The new place is not empty, or a file was read back with another content.
        DiskError: The new store cannot be written.
    """
    command = f"migrate of {run_context.store.root}"
    if target.ledger.note(UNFINISHED) != command:
        check_empty(target.ledger, target.instance)
        if list_files(target.store.root):
            raise StoreError(f"The store {target.store.root} is not empty; nothing was changed.")
    target.ledger.set_note(UNFINISHED, command)
    migrated = _copy_files(run_context.store, target, report)
    report("ledger and Dagster's history")
    with TemporaryDirectory(prefix="marquee-") as folder:
        history = instance if target.instance is not None else None
        path = Path(folder, "migration.zip")
        back_up(run_context, history, path, with_files=False)
        restore(Archive(path), target.ledger, target.instance, command=command)
    return migrated


def _copy_files(source: Store, target: Target, report: Callable[[str], None]) -> Migrated:
    files, noted = list_files(source.root), _read_noted(target.ledger)
    for path in noted.keys() - files.keys():  # since removed from the source
        (target.store.root / path).unlink(missing_ok=True)
    done, copied = dict[str, str](), 0
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="copy") as pool:
        results = pool.map(lambda path: _bring(source, target.store, path, noted.get(path)), files)
        while batch := list(islice(results, _NOTED_AT_ONCE)):
            _note(target.ledger, [file for file, _ in batch])
            reach(MovePoint.NOTED, "migrate")
            done |= {file.path: file.sha256 for file, _ in batch}
            copied += sum(is_new for _, is_new in batch)
            report(f"{len(done)} of {len(files)} files")
    if not target.store.is_local:
        _write_indexes(target.store, done)
    return Migrated(copied, len(done) - copied)


def _bring(source: Store, target: Store, path: str, noted: str | None) -> tuple[StoredFile, bool]:
    """Copy a file unless it was copied, and compare; return it and whether it was copied now."""
    origin, place = source.root / path, target.root / path
    digest = hash_file(origin)
    is_new = digest != noted
    if is_new:
        with writing(place):
            _copy(origin, place)
        if hash_file(place) != digest:
            raise StoreError(
                f"{place} was read back with another content than {origin} has. Check the disk "
                "and the network, then run the same command again: it continues."
            )
        reach(MovePoint.COPIED, "migrate")
    return StoredFile(path, origin.stat().st_size, digest), is_new


def _copy(origin: StorePath, place: StorePath) -> None:
    make_folder(place.parent)
    if not isinstance(place, Path):
        with open_to_read(origin) as read, place.open("wb") as written:
            shutil.copyfileobj(read, written)
        return
    unfinished = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")
    try:
        with open_to_read(origin) as read, unfinished.open("wb") as written:
            shutil.copyfileobj(read, written)
        unfinished.replace(place)
    finally:
        unfinished.unlink(missing_ok=True)


def _write_indexes(store: Store, hashes: Mapping[str, str]) -> None:
    """Write the indexes by which local copies of folders are kept."""
    for top in MIRRORED:
        start = f"{top}/"
        inside = {p.removeprefix(start): h for p, h in hashes.items() if p.startswith(start)}
        if inside:
            content = json.dumps(inside, sort_keys=True).encode()
            store.write(store.root / top / INDEX, content)


def _read_noted(ledger: Ledger) -> dict[str, str]:
    with ledger.engine.connect() as connection:
        return {row.path: row.sha256 for row in connection.execute(sa.select(MIGRATED))}


def _note(ledger: Ledger, files: Iterable[StoredFile]) -> None:
    statement = upsert(ledger.engine.dialect.name, MIGRATED, ("size_bytes", "sha256"))
    with ledger.engine.begin() as connection:
        connection.execute(statement, [vars(file) for file in files])
