"""The table of scores that `marquee demo` prints, and the paths of the reports."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assets.evaluation.stored_reports import read_summaries, reports_folder
from pipeline.models.systems.registry import SYSTEMS
from resources.run_context import RunContext

_STYLES = {"beats": "green", "loses": "red"}
"""Of the first word of a verdict."""


def print_scores(run_context: RunContext, console: Console) -> None:
    """Print a line per task (main score, strongest baseline, verdict) and the report paths."""
    from pipeline.evaluation.report.leaderboard_page import PAGE_FILE, PICTURE_FILE
    from pipeline.evaluation.report.leaderboard_rows import list_leaderboard
    from pipeline.evaluation.report.stored_results import REPORT_FILE

    summaries = read_summaries(run_context)
    for summary in summaries[:1]:
        console.print(f"\nSource: {summary['source']}\nBackbones: {summary['weights'] or 'none'}\n")
    console.print(_tabulate(list_leaderboard(summaries)))
    console.print(LEGEND, highlight=False, style="dim")
    console.print("\nFiles:")
    evaluated = {summary["system"] for summary in summaries}
    paths = [
        reports_folder(run_context, system) / REPORT_FILE
        for system in SYSTEMS
        if system.name in evaluated
    ]
    overview = [run_context.store.folder("reports") / name for name in (PAGE_FILE, PICTURE_FILE)]
    for path in [*paths, *overview]:
        console.print(f"  {path}", soft_wrap=True, highlight=False)


LEGEND = (
    "Below each score: 95 % interval. Verdict: on the same test films, after Holm's correction; "
    "`marquee leaderboard` shows every variant and baseline."
)


def _tabulate(rows: Sequence[Mapping]) -> Table:
    from pipeline.evaluation.report.leaderboard_texts import GLANCE_COLUMNS, tabulate_at_a_glance

    table = Table(box=None, header_style="bold", padding=(0, 2, 1, 0))
    for name in GLANCE_COLUMNS:
        table.add_column(name)
    for *texts, verdict in tabulate_at_a_glance(rows):
        style = _STYLES.get(verdict.split()[0], "")
        shown = f"[{style}]{escape(verdict)}[/]" if style else escape(verdict)
        table.add_row(*map(escape, texts), shown)
    return table
