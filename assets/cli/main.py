"""The command `marquee`."""

import logging
import os
import sys
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape

from assets.cli import bench, data, trailers12k_command
from assets.cli.options import Films, Preset, console, errors, ids_of, settings_of

app = typer.Typer(
    name="marquee",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "From a list of films to trained and honestly evaluated models, film by film. "
        "Without TMDB_API_KEY and MARQUEE_SOURCE everything works on the built-in studio, which "
        "invents films."
    ),
)
STAGES_HELP = (
    "Only these stages, separated by commas: crawl, media, frames, embeddings, splits, models, "
    "evaluation."
)
INTERRUPTED = 130
"""Exit status after Ctrl-C, by the shells' custom; typer gives it too."""


def main() -> None:
    """Run the command; say what is wrong in one message, without frames."""
    from pipeline.core.errors import MarqueeError
    from resources.http.redaction import redact

    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    for noisy in ("httpx", "urllib3", "alembic", "lightning", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        app()
    except MarqueeError as error:
        said = escape(redact(str(error)))  # square brackets are no markup
        errors.print(f"[bold red]marquee:[/] {said}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != INTERRUPTED:
            raise
        errors.print("\nStopped. What was finished is kept; the same command goes on from here.")
        sys.exit(INTERRUPTED)


@app.command()
def build(
    films: Films = "",
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only films released since.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="At most so many films.")] = None,
    stages: Annotated[str, typer.Option(help=STAGES_HELP)] = "",
    range_films: Annotated[int, typer.Option(min=1, help="Films in one Dagster run.")] = 500,
    preset: Preset = "",
) -> None:
    """Bring everything up to date: crawl, download, embed, split, train, evaluate."""
    from assets.cli.build import STAGES, Request, open_building_site
    from assets.cli.build import build as run

    request = Request(
        movies=ids_of(films),
        since=since.date() if since else None,
        limit=limit,
        stages=tuple(s.strip() for s in stages.split(",")) if stages else STAGES,
        range_movies=range_films,
    )
    with open_building_site(settings_of(preset)) as (run_context, instance):
        due = run(run_context, instance, request)
        rest = "the others were not asked for" if request.is_partial else "the rest was up to date"
        console.print(f"{due} films were due; {rest}.")
        if run_context.source.is_imports and not run_context.ledger.movies():
            console.print("No film is known: `uv run marquee import kinds` lists what brings some.")


@app.command()
def demo() -> None:
    """Build everything on the built-in studio's 96 films and print the scores."""
    from assets.cli.build import Request, open_building_site
    from assets.cli.build import build as run
    from assets.cli.score_table import print_scores
    from resources.settings import Settings

    console.print("marquee demo: 96 films of the built-in studio; nothing here is a real film.\n")
    given = settings_of()
    settings = Settings(
        store=given.store, ledger=given.ledger, studio=given.studio, weights=given.weights
    )
    with open_building_site(settings) as (run_context, instance):
        run(run_context, instance, Request())
        print_scores(run_context, console)
    console.print("\nNext: `uv run marquee status`, `uv run --env-file .env dagster dev`.")


@app.command()
def status(
    films: Annotated[
        bool | None, typer.Option("--films/--no-films", help="A line per film.")
    ] = None,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Every reason below its asset, with the sum.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show films by asset and status, with reasons; exit status 1 where a sum is not the films."""
    from assets.cli.build import open_site
    from assets.cli.status_tables import print_status

    with open_site(settings_of()) as (run_context, _):
        raise typer.Exit(
            print_status(run_context, console, films=films, reasons=reasons, as_json=as_json)
        )


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Look at all that a build needs and say what to mend; exit status 1 if a thing is broken."""
    from assets.cli.doctor import examine, print_findings

    raise typer.Exit(print_findings(examine(settings_of()), console, as_json=as_json))


@app.command()
def retry(
    films: Films = "",
    asset: Annotated[str, typer.Option(help="Only this asset.")] = "",
    refused: Annotated[bool, typer.Option(help="Also films that were refused.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also films that are done: make them anew.")
    ] = False,
) -> None:
    """Make failed films due at once; `marquee build` then takes them up."""
    from assets.cli.build import open_site
    from assets.cli.retry import queue_for_retry

    with open_site(settings_of()) as (run_context, _):
        count = queue_for_retry(
            run_context, movies=ids_of(films), asset=asset, with_rejected=refused, with_done=again
        )
        console.print(f"{count} rows are due again. Run `uv run marquee build`.")


@app.command()
def studio(
    port: Annotated[int, typer.Option(help="0: any free port.")] = 0,
    catalogue: Annotated[
        str, typer.Option(help="`generated:<seed>:<size>` or `folder:<path>`.")
    ] = "",
) -> None:
    """Run the built-in film studio: TMDB, image host, IMDbPro and trailer host on loopback."""
    from resources.settings import DEMO_STUDIO
    from resources.studio.opening import serve_until_stopped

    wanted = catalogue or os.environ.get("MARQUEE_STUDIO") or DEMO_STUDIO
    serve_until_stopped(wanted, port=port, say=console.print)


app.command("import")(data.import_)
app.command()(data.export)
app.command()(data.evaluate)
app.command()(data.leaderboard)
app.command()(bench.bench)
app.command()(trailers12k_command.trailers12k)


if __name__ == "__main__":
    main()
