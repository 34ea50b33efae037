"""The commands `models list`, `promote`, `rollback` and `compare`."""

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from assets.cli.options import console, settings_of
from pipeline.core.errors import ConfigurationError

app = typer.Typer(no_args_is_help=True, help="Versions of trained models, and which one predicts.")

System = Annotated[str, typer.Argument(help="As `revenue`.")]


@app.command("list")
def list_(
    system: Annotated[str, typer.Option(help="Only this system, as `revenue`.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list.")] = False,
) -> None:
    """List every version of every system; the one that predicts is marked."""
    from assets.models.model_versions import describe_versions
    from pipeline.models.systems.registry import SYSTEMS, find_system
    from resources.run_context import open_stored

    chosen = [find_system(system)] if system else list(SYSTEMS)
    with open_stored(settings_of()) as run_context:
        rows = [row for one in chosen for row in describe_versions(run_context, one)]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
    elif not rows:
        console.print("There is no version yet. `uv run marquee build` trains models.")
    else:
        _print(rows)


@app.command()
def promote(
    system: System,
    version: Annotated[int, typer.Argument(min=1)],
    force: Annotated[
        bool, typer.Option("--force", help="Also one that is significantly worse.")
    ] = False,
) -> None:
    """Make a version predict. Refused where it is significantly worse than the one that does."""
    from assets.evaluation.promotion import compare_with_promoted
    from assets.models import model_versions
    from pipeline.models.systems.registry import find_system
    from resources.run_context import open_stored

    row = find_system(system)
    with open_stored(settings_of()) as run_context:
        wanted = model_versions.find_version(run_context, row, version)
        promoted = model_versions.promoted_version(run_context, row)
        verdict = compare_with_promoted(row, wanted, promoted) if promoted else None
        if verdict and verdict.is_worse and not force:
            raise ConfigurationError(f"{verdict.why}\n--force promotes it all the same.")
        model_versions.promote(run_context, row, version, "by hand")
    console.print(f"{system}: version {version} predicts now.", highlight=False)


@app.command()
def rollback(system: System) -> None:
    """Make the version predict that did so before the promoted one."""
    from assets.models.model_versions import roll_back
    from pipeline.models.systems.registry import find_system
    from resources.run_context import open_stored

    row = find_system(system)
    with open_stored(settings_of()) as run_context:
        number = roll_back(run_context, row)
    console.print(f"{system}: version {number} predicts again.", highlight=False)


@app.command()
def compare(
    system: System,
    first: Annotated[int, typer.Argument(min=1)],
    second: Annotated[int, typer.Argument(min=1)],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Compare two versions: on test films of both, and where `serve` had both answer."""
    from assets.evaluation import side_by_side
    from pipeline.models.systems.registry import find_system
    from resources.run_context import open_stored

    row = find_system(system)
    with open_stored(settings_of()) as run_context:
        found = side_by_side.compare(run_context, row, first, second)
    if as_json:
        typer.echo(json.dumps(found, indent=1))
    else:
        from assets.cli.model_comparison import print_comparison

        print_comparison(found, console)


def _print(rows: list[dict[str, Any]]) -> None:
    from pipeline.evaluation.metrics.metric_names import METRIC_WORDS

    table = Table(box=None, header_style="bold")
    table.add_column("system", no_wrap=True)
    table.add_column("version", justify="right")
    for name in ("predicts", "trained", "data", "on its test films"):
        table.add_column(name)
    for row in rows:
        scores = [
            f"{METRIC_WORDS.get(score['metric'], score['metric'])} "
            + ("undefined" if score["estimate"] is None else f"{score['estimate']:.3f}")
            for score in row["scores"].values()
        ]
        table.add_row(
            row["system"],
            str(row["version"]),
            "yes" if row["is_promoted"] else "",
            row["created"][:10],
            row["data_hash"][:8],
            "; ".join(scores) or "not evaluated",
        )
    console.print(table)
