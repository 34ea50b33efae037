"""The command `predict`: ask the trained models about one film."""

import json
from collections.abc import Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer

from assets.cli.options import console, errors, settings_of
from pipeline.core.errors import InputError

LISTED = "Comma-separated."


def predict(
    tmdb: Annotated[
        int | None,
        typer.Option(help="TMDB id; a film that the store does not know is requested now."),
    ] = None,
    title: Annotated[str | None, typer.Option()] = None,
    plot: Annotated[str | None, typer.Option(help="The overview.")] = None,
    poster: Annotated[
        str | None, typer.Option(help="JPEG, PNG or WebP; a file or an http(s) address.")
    ] = None,
    trailer: Annotated[
        str | None, typer.Option(help="A video; a file, or an http(s) address for yt-dlp.")
    ] = None,
    budget: Annotated[float | None, typer.Option(help="US dollars.")] = None,
    release_date: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As 2027-05-01.")
    ] = None,
    runtime: Annotated[float | None, typer.Option(help="Minutes.")] = None,
    genres: Annotated[str | None, typer.Option(help=f"TMDB's names. {LISTED}")] = None,
    cast: Annotated[str | None, typer.Option(help=f"Names or TMDB ids. {LISTED}")] = None,
    crew: Annotated[
        list[str] | None, typer.Option(help="As `Director=Name`; may be repeated.")
    ] = None,
    companies: Annotated[str | None, typer.Option(help=f"Names or TMDB ids. {LISTED}")] = None,
    language: Annotated[str | None, typer.Option(help="Original language, as en.")] = None,
    countries: Annotated[str | None, typer.Option(help=f"As US. {LISTED}")] = None,
    certification: Annotated[str | None, typer.Option(help="As PG-13.")] = None,
    system: Annotated[
        list[str] | None, typer.Option(help="Only this system, as `revenue`; may be repeated.")
    ] = None,
    as_of: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="Leave out what was not known by this day."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Show each answer without each of the inputs.")
    ] = False,
    parts: Annotated[
        str | None,
        typer.Option(
            help="Show what words of the `plot`, areas of the `poster` and frames of the "
            f"`trailer` did; some seconds. {LISTED}"
        ),
    ] = None,
    comparable: Annotated[
        bool,
        typer.Option("--comparable", help="Show the films that are most like it, as of its day."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Predict for one film by the trained models of the store; what is not given is masked."""
    from pipeline.predict.inputs import MovieInputs

    given = {
        "tmdb_id": tmdb, "title": title, "plot": plot, "poster": poster,
        "trailer": trailer, "budget_usd": budget, "release_date": release_date,
        "runtime_min": runtime, "genres": _split(genres), "cast": _split(cast),
        "crew": _read_crew(crew or ()), "companies": _split(companies), "language": language,
        "countries": _split(countries), "certification": certification,
    }  # fmt: skip
    inputs = MovieInputs(**{name: value for name, value in given.items() if value is not None})

    from assets.predict.predictor import Predictor

    with _progress() as report, Predictor.open(settings_of(), report=report) as predictor:
        predictions = predictor.predict(
            inputs,
            tuple(system or ()),
            explain=explain,
            parts=_split(parts) or (),
            comparable=comparable,
            as_of=as_of.date() if as_of else None,
        )
    if as_json:
        typer.echo(json.dumps(predictions.as_json(), indent=1, ensure_ascii=False))
    else:
        from assets.cli.prediction_tables import print_predictions

        print_predictions(predictions, console)


@contextmanager
def _progress():
    """Show what is being done, on the terminal's error stream, until the answer is there."""
    with errors.status("loading the models") as status:
        yield status.update


def _split(text: str | None) -> list[str] | None:
    if text is None:
        return None
    return [part.strip() for part in text.split(",") if part.strip()]


def _read_crew(given: Sequence[str]) -> dict[str, Any] | None:
    """Read `Director=Name` into lists by job."""
    crew = dict[str, list[str]]()
    for one in given:
        job, separator, who = one.partition("=")
        if not separator or not who.strip():
            raise InputError("crew", f"got {one!r}", "JOB=NAME, as Director=James Cameron")
        crew.setdefault(job.strip(), []).append(who.strip())
    return crew or None
