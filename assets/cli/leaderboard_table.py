"""The table that `marquee leaderboard` prints."""

from rich.console import Console
from rich.table import Table

from assets.evaluation.stored_reports import read_summaries
from pipeline.evaluation.report.leaderboard_rows import (
    TERMINAL_COLUMNS,
    list_leaderboard,
    tabulate_leaderboard,
)
from resources.run_context import RunContext


def print_leaderboard(run_context: RunContext, console: Console) -> None:
    """Print every model and baseline of every system as one table."""
    table = Table(box=None, header_style="bold")
    for name in TERMINAL_COLUMNS:
        table.add_column(name, overflow="fold")
    for row in tabulate_leaderboard(list_leaderboard(read_summaries(run_context))):
        table.add_row(*row)
    console.print(table)
