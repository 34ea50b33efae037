"""The command `bench`."""

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from assets.cli.options import console


def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="`bookkeeping`, `crawl`, `posters`, `frames`, `audio`, `images`, `text`, `clips`, "
            "`end_to_end`, `heads`, `features`, `scale`, `systems`, `serve`, `explanations`, "
            "`cluster`."
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
    seeds: Annotated[
        int | None, typer.Option(min=1, help="systems: number of seeds (3), from --seed on.")
    ] = None,
    ablations: Annotated[
        bool, typer.Option("--ablations", help="systems: also boosting without each new input.")
    ] = False,
    beside: Annotated[
        Path | None,
        typer.Option(help="scale: another checkout, with its own .venv, measured beside this one."),
    ] = None,
    database: Annotated[
        str | None, typer.Option(help="scale: `sqlite` or `postgres` (Debian's server).")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="systems: also transformers.")] = False,
) -> None:
    """Benchmark against a named peer in one run. Exit status 1 if a target is missed."""
    _find_benchmarks()
    from benchmarks.report import print_rows

    given = {
        "films": films, "rate": rate, "files": files or None, "data": data, "seed": seed,
        "seeds": seeds, "ablations": ablations or None, "full": full or None,
        "beside": beside, "database": database,
    }  # fmt: skip
    if name not in BENCHES:
        raise typer.BadParameter(f"there is no benchmark {name!r}; there are {', '.join(BENCHES)}")
    wanted = {option: value for option, value in given.items() if value is not None}
    if unknown := wanted.keys() - BENCHES[name].keys():
        raise typer.BadParameter(f"benchmark {name} takes no {', '.join(sorted(unknown))}")
    measure = TOGETHER.get(name) or import_module(f"benchmarks.{name}").measure
    rows = measure(**{BENCHES[name][option]: value for option, value in wanted.items()})
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


def _frames(files: Sequence[Path] = ()) -> Sequence:
    from benchmarks import frames, frames_worth

    return [*frames.measure(files), *frames_worth.measure()]


def _systems(
    data: Path | None = None,
    seed: int | None = None,
    **more: Any,
) -> Sequence:
    from benchmarks import systems, systems_posters

    place, number = data or systems.DATA, systems.SEED if seed is None else seed
    rows = systems.measure(place, number, **more)
    # a few movies do not have ten genres
    return rows if more.get("films") else [*rows, *systems_posters.measure(place, number)]


TOGETHER = {"frames": _frames, "systems": _systems}
"""Benchmarks of more than the module of their name."""

BENCHES: Mapping[str, Mapping[str, str]] = {
    "bookkeeping": {},
    "crawl": {"films": "movies", "rate": "requests_per_s"},
    "posters": {"films": "images"},
    "frames": {"files": "files"},
    "audio": {"files": "files"},
    "images": {},
    "text": {},
    "clips": {},
    "end_to_end": {},
    "heads": {"films": "films"},
    "features": {"films": "films"},
    "serve": {},
    "cluster": {"films": "movies"},
    "explanations": {},
    "scale": {"films": "movies", "beside": "beside", "database": "database"},
    "systems": {
        "data": "data",
        "seed": "seed",
        "seeds": "seeds",
        "films": "films",
        "full": "full",
        "ablations": "ablations",
    },
}
"""What can be measured, by the name of its module: the options that it takes, and as what."""
