"""A run that waits for the store says so where it is looked at: its tags, its log, its events."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.events import EngineEventData

from assets.orchestration.live_runs import announce
from assets.orchestration.store_check import reconcile, save_journal
from resources.run_context import RunContext
from resources.storage.lock import exclusive

WAITING_FOR = "marquee/waiting_for"
"""Run tag: who holds the store that the run waits for, and since when. Dagster takes no tag away,
so it then says that the wait is over."""

WAITED_S = "marquee/waited_s"
"""Run tag: the seconds that a run waited for the store; only of runs that did."""

OVER = "nobody any more"


@contextmanager
def hold_store(context: dg.InitResourceContext, run_context: RunContext) -> Iterator[None]:
    """Hold the store for a run, and show how long, and for whom, it waits for it.

    Args:
        context: Of the run's resource.
        run_context: Store and ledger.
    """
    run, log, instance = context.run, context.log, context.instance
    assert run is not None
    assert log is not None
    assert instance is not None
    announce(run_context, run.run_id)
    holders: list[str] = []

    def note_holder(holder: str) -> None:
        holders.append(holder)
        instance.add_run_tags(run.run_id, {WAITING_FOR: holder})

    name = f"run {run.run_id} ({run.job_name})"
    store, ledger = run_context.store, run_context.ledger
    with exclusive(
        store, ledger, name=name, notify=log.warning, note_holder=note_holder
    ) as waited_s:
        if holders:
            tags = {WAITING_FOR: OVER, WAITED_S: f"{waited_s:.1f}"}
            instance.add_run_tags(run.run_id, tags)
            message = f"Waited {waited_s:.1f} s for the store, which {holders[-1]} held."
            found = {"waited_s": round(waited_s, 1), "waited for": "; ".join(holders)}
            log.info(message)
            instance.report_engine_event(message, run, EngineEventData(found))
        reconcile(run_context)
        try:
            yield
        finally:
            save_journal(run_context)
