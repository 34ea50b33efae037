"""Which runs are alive: each locks a file of its own, which the kernel frees when it dies.

The store's lock does not show it: a run that waits for it is alive, too. On a store that is no
local folder a run has a lease with a heartbeat instead.
"""

import atexit
import os
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import dagster as dg

from resources.run_context import RunContext
from resources.storage.file_lock import is_locked, open_lock, try_lock
from resources.storage.store import Store

STARTING_S = 300.0
"""A run that has not begun its work after so long never will."""

_KEPT_S = 24 * 3600.0
"""What a kill has left stays for a day."""

_STARTED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]

_mine: deque[Callable[[], None]] = deque()
_MAX_MINE = 16
"""A process keeps what shows its runs alive, because Dagster notes the end of a run after its
resources were closed; runs before the last ones have ended."""


def announce(run_context: RunContext, run_id: str) -> None:
    """Show that a run is alive, as long as this process is."""
    if run_context.store.is_local:
        _mine.append(_lock_file(_folder(run_context.store), run_id))
    else:
        from resources.storage.leases import LeaseLock

        lease = LeaseLock(run_context.ledger.leases, _lease_of(run_id), f"run {run_id}")
        lease.try_take()
        _mine.append(lease.free)
    _forget_but(_MAX_MINE)


def _lock_file(folder: Path, run_id: str) -> Callable[[], None]:
    """Make and lock a run's file; return what removes it."""
    folder.mkdir(parents=True, exist_ok=True)
    path, unlocked = folder / run_id, folder / f".{run_id}"
    descriptor = open_lock(unlocked)
    try_lock(descriptor)
    unlocked.rename(path)  # nobody sees it unlocked while the run is alive

    def remove() -> None:
        with suppress(OSError):
            path.unlink(missing_ok=True)
        os.close(descriptor)

    return remove


@atexit.register
def _forget_but(kept: int = 0) -> None:
    """Remove the marks of this process but the last ones; what a kill leaves is swept later."""
    while len(_mine) > kept:
        _mine.popleft()()


def end_dead_runs(instance: dg.DagsterInstance, run_context: RunContext) -> int:
    """Mark runs whose process was killed as canceled; return how many others are at work or wait.

    A run that has not announced itself counts as alive for as long as it may be starting.
    """
    alive = 0
    for record in instance.get_run_records(dg.RunsFilter(statuses=_STARTED)):
        run, since_s = record.dagster_run, record.start_time or record.create_timestamp.timestamp()
        is_alive = _is_alive(run_context, run.run_id)
        if is_alive is None:
            is_alive = time.time() - since_s < STARTING_S
        alive += is_alive
        if not is_alive:
            instance.report_run_canceled(
                run, "Its process was killed; the next run resumes its work."
            )
    if run_context.store.is_local:
        _sweep(_folder(run_context.store))
    else:
        run_context.ledger.leases.sweep(_KEPT_S)
    return alive


def _is_alive(run_context: RunContext, run_id: str) -> bool | None:
    """Whether the process of a run lives; None where the run has not announced itself."""
    if not run_context.store.is_local:
        return run_context.ledger.leases.is_alive(_lease_of(run_id))
    path = _folder(run_context.store) / run_id
    return is_locked(path) if path.exists() else None


def _lease_of(run_id: str) -> str:
    return f"run {run_id}"


def _folder(store: Store) -> Path:
    """Return the folder of the files: where all who work on the store see it."""
    return Path(str(store.root)).absolute() / ".runs"


def _sweep(folder: Path) -> None:
    before_s = time.time() - _KEPT_S
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before_s and not is_locked(path):
                path.unlink()
