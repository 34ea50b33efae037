"""Compare ledger and store: rows without their files, files without their rows.

A store that was deleted, or lost some files, is filled again by the next build; a ledger that was
lost is restored from the store's journal, without a request for media.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from assets.orchestration.asset_specs import (
    FEATURES,
    MOVIE_ASSETS,
    UNPARTITIONED_ASSETS,
    WHOLE,
    MovieAssetSpec,
    UnpartitionedSpec,
)
from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from resources.run_context import RunContext
from resources.storage.integrity import is_intact, is_kept
from resources.storage.journal import Journal
from resources.storage.lock import holding
from resources.storage.movie_files import MovieFile
from resources.storage.store import Store

LOG = logging.getLogger("marquee")


@dataclass(frozen=True)
class StoreCheck:
    """What was found; every list is by asset.

    Attributes:
        missing: TMDB ids of rows whose file is not there; `WHOLE` for an unpartitioned asset.
        damaged: Those whose file has another content than was kept.
        restorable: Rows that the ledger lacks, as the journal has them; their files are intact.
    """

    missing: dict[str, list[int]]
    damaged: dict[str, list[int]]
    restorable: dict[str, dict[int, Row]]

    @property
    def is_clean(self) -> bool:
        """Whether store and ledger agree."""
        return not (self.missing or self.damaged or self.restorable)


def check_files(run_context: RunContext, *, with_content: bool = False) -> StoreCheck:
    """Compare every row with its files.

    Args:
        run_context: Store and ledger.
        with_content: Whether all files are read, and their hashes compared, not only listed.
    """
    missing = {name: ids for name, ids in _find_missing(run_context) if ids}
    damaged = {}
    if with_content:
        damaged = {
            spec.name: ids
            for spec in MOVIE_ASSETS
            if (ids := _find_damaged(run_context, spec, set(missing.get(spec.name, ()))))
        }
    return StoreCheck(missing, damaged, _find_restorable(run_context))


def repair(run_context: RunContext, found: StoreCheck) -> None:
    """Drop rows without a whole file, so that the next build computes them, and restore lost rows.

    Dagster does not yet show a restored row as materialized if its home was lost too; the next run
    publishes it.
    """
    ledger, journal = run_context.ledger, Journal(run_context.store)
    for by_asset in (found.missing, found.damaged):
        for asset, ids in by_asset.items():
            ledger.forget([asset], ids, [Status.OK.value])
    if not found.restorable:
        return
    known, notes = journal.known()
    ours = ledger.movies()
    ledger.know_movies({i: stamp for i, stamp in known.items() if i not in ours})
    for name, value in notes.items():
        if ledger.note(name) is None:
            ledger.set_note(name, value)
    for asset, rows in found.restorable.items():
        ledger.restore(asset, rows)


def reconcile(run_context: RunContext) -> None:
    """Before a run: restore a ledger that was lost, or drop the rows of a store that was."""
    if not _is_torn_apart(run_context):
        return
    with holding("the recovery", run_context.store, run_context.ledger):
        if _is_torn_apart(run_context):  # nobody else has done it
            _bring_together(run_context)


def _is_torn_apart(run_context: RunContext) -> bool:
    """Whether a ledger or a store is empty beside the other one."""
    if not run_context.ledger.tally.known() and Journal(run_context.store).exists():
        return True
    return run_context.store.was_empty and bool(run_context.ledger.counts())


def _bring_together(run_context: RunContext) -> None:
    found = check_files(run_context)
    repair(run_context, found)
    restored = sum(map(len, found.restorable.values()))
    dropped = sum(map(len, found.missing.values()))
    if restored:
        LOG.warning("The ledger was empty: %d rows were restored from the store.", restored)
    if dropped:
        LOG.warning("The store was empty: %d results are computed again.", dropped)


def save_journal(run_context: RunContext) -> None:
    """After a run: save the rows that it wrote, so that a lost ledger can be restored."""
    if run_context.ledger.has_written:
        with holding("the journal", run_context.store, run_context.ledger):
            Journal(run_context.store).save(run_context.ledger)
        run_context.ledger.has_written = False


def _find_missing(run_context: RunContext) -> Iterator[tuple[str, list[int]]]:
    listed = _lister(run_context.store)
    for spec in MOVIE_ASSETS:
        rows = run_context.ledger.rows(spec.name)
        yield (
            spec.name,
            [
                tmdb_id
                for tmdb_id, row in rows.items()
                if row.status == Status.OK and not _is_listed(spec, tmdb_id, row, listed)
            ],
        )
    for spec in UNPARTITIONED_ASSETS.values():
        row = run_context.ledger.rows(spec.name, [WHOLE]).get(WHOLE)
        is_made = row is not None and row.status == Status.OK
        yield spec.name, [WHOLE] if is_made and not _has_files(run_context.store, spec) else []


_Listed = Callable[[MovieFile], set[int]]


def _lister(store: Store) -> _Listed:
    """Return what lists the movies that have a kind of file; each folder is read once."""
    return cache(lambda file: _list_ids(store, file))


def _is_listed(spec: MovieAssetSpec, tmdb_id: int, row: Row, listed: _Listed) -> bool:
    return any(all(tmdb_id in listed(file) for file in group) for group in _files_of(spec, row))


def _files_of(spec: MovieAssetSpec, row: Row) -> list[list[MovieFile]]:
    """Return groups of files, of which one has to be there whole.

    Of an asset without backbones it is any kind of its files: settings decide on the others.
    """
    if not spec.embeddings:
        return [[file] for file in spec.files]
    notes = row.metadata.get("backbones")
    folders = [feature.file for _, feature in spec.embeddings]
    by_name = notes.items() if isinstance(notes, dict) else ()
    return [[_choose(folders, note).below(str(name)) for name, note in by_name]]


def _choose(folders: list[MovieFile], note: object) -> MovieFile:
    folder = note.get("folder") if isinstance(note, dict) else None
    return next((file for file in folders if file.folders[-1] == folder), folders[0])


def _list_ids(store: Store, file: MovieFile) -> set[int]:
    folder = store.path(*file.folders)
    if not folder.exists():
        return set()
    names = (path.name for path in folder.iterdir() if path.name.endswith(file.suffix))
    stems = (name.removesuffix(file.suffix) for name in names)
    return {int(stem) for stem in stems if stem.isdecimal()}


def _has_files(store: Store, spec: UnpartitionedSpec) -> bool:
    if spec.name == FEATURES.name:
        folder = store.path("features", "movies")
    elif spec.name.endswith("_baselines"):
        folder = store.path("baselines", spec.system)
    else:
        top = {"splits": "splits", "models": "models", "evaluation": "reports"}[spec.stage]
        folder = store.path(top, spec.system)
    return folder.exists() and any(folder.iterdir())


def _find_restorable(run_context: RunContext) -> dict[str, dict[int, Row]]:
    journal, listed = Journal(run_context.store), _lister(run_context.store)
    if not journal.exists():
        return {}
    found = dict[str, dict[int, Row]]()
    for spec in MOVIE_ASSETS:
        ours = run_context.ledger.rows(spec.name)
        lost = {i: row for i, row in journal.rows(spec.name).items() if i not in ours}
        found[spec.name] = {
            i: row
            for i, row in lost.items()
            if row.status != Status.OK
            or (
                _is_listed(spec, i, row, listed)
                and is_kept(run_context.store, spec.name, spec.files, i, row)
            )
        }
    for spec in UNPARTITIONED_ASSETS.values():
        if not run_context.ledger.rows(spec.name, [WHOLE]) and _has_files(run_context.store, spec):
            found[spec.name] = journal.rows(spec.name)
    return {name: rows for name, rows in found.items() if rows}


def _find_damaged(run_context: RunContext, spec: MovieAssetSpec, missing: set[int]) -> list[int]:
    if not spec.files:
        return []
    rows = run_context.ledger.rows(spec.name)
    return [
        tmdb_id
        for tmdb_id, row in rows.items()
        if row.status == Status.OK
        and tmdb_id not in missing
        and not is_intact(run_context, spec.name, spec.files, tmdb_id)
    ]
