"""The table of scores that `marquee demo` prints, and where the files lie."""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from assets.evaluation.evaluation_metadata import verdicts
from assets.evaluation.system_evaluation import LIMIT, reports_folder
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System
from resources.run_context import RunContext


def print_scores(run_context: RunContext, console: Console) -> None:
    """Print every system's main score on its headline split, verdicts, and where the files lie."""
    from pipeline.evaluation.report.evaluation_files import RESULTS_FILE

    judged = [s for s in SYSTEMS if (reports_folder(run_context, s) / RESULTS_FILE).is_file()]
    for system in judged:
        folder = reports_folder(run_context, system)
        summary = json.loads((folder / RESULTS_FILE).read_text(encoding="utf-8"))
        if system is judged[0]:
            console.print(f"\nSource: {summary['source']}\nBackbones: {summary['weights']}")
        for name, task in summary["tasks"].items():
            _print_task(console, system, name, task)
    console.print("\nFiles:")
    for system in judged:
        path = reports_folder(run_context, system) / "report.html"
        console.print(f"  {path}", soft_wrap=True, highlight=False)
    board = run_context.store.folder("reports") / "leaderboard.html"
    console.print(f"  {board}", soft_wrap=True, highlight=False)


def _print_task(console: Console, system: System, name: str, task: Mapping) -> None:
    from pipeline.evaluation.report.verdict import METRIC_WORDS

    split = system.headline
    content = task["splits"][split]
    rows, metric = content["rows"], task["main_metric"]
    table = Table(
        title=f"{system.name}, {name}: {rows['train']} train, {rows['val']} val, "
        f"{rows['test']} test films",
        title_justify="left",
        box=None,
        header_style="bold",
    )
    table.add_column("", no_wrap=True)
    table.add_column(METRIC_WORDS[metric], justify="right", no_wrap=True)
    for variant, result in content["results"].items():
        style = "italic" if variant == LIMIT else ""
        table.add_row(variant, _cell(result["scores"][metric]), style=style)
    console.print()
    console.print(table)
    for sentence in verdicts({"tasks": {name: {"splits": {split: content}}}}):
        if sentence.startswith(f"{split}: {system.main_variant}"):
            console.print(f"• {sentence}", highlight=False)


def _cell(score: Mapping) -> str:
    """One figure with its interval; a score that cannot be computed is a dash."""
    if score["estimate"] is None:
        return "–"
    return f"{score['estimate']:.2f} [dim]{score['low']:.2f}–{score['high']:.2f}[/]"
