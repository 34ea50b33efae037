"""The command `marquee`."""

import io
import logging
import os
import sys
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated

import typer
from rich.markup import escape

from assets.cli import (
    bench,
    data_commands,
    model_commands,
    models,
    operations,
    predict,
    serve,
    up,
)
from assets.cli.options import Films, Preset, console, errors, ids_of, settings_of

app = typer.Typer(
    name="marquee",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Build models of movies from a list of TMDB ids: crawl, download, embed, train, evaluate. "
        "Without TMDB_API_KEY and MARQUEE_SOURCE everything runs on the built-in studio, a "
        "simulator with synthetic movies."
    ),
)
STAGES_HELP = (
    "Only these stages, comma-separated: crawl, media, frames, embeddings, splits, models, "
    "evaluation."
)
INTERRUPTED = 130
"""Exit status after Ctrl-C, as shells and typer have it."""

INVALID = 2
"""Exit status of an invalid value, on the command line or in a variable; other errors have 1."""


def run() -> None:
    """Run the command; print an error of marquee as one message, without a traceback."""
    from pipeline.core.errors import ConfigurationError, MarqueeError
    from resources.http.redaction import redact
    from resources.storage.drivers import responding
    from resources.structured_log import open_handler

    replace_unprintable_signs()
    for noisy in ("httpx", "urllib3", "alembic", "lightning", "asyncio", "botocore", "aiobotocore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        form = os.environ.get("MARQUEE_LOG", "")
        logging.basicConfig(level=logging.INFO, handlers=[open_handler(form)])
        with responding():
            app()
    except MarqueeError as error:
        if os.environ.get("MARQUEE_LOG") == "json":
            logging.getLogger("marquee").error("%s", error)  # noqa: TRY400  # the message says it all
        else:
            message = escape(redact(str(error)))  # square brackets are no markup
            errors.print(
                f"[bold red]marquee:[/] {message}", highlight=False, soft_wrap=True, emoji=False
            )
        sys.exit(INVALID if isinstance(error, ConfigurationError) else 1)
    except (KeyboardInterrupt, SystemExit) as error:
        if isinstance(error, SystemExit) and error.code != INTERRUPTED:
            raise
        errors.print("\nStopped. Finished work is kept; the same command resumes here.")
        sys.exit(INTERRUPTED)


def replace_unprintable_signs() -> None:
    """Print `?` for a sign that the terminal's or the pipe's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _print_version(is_asked: bool) -> None:
    if is_asked:
        from importlib.metadata import version

        console.print(f"marquee {version('marquee')}", highlight=False)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_print_version, help="Show the version and exit."
        ),
    ] = False,
) -> None: ...


@app.command()
def build(
    films: Films = "",
    since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d", "%Y-%m", "%Y"],
            help="Only movies released on or after this day, month or year.",
        ),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Maximum number of movies.")] = None,
    stages: Annotated[str, typer.Option(help=STAGES_HELP)] = "",
    range_movies: Annotated[
        int, typer.Option("--range-films", min=1, help="Movies per Dagster run.")
    ] = 500,
    preset: Preset = "",
) -> None:
    """Bring everything up to date: crawl, download, embed, split, train, evaluate."""
    from assets.cli.build import STAGES, Request, open_site
    from assets.cli.build import build as run

    request = Request(
        movies=ids_of(films),
        since=since.date() if since else None,
        limit=limit,
        stages=tuple(s.strip() for s in stages.split(",")) if stages else STAGES,
        range_movies=range_movies,
    )
    with open_site(settings_of(preset)) as (run_context, instance):
        count = run(run_context, instance, request)
        rest = "others were not selected" if request.is_partial else "all others are up to date"
        console.print(f"{count} movies processed; {rest}." if count else "No movie was stale.")
        if run_context.source.is_imports and not run_context.ledger.movies():
            console.print("No movie is known: `uv run marquee import kinds` lists the dumps.")


@app.command()
def demo(
    full: Annotated[
        bool, typer.Option("--full", help="Train every variant; it takes much longer.")
    ] = False,
) -> None:
    """Build everything on the built-in studio's synthetic movies; print the scores."""
    from assets.cli.demo import run_demo

    run_demo(console, settings_of(), full=full)


@app.command()
def status(
    films: Annotated[bool, typer.Option("--films/--no-films", help="A line per movie.")] = False,
    reasons: Annotated[
        bool, typer.Option("--reasons", help="Every reason below its asset.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Show movies by asset and status. Exit status 1 if an asset does not add up."""
    from assets.cli.status_tables import print_status
    from resources.run_context import open_stored

    with open_stored(settings_of()) as run_context:
        raise typer.Exit(
            print_status(run_context, console, films=films, reasons=reasons, as_json=as_json)
        )


@app.command()
def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check everything that a build needs. Exit status 1 if something is broken."""
    from assets.cli.doctor import examine, print_findings

    raise typer.Exit(print_findings(examine(settings_of()), console, as_json=as_json))


@app.command()
def verify(
    content: Annotated[
        bool, typer.Option("--content", help="Read every file and compare its hash.")
    ] = False,
    repair: Annotated[
        bool, typer.Option("--repair", help="Queue what is missing; restore lost rows.")
    ] = False,
) -> None:
    """Compare ledger and store. Exit status 1 if they do not agree."""
    from assets.cli.verify import verify as run
    from resources.run_context import open_stored
    from resources.storage.lock import exclusive

    with open_stored(settings_of()) as run_context, ExitStack() as stack:
        if repair:
            stack.enter_context(exclusive(run_context.store, run_context.ledger))
        raise typer.Exit(run(run_context, console, with_content=content, with_repair=repair))


@app.command()
def retry(
    films: Films = "",
    asset: Annotated[str, typer.Option(help="Only this asset.")] = "",
    refused: Annotated[bool, typer.Option(help="Also rejected movies.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Also finished movies: recompute them.")
    ] = False,
) -> None:
    """Queue failed movies for retry in the next `marquee build`."""
    from assets.cli.retry import queue_for_retry
    from resources.run_context import open_stored

    with open_stored(settings_of()) as run_context:
        count = queue_for_retry(
            run_context, movies=ids_of(films), asset=asset, with_rejected=refused, with_done=again
        )
        console.print(f"{count} rows are queued for retry. Run `uv run marquee build`.")


@app.command()
def prune(
    days: Annotated[
        float | None,
        typer.Option(min=0.001, help="What is younger stays. Default: MARQUEE_HISTORY_DAYS, 90."),
    ] = None,
) -> None:
    """Delete old history of Dagster's: replaced events of movies, and the logs of old runs."""
    from assets.cli.prune import prune as run

    raise typer.Exit(run(settings_of(), console, days=days))


@app.command()
def studio(
    port: Annotated[int, typer.Option(help="0 for any free port.")] = 0,
    catalogue: Annotated[
        str, typer.Option(help="`generated:<seed>:<size>` or `folder:<path>`.")
    ] = "",
) -> None:
    """Run the built-in studio: a simulator of TMDB, IMDbPro, image and trailer hosts."""
    from resources.settings import DEMO_STUDIO
    from resources.studio.opening import serve_until_stopped

    wanted = catalogue or os.environ.get("MARQUEE_STUDIO") or DEMO_STUDIO
    serve_until_stopped(wanted, port=port, say=console.print)


app.command()(operations.backup)
app.command()(operations.restore)
app.command()(operations.migrate)
app.command()(operations.metrics)
app.command("import")(data_commands.import_)
app.command()(data_commands.export)
app.command()(predict.predict)
app.command()(serve.serve)
app.add_typer(models.app, name="models")
app.command()(model_commands.evaluate)
app.command()(model_commands.leaderboard)
app.command()(bench.bench)
app.command()(up.up)
app.command()(model_commands.trailers12k)
