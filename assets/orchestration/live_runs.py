"""Which runs are alive: those whose process has a heartbeat (`resources/storage/leases.py`)."""

import time
from contextlib import suppress
from pathlib import Path

import dagster as dg

from resources.run_context import RunContext
from resources.storage.file_lock import is_free

STARTING_S = 300.0
"""A run that has not begun its work after so long never will."""

_KEPT_S = 24 * 3600.0
"""What a kill has left stays for a day."""

_STARTED = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def end_dead_runs(instance: dg.DagsterInstance, run_context: RunContext) -> int:
    """Mark runs whose process was killed as canceled; return how many others are at work or wait.

    A run that has not announced itself counts as alive for as long as it may be starting.
    """
    leases, alive = run_context.ledger.leases, 0
    for record in instance.get_run_records(dg.RunsFilter(statuses=_STARTED)):
        run, since_s = record.dagster_run, record.start_time or record.create_timestamp.timestamp()
        is_alive = leases.is_run_alive(run.run_id)
        if is_alive is None:
            is_alive = time.time() - since_s < STARTING_S
        alive += is_alive
        if not is_alive:
            instance.report_run_canceled(
                run, "Its process was killed; the next run resumes its work."
            )
    leases.sweep(_KEPT_S)
    if run_context.ledger.locks:
        _sweep(run_context.ledger.locks)
    return alive


def _sweep(folder: Path) -> None:
    before_s = time.time() - _KEPT_S
    for path in folder.glob("*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < before_s and is_free(path):
                path.unlink()
