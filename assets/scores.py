"""The table of scores that `marquee demo` prints, and where the files lie.

What belongs here: printing. What does not: scores.
"""

import json
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from assets.evaluation import LIMIT, reports_folder
from assets.evaluation_metadata import verdicts
from assets.splits import SYSTEMS
from resources.workplace import Workplace

SHOWN = {
    "accuracy_score": "accuracy",
    "macro_f1_score": "macro-F1",
    "within_one_accuracy_score": "±1",
    "quadratic_kappa_score": "kappa",
}
MAIN = "macro_f1_score"


def print_scores(workplace: Workplace, console: Console) -> None:
    """Print every system's scores, the limit where it is known, verdicts and paths."""
    for system in SYSTEMS:
        folder = reports_folder(workplace, system)
        summary = json.loads((folder / "evaluation_results.json").read_text(encoding="utf-8"))
        console.print(f"\n[bold]{system.name}[/]: {len(system.class_names)} classes")
        console.print(f"Source: {summary['source']}\nBackbones: {summary['weights']}")
        for task in summary["tasks"].values():
            for split, content in task["splits"].items():
                _print_split(console, split, content)
        for sentence in verdicts(summary):
            console.print(f"• {sentence}", highlight=False)
        console.print("\nFiles:")
        for path in sorted(folder.iterdir()):
            console.print(f"  {path}", soft_wrap=True, highlight=False)


def _cell(name: str, score: Mapping) -> str:
    """One figure; the main score with its interval, so that a line fits a terminal of 80."""
    shown = f"{score['estimate']:.2f}"
    return f"{shown} [dim]{score['low']:.2f}–{score['high']:.2f}[/]" if name == MAIN else shown


def _print_split(console: Console, split: str, content: Mapping) -> None:
    rows = content["rows"]
    table = Table(
        title=f"{split}: {rows['train']} train, {rows['val']} val, {rows['test']} test films",
        title_justify="left",
        box=None,
        header_style="bold",
    )
    table.add_column("", no_wrap=True)
    for name in SHOWN.values():
        table.add_column(name, justify="right", no_wrap=True)
    for variant, result in content["results"].items():
        cells = [_cell(name, result["scores"][name]) for name in SHOWN]
        table.add_row(variant, *cells, style="italic" if variant == LIMIT else "")
    console.print(table)
    limit = content["results"].get(LIMIT)
    if limit:
        expected = limit["facts"]["expected_accuracy"]
        console.print(f"Reachable here: accuracy {expected:.2f} is the most that can be expected.")
