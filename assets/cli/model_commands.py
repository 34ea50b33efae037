"""The commands `evaluate`, `leaderboard` and `trailers12k`."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from assets.cli.options import console, errors, settings_of
from pipeline.core.errors import ConfigurationError


def evaluate(
    folder: Annotated[Path, typer.Argument(help="A model's folder, inside its store.")],
) -> None:
    """Evaluate a saved model again. Exit status 1 if a score is not reproduced."""
    from assets.evaluation.reproduce_scores import evaluate as run

    raise typer.Exit(run(folder, console))


def leaderboard(
    system: Annotated[str, typer.Option(help="Only this system, as `genre`.")] = "",
    task: Annotated[str, typer.Option(help="Only this task, as `genres`.")] = "",
    variant: Annotated[str, typer.Option(help="Only variants with this text in the name.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list of all figures.")] = False,
) -> None:
    """Show every model and baseline of every system, as last evaluated."""
    from assets.evaluation.stored_reports import read_summaries
    from pipeline.evaluation.report.leaderboard_rows import list_leaderboard
    from resources.run_context import open_stored

    with open_stored(settings_of()) as run_context:
        rows = list_leaderboard(read_summaries(run_context))
    for field, wanted in (("system", system), ("task", task)):
        rows = _select(rows, field, wanted)
    rows = [row for row in rows if variant in row["variant"]]
    if as_json:
        console.print_json(json.dumps(rows))
    else:
        _print_leaderboard(rows)


def _select(rows: list[dict[str, Any]], field: str, wanted: str) -> list[dict[str, Any]]:
    """Return the rows with this value; raise an error that lists the values where none has it."""
    found = {str(row[field]) for row in rows}
    if wanted and wanted not in found:
        raise ConfigurationError(f"No {field} {wanted!r}; there are {', '.join(sorted(found))}.")
    return [row for row in rows if wanted in ("", row[field])]


def _print_leaderboard(rows: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from pipeline.evaluation.report.leaderboard_texts import (
        TERMINAL_COLUMNS,
        TERMINAL_LEGEND,
        tabulate_leaderboard,
    )

    for title, lines in tabulate_leaderboard(rows):
        console.print(escape(title), highlight=False)
        if lines:
            table = Table(box=None, header_style="bold")
            for name in TERMINAL_COLUMNS:
                justify = "right" if name == "score" else "left"
                table.add_column(name, justify=justify, no_wrap=name in ("score", "interval"))
            for line in lines:
                table.add_row(*map(escape, line))
            console.print(table)
        console.print()
    console.print(TERMINAL_LEGEND, highlight=False)


def trailers12k(
    folder: Annotated[Path, typer.Argument(help="Unpacked download: mtgc.csv and .zarr folders.")],
    splits: Annotated[str, typer.Option(help="Official splits, comma-separated.")] = "0,1,2",
    backbone: Annotated[
        str, typer.Option(help="swin, resnet or shufflenet; default: the first one present.")
    ] = "",
    work: Annotated[
        Path | None,
        typer.Option(help="For features, checkpoints and results; default: FOLDER/marquee."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Maximum; published: 100.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 42,
) -> None:
    """Train DIViTA on the paper's features and splits; compare with published scores."""
    from rich.table import Table

    from assets.models.trailers12k_run import RESULTS_FILE, list_rows, train_and_evaluate

    numbers = [number.strip() for number in splits.split(",")]
    if not all(number.isdigit() for number in numbers):
        raise ConfigurationError(f"--splits takes some of 0, 1 and 2, got {splits!r}")
    place = work or folder / "marquee"
    result = train_and_evaluate(
        folder,
        work=place,
        splits=[int(number) for number in numbers],
        backbone=backbone,
        hyperparameters={"max_epochs": epochs},
        report=errors.print,
        seed=seed,
    )
    table = Table("", "μAP", "mAP", "wAP", "sAP", title=f"Trailers12k, {result['rows']} movies")
    for row in list_rows(result):
        table.add_row(*row)
    console.print(table)
    console.print(
        f"Published scores: doi 10.1016/j.ipm.2023.103343. Results: {place / RESULTS_FILE}"
    )
