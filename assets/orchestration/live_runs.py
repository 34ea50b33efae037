"""Which runs are alive: each locks a file of its own, which the kernel frees when it dies.

The store's lock does not show it: a run that waits for it is alive, too.
"""

import atexit
import os
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

import dagster as dg

from resources.storage.lock import is_locked, open_lock, try_lock
from resources.storage.store import Store

STARTING_S = 300.0
"""A run that has not begun its work after so long never will."""

_KEPT_S = 24 * 3600.0
"""Files that a kill has left stay for a day."""

_STARTED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]

_mine: deque[tuple[Path, int]] = deque()
_MAX_MINE = 16
"""A process keeps its files locked, because Dagster notes the end of a run after its resources
were closed; runs before the last ones have ended."""


def announce(instance: dg.DagsterInstance, store: Store, run_id: str) -> None:
    """Show that a run is alive, as long as this process is."""
    folder = _folder(instance, store)
    folder.mkdir(parents=True, exist_ok=True)
    path, unlocked = folder / run_id, folder / f".{run_id}"
    descriptor = open_lock(unlocked)
    try_lock(descriptor)
    unlocked.rename(path)  # nobody sees it unlocked while the run is alive
    _mine.append((path, descriptor))
    _forget_but(_MAX_MINE)


@atexit.register
def _forget_but(kept: int = 0) -> None:
    """Remove the files of this process but the last ones; what a kill leaves is swept later."""
    while len(_mine) > kept:
        path, descriptor = _mine.popleft()
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(descriptor)


def end_dead_runs(instance: dg.DagsterInstance, store: Store) -> int:
    """Mark runs whose process was killed as canceled; return how many others are at work or wait.

    A run that has not announced itself counts as alive for as long as it may be starting.
    """
    folder, alive = _folder(instance, store), 0
    for record in instance.get_run_records(dg.RunsFilter(statuses=_STARTED)):
        run, since_s = record.dagster_run, record.start_time or record.create_timestamp.timestamp()
        is_alive = _is_locked(folder / run.run_id)
        if is_alive is None:
            is_alive = time.time() - since_s < STARTING_S
        alive += is_alive
        if not is_alive:
            instance.report_run_canceled(
                run, "Its process was killed; the next run resumes its work."
            )
            (folder / run.run_id).unlink(missing_ok=True)
    _sweep(folder)
    return alive


def _folder(instance: dg.DagsterInstance, store: Store) -> Path:
    """Return the folder of the files: where all who work on the store see it."""
    root = Path(str(store.root)) if store.is_local else Path(instance.root_directory)
    return root.absolute() / ".runs"


def _is_locked(path: Path) -> bool | None:
    """Whether somebody holds a file; None where there is none."""
    return is_locked(path) if path.exists() else None


def _sweep(folder: Path) -> None:
    before_s = time.time() - _KEPT_S
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before_s and not _is_locked(path):
                path.unlink()
