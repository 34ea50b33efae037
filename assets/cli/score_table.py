"""The table of scores that `marquee demo` prints, and the paths of the reports."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from assets.evaluation.stored_reports import reports_folder
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def print_scores(run_context: RunContext, console: Console) -> None:
    """Print every system's main score on its headline split, its verdict, and the report paths."""
    from pipeline.evaluation.report.leaderboard_page import PAGE_FILE
    from pipeline.evaluation.report.stored_results import REPORT_FILE, RESULTS_FILE

    folders = {system: reports_folder(run_context, system) for system in SYSTEMS}
    evaluated = [system for system in SYSTEMS if (folders[system] / RESULTS_FILE).is_file()]
    for system in evaluated:
        summary = json.loads((folders[system] / RESULTS_FILE).read_text(encoding="utf-8"))
        if system is evaluated[0]:
            console.print(f"\nSource: {summary['source']}\nBackbones: {summary['weights']}")
        for name, task in summary["tasks"].items():
            _print_task(console, system, name, task)
    console.print("\nFiles:")
    paths = [folders[system] / REPORT_FILE for system in evaluated]
    for path in [*paths, run_context.store.folder("reports") / PAGE_FILE]:
        console.print(f"  {path}", soft_wrap=True, highlight=False)


def _print_task(console: Console, system: System, name: str, task: Mapping) -> None:
    from pipeline.evaluation.metrics.metric_names import METRIC_WORDS
    from pipeline.evaluation.wording import variant_title

    split = system.headline
    content = task["splits"][split]
    sizes, metric = content["rows"], task["main_metric"]
    table = Table(
        title=f"{system.name}, {name}: {sizes['train']} train, {sizes['val']} val, "
        f"{sizes['test']} test films",
        title_justify="left",
        box=None,
        header_style="bold",
    )
    table.add_column("", no_wrap=True)
    table.add_column(METRIC_WORDS[metric], justify="right", no_wrap=True)
    for variant, result in content["results"].items():
        style = "italic" if result["kind"] == "limit" else ""
        table.add_row(variant_title(variant), _cell(result["scores"][metric]), style=style)
    console.print()
    console.print(table)
    if verdict := content["results"].get(system.main_variant, {}).get("verdict"):
        console.print(f"• {split}: {verdict}", highlight=False)


def _cell(score: Mapping) -> str:
    """Format a score with its interval; one that cannot be computed is a dash."""
    if score["estimate"] is None:
        return "–"
    return f"{score['estimate']:.2f} [dim]{score['low']:.2f}–{score['high']:.2f}[/]"
