"""What a run holds of the store while it works; one that waits says so where it is looked at: its
tags, its log, its events.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import dagster as dg
from dagster._core.events import EngineEventData

from assets.orchestration.asset_specs import CATALOG as CATALOG_ASSET
from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.orchestration.store_check import reconcile, save_journal
from resources.run_context import RunContext
from resources.storage.lease_names import CATALOG, MODELS, models_of
from resources.storage.lock import at_work, holding, owning
from resources.structured_log import logging_about

WAITING_FOR = "marquee/waiting_for"
"""Run tag: who holds what the run waits for, and since when. Dagster takes no tag away, so it then
says that the wait is over."""

WAITED_S = "marquee/waited_s"
"""Run tag: the seconds that a run waited before it began; only of runs that did."""

OVER = "nobody any more"


@contextmanager
def hold_store(context: dg.InitResourceContext, run_context: RunContext) -> Iterator[None]:
    """Work on the store as long as a run does, and show how long, and for whom, it waits.

    Movies are claimed step by step (`movie_claims`). A run that makes models has these alone, one
    that crawls the catalog; every run waits while somebody has the whole store alone.

    Args:
        context: Of the run's resource.
        run_context: Store and ledger.
    """
    run, log, instance = context.run, context.log, context.instance
    assert run is not None
    assert log is not None
    assert instance is not None
    store, ledger = run_context.store, run_context.ledger
    with owning(ledger) as owner, ExitStack() as stack:
        owner.announce(run.run_id)
        with Waiting(instance, run, log) as waiting:
            words = {"name": f"run {run.run_id} ({run.job_name})", **waiting.words}
            waiting.add(stack.enter_context(at_work(store, ledger, **words)))
            for lease in leases_of(run):
                waiting.add(stack.enter_context(holding(lease, store, ledger, **words)))
        reconcile(run_context)
        try:
            with logging_about(run=run.run_id):
                yield
        finally:
            save_journal(run_context)


class Waiting:
    """Shows the wait of a run.

    Args:
        instance: Dagster's.
        run: The run.
        log: Its log.
    """

    def __init__(self, instance: dg.DagsterInstance, run: dg.DagsterRun, log: dg.DagsterLogManager):
        self._instance, self._run, self._log = instance, run, log
        self._holders, self._waited_s = list[str](), 0.0
        self.words = {"notify": log.warning, "note_holder": self.note}

    def note(self, holder: str) -> None:
        """Show for whom the run waits."""
        self._holders.append(holder)
        self._instance.add_run_tags(self._run.run_id, {WAITING_FOR: holder})

    def add(self, waited_s: float) -> None:
        """Add a wait that is over."""
        self._waited_s += waited_s

    def __enter__(self) -> "Waiting":
        return self

    def __exit__(self, *_error: object) -> None:
        """Show that the run no longer waits."""
        if not self._holders:
            return
        run, waited_s = self._run, self._waited_s
        self._instance.add_run_tags(run.run_id, {WAITING_FOR: OVER, WAITED_S: f"{waited_s:.1f}"})
        message = f"Waited {waited_s:.1f} s for {self._holders[-1]}."
        found = {"waited_s": round(waited_s, 1), "waited for": "; ".join(self._holders)}
        self._log.info(message)
        self._instance.report_engine_event(message, run, EngineEventData(found))


SYSTEM = "marquee/system"
"""Run tag: the one system whose splits, models and evaluations a run makes, beside other runs."""


def leases_of(run: dg.DagsterRun) -> list[str]:
    """Return what a run holds alone: nothing of it where all its assets are of single movies."""
    if system := run.tags.get(SYSTEM):
        return [models_of(system)]
    if run.asset_selection is None:
        return {"movies": [], "crawl": [CATALOG]}.get(run.job_name, [CATALOG, MODELS])
    chosen = {key.to_user_string() for key in run.asset_selection}
    crawls = [CATALOG] if CATALOG_ASSET.name in chosen else []
    others = chosen - {spec.name for spec in MOVIE_ASSETS} - {CATALOG_ASSET.name}
    return [*crawls, *([MODELS] if others else [])]
