"""The commands `evaluate`, `leaderboard` and `trailers12k`."""

from pathlib import Path
from typing import Annotated

import typer

from assets.cli.options import console, errors, settings_of


def evaluate(
    folder: Annotated[Path, typer.Argument(help="A model's folder, inside its store.")],
) -> None:
    """Evaluate a saved model again. Exit status 1 if a score is not reproduced."""
    from assets.evaluation.reproduce_scores import evaluate as run

    raise typer.Exit(run(folder, console))


def leaderboard() -> None:
    """Show every model and baseline of every system, as last evaluated."""
    from rich.table import Table

    from assets.evaluation.stored_reports import read_summaries
    from pipeline.evaluation.report.leaderboard_rows import (
        TERMINAL_COLUMNS,
        list_leaderboard,
        tabulate_leaderboard,
    )
    from resources.run_context import open_stored

    table = Table(box=None, header_style="bold")
    for name in TERMINAL_COLUMNS:
        table.add_column(name, overflow="fold")
    with open_stored(settings_of()) as run_context:
        for row in tabulate_leaderboard(list_leaderboard(read_summaries(run_context))):
            table.add_row(*row)
    console.print(table)


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
    from pipeline.core.errors import ConfigurationError

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
