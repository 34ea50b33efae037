"""The command that trains and judges on Trailers12k's own files."""

from pathlib import Path
from typing import Annotated

import typer

from assets.cli.options import console, errors


def trailers12k(
    folder: Annotated[Path, typer.Argument(help="Unpacked download: mtgc.csv and .zarr folders.")],
    splits: Annotated[str, typer.Option(help="Official splits, separated by commas.")] = "0,1,2",
    backbone: Annotated[
        str, typer.Option(help="swin, resnet or shufflenet; the first that is there if empty.")
    ] = "",
    work: Annotated[
        Path | None,
        typer.Option(help="For packed features, checkpoints and results; FOLDER/marquee if empty."),
    ] = None,
    epochs: Annotated[int, typer.Option(min=1, help="At most; published: 100.")] = 100,
    seed: Annotated[int, typer.Option(min=0)] = 42,
) -> None:
    """Train DIViTA on the paper's own features and splits, and lay the published scores beside."""
    from rich.table import Table

    from assets.models.trailers12k_run import RESULTS_FILE, list_rows, train_and_evaluate
    from pipeline.core.errors import ConfigurationError

    if not all(number.strip().isdigit() for number in splits.split(",")):
        raise ConfigurationError(f"--splits: wanted some of 0, 1 and 2, came {splits!r}")
    place = work or folder / "marquee"
    result = train_and_evaluate(
        folder,
        work=place,
        splits=[int(number) for number in splits.split(",")],
        backbone=backbone,
        hyperparameters={"max_epochs": epochs},
        report=errors.print,
        seed=seed,
    )
    table = Table("", "μAP", "mAP", "wAP", "sAP", title=f"Trailers12k, {result['rows']} films")
    for row in list_rows(result):
        table.add_row(*row)
    console.print(table)
    console.print(f"Source of the published figures: doi 10.1016/j.ipm.2023.103343; all in "
                  f"{place / RESULTS_FILE}")  # fmt: skip
