"""The command `bench`."""

import os
import sys
from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from typing import Annotated

import typer

from assets.cli.options import console


def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="`bookkeeping`, `crawl`, `posters`, `frames`, `audio`, `images`, `text`, `clips`, "
            "`end_to_end`, `heads`, `systems`."
        ),
    ],
    files: Annotated[
        list[Path] | None, typer.Argument(help="frames, audio: further videos.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as the last line.")] = (
        False
    ),
    films: Annotated[
        int | None, typer.Option(min=1, help="Number of movies, where there is one.")
    ] = None,
    rate: Annotated[float | None, typer.Option(min=0.1, help="crawl: requests per second.")] = None,
    data: Annotated[Path | None, typer.Option(help="systems: folder of public dumps.")] = None,
    seed: Annotated[int | None, typer.Option(help="systems: random seed.")] = None,
) -> None:
    """Benchmark against a named peer in one run. Exit status 1 if a target is missed."""
    _find_benchmarks()
    from benchmarks.report import print_rows

    given = {"films": films, "rate": rate, "files": files or None, "data": data, "seed": seed}
    if name not in BENCHES:
        raise typer.BadParameter(f"there is no benchmark {name!r}; there are {', '.join(BENCHES)}")
    wanted = {option: value for option, value in given.items() if value is not None}
    if unknown := set(wanted) - set(signature(BENCHES[name]).parameters):
        raise typer.BadParameter(f"benchmark {name} takes no {', '.join(sorted(unknown))}")
    rows = BENCHES[name](**wanted)
    raise typer.Exit(print_rows(name, rows, as_json=as_json, console=console))


def _find_benchmarks() -> None:
    """Make the benchmarks importable, here and in processes that they start.

    Raises:
        typer.BadParameter: This is no checkout: benchmarks are not installed with the package.
    """
    folder = Path(__file__).parents[2] / "tests"
    if not (folder / "benchmarks" / "report.py").exists():
        raise typer.BadParameter(
            "benchmarks come with a checkout of marquee, not with the package: "
            "clone the repository and run `uv run marquee bench` there."
        )
    sys.path.insert(0, str(folder))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [str(folder), os.environ.get("PYTHONPATH")])
    )


def _bookkeeping() -> Sequence:
    from benchmarks.bookkeeping import measure

    return measure()


def _crawl(films: int = 36_000, rate: float | None = None) -> Sequence:
    from benchmarks.crawl import measure

    return measure(films) if rate is None else measure(films, requests_per_s=rate)


def _posters(films: int | None = None) -> Sequence:
    from benchmarks.posters import measure

    return measure() if films is None else measure(films)


def _frames(files: Sequence[Path] = ()) -> Sequence:
    from benchmarks import frames, frames_worth

    return [*frames.measure(files), *frames_worth.measure()]


def _audio(files: Sequence[Path] = ()) -> Sequence:
    from benchmarks.audio import measure

    return measure(files)


def _images() -> Sequence:
    from benchmarks.images import measure

    return measure()


def _text() -> Sequence:
    from benchmarks.text import measure

    return measure()


def _clips() -> Sequence:
    from benchmarks.clips import measure

    return measure()


def _end_to_end() -> Sequence:
    from benchmarks.end_to_end import measure

    return measure()


def _heads(films: int | None = None) -> Sequence:
    from benchmarks.heads import measure

    return measure() if films is None else measure(films)


def _systems(
    data: Path | None = None, seed: int | None = None, films: int | None = None
) -> Sequence:
    from benchmarks import systems, systems_posters

    place, number = data or systems.DATA, systems.SEED if seed is None else seed
    rows = systems.measure(place, number, films=films)
    # a few movies do not have ten genres
    return rows if films else [*rows, *systems_posters.measure(place, number)]


BENCHES: dict[str, Callable[..., Sequence]] = {
    "bookkeeping": _bookkeeping,
    "crawl": _crawl,
    "posters": _posters,
    "frames": _frames,
    "audio": _audio,
    "images": _images,
    "text": _text,
    "clips": _clips,
    "end_to_end": _end_to_end,
    "heads": _heads,
    "systems": _systems,
}
"""What can be measured, by name."""
