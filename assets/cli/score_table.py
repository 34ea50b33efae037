"""The table of scores that `marquee demo` prints, a system a row, and the paths of the pages."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from assets.evaluation.stored_reports import read_summaries
from resources.run_context import RunContext

_STYLES = {"beats": "green", "loses": "red"}
"""Of the first word of a verdict."""


def print_scores(run_context: RunContext, console: Console) -> None:
    """Print each system's first task with a model: score, strongest baseline, verdict."""
    from pipeline.evaluation.report.leaderboard_page import PAGE_FILE, PICTURE_FILE
    from pipeline.evaluation.report.leaderboard_rows import MISSING, list_leaderboard

    summaries = read_summaries(run_context)
    for summary in summaries[:1]:
        console.print(f"\nSource: {summary['source']}\nBackbones: {summary['weights'] or 'none'}\n")
    firsts = {summary["system"]: next(iter(summary["tasks"]), "") for summary in summaries}
    rows = list_leaderboard(summaries)
    shown = [r for r in rows if r["kind"] == MISSING or r["task"] == firsts[r["system"]]]
    console.print(_tabulate(shown))
    console.print(LEGEND, highlight=False, style="dim")
    console.print("\nFiles:")
    for name in (PAGE_FILE, PICTURE_FILE):
        path = run_context.store.folder("reports") / name
        console.print(f"  {path}", soft_wrap=True, highlight=False)


LEGEND = (
    "Below each score: 95 % interval. Verdict: on the same test films, after Holm's correction; "
    "`marquee leaderboard` shows every task, variant and baseline."
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
