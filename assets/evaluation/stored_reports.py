"""The reports that the evaluations left in the store; nothing of Dagster is imported here."""

from pathlib import Path

from pipeline.evaluation.report.stored_results import RESULTS_FILE
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def reports_folder(run_context: RunContext, system: System) -> Path:
    """Return the folder of a system's report."""
    return run_context.store.folder("reports") / system.name


def read_summary(run_context: RunContext, system: System) -> dict | None:
    """Read the results of a system; None where it was never evaluated."""
    path = run_context.store.path("reports", system.name, RESULTS_FILE)
    return run_context.store.read_json(path) if path.is_file() else None


def read_summaries(run_context: RunContext) -> list[dict]:
    """Read the results of every system that has been evaluated."""
    found = (read_summary(run_context, system) for system in SYSTEMS)
    return [summary for summary in found if summary is not None]
