"""The reports that the evaluations left in the store; nothing of Dagster is imported here."""

from pathlib import Path

from pipeline.evaluation.report.stored_results import RESULTS_FILE
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def reports_folder(run_context: RunContext, system: System) -> Path:
    """Return the folder of a system's report."""
    return run_context.store.folder("reports") / system.name


def read_summaries(run_context: RunContext) -> list[dict]:
    """Read the results of every system that has been evaluated."""
    store = run_context.store
    paths = [store.path("reports", system.name, RESULTS_FILE) for system in SYSTEMS]
    return [store.read_json(path) for path in paths if path.is_file()]
