"""`marquee prune`: delete what of Dagster's history is old and no longer counts."""

from pathlib import Path

import dagster as dg
from rich.console import Console

from assets.cli.build import home
from assets.orchestration.event_files import compact
from assets.orchestration.event_pruning import kept_days
from assets.orchestration.event_pruning import prune as prune_events
from resources.run_context import open_stored
from resources.settings import Settings
from resources.storage.lock import exclusive

_MB = 1_000_000


def prune(settings: Settings, console: Console, *, days: float | None) -> int:
    """Prune, and print what was deleted.

    Args:
        settings: Which store.
        console: Where to print.
        days: What is younger stays; None: `MARQUEE_HISTORY_DAYS`.

    Returns:
        Exit status: 0.
    """
    folder = home()
    with open_stored(settings) as run_context, dg.DagsterInstance.get() as instance:
        days = kept_days(run_context) if days is None else days
        if not days:
            console.print("MARQUEE_HISTORY_DAYS is 0: all history is kept. Or give `--days`.")
            return 0
        before = _size(folder)
        with exclusive(run_context.store, run_context.ledger, name="`marquee prune`"):
            pruned = prune_events(instance, days=days, now_s=run_context.clock())
            compact(instance)
        console.print(
            f"Deleted {pruned.events} events of movies and the logs of {pruned.run_logs} runs, all "
            f"older than {days:g} days. Dagster's home: {before / _MB:.1f} MB before, "
            f"{_size(folder) / _MB:.1f} MB now.",
            highlight=False,
        )
    return 0


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
