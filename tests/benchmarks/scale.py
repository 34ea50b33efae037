"""What 36,000 films cost: bookkeeping, Dagster's home, and the commands that find nothing to do.

Every figure is of processes of their own. Beside it stand the same figures of another checkout of
marquee, where one is given (`--beside FOLDER`, with an environment of its own in `.venv`), on the
same machine and studio: each command is run on both, one after the other, up to three times, and
the quickest run counts. Media are not fetched or decoded; see `benchmarks.scale_side` for what is.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from benchmarks.report import BenchRow
from benchmarks.studio_process import order, run_studio
from resources.settings import ENVIRONMENT

MOVIES = 36_000
"""Films, about as many as the published catalogue's 35,794."""

CHANGED = 71
"""Films that change in a night: TMDB's share of a catalogue of this size."""

CPU_RATIO = {"sqlite": 0.5, "postgres": 0.4}
HOME_KB = 3.0
RUNS, RUNS_UP_TO = 3, 5_000
"""Runs of each command, up to so many films; one beyond."""

MOVIE_STAGES = "crawl,media,frames,embeddings"
SIDE = Path(__file__).parent / "scale_side.py"
ROWS = (
    ("status", "`status`", ("status", "--no-films"), 2.0, None),
    ("films", "`status --films`", ("status", "--films"), 6.0, 150.0),
    ("idle", "build with nothing due", ("build",), 5.0, 250.0),
    ("tick", "sensor tick with nothing due", (), 5.0, 250.0),
    ("night", f"a night with {CHANGED} changed films, media excluded",
     ("build", "--stages", "crawl"), 12.0, None),
)  # fmt: skip
"""What is run: key, name, command, target of seconds, target of megabytes."""


@dataclass(frozen=True)
class Took:
    """What a process took.

    Attributes:
        wall_s, cpu_s: Seconds.
        peak_mb: Most resident memory, in MB.
        output: What it printed.
    """

    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str = field(repr=False)


@dataclass(frozen=True)
class Side:
    """A checkout and the folder that it works in."""

    checkout: Path | None
    folder: Path
    environment: dict[str, str]

    @property
    def programs(self) -> Path:
        """The folder of its Python."""
        return self.checkout / ".venv" / "bin" if self.checkout else Path(sys.executable).parent

    def python(self, command: str) -> Took:
        """Run one command of `scale_side`."""
        return self._run([self.programs / "python", SIDE, command])

    def marquee(self, *arguments: str) -> Took:
        """Run one command of marquee's."""
        return self._run([self.programs / "marquee", *arguments])

    def _run(self, command: list) -> Took:
        began_s = time.perf_counter()
        with (self.folder / "log").open("w+") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=self.folder, stdout=log, stderr=log
            )
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            log.seek(0)
            output = log.read()
        if process.returncode:
            raise RuntimeError(f"{' '.join(map(str, command))} failed: {output[-2000:]}")
        wall_s = time.perf_counter() - began_s
        return Took(wall_s, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output)


def measure(
    movies: int = MOVIES, beside: Path | None = None, database: str = "sqlite"
) -> list[BenchRow]:
    """Measure this checkout, and another one beside it.

    Args:
        movies: Films in the studio.
        beside: Another checkout, with an environment of its own in `.venv`.
        database: `sqlite`, or `postgres`: Debian's server, which is started for it.
    """
    checkouts = [None, beside.absolute()] if beside else [None]
    with ExitStack() as stack:
        name = stack.enter_context(TemporaryDirectory(prefix="marquee-bench-"))
        urls = stack.enter_context(run_studio(movies))
        sides = [
            stack.enter_context(_open(checkout, Path(name) / f"side{number}", urls, database))
            for number, checkout in enumerate(checkouts)
        ]
        found = [_fill(side, movies) for side in sides]
        for key, _, command, *_ in ROWS:
            for _ in range(RUNS if movies <= RUNS_UP_TO else 1):
                for side, figures in zip(sides, found, strict=True):
                    _run(side, key, command, urls, figures)
    return _rows(movies, database, found[0], found[1] if beside else {})


@contextmanager
def _open(
    checkout: Path | None, folder: Path, urls: dict[str, str], database: str
) -> Iterator[Side]:
    (folder / "home").mkdir(parents=True)
    own = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT.values()}
    own.pop("PYTHONPATH", None)
    environment = {
        **own, **urls,
        "MARQUEE_STORE": str(folder / "store"),
        "MARQUEE_REQUESTS_PER_S": "1000",
        "MARQUEE_PRESET": "small" if _is_old(checkout) else "random",  # eleven assets in both
        "DAGSTER_HOME": str(folder / "home"),
        "COLUMNS": "100",
    }  # fmt: skip
    settings = "telemetry: {enabled: false}\nnux: {enabled: false}\n"
    with ExitStack() as stack:
        if database == "postgres":
            url = stack.enter_context(_postgres(folder / "server"))
            driver = "postgresql+psycopg2" if _is_old(checkout) else "postgresql+psycopg"
            environment |= {
                "MARQUEE_LEDGER": url.replace("postgresql", driver, 1),
                "SCALE_DATABASE": url,
            }
            address = url.replace("postgresql", "postgresql+psycopg2", 1)  # Dagster's own driver
            settings += f"storage: {{postgres: {{postgres_url: '{address}'}}}}\n"
        (folder / "home" / "dagster.yaml").write_text(settings)
        yield Side(checkout, folder, environment)


def _is_old(checkout: Path | None) -> bool:
    return checkout is not None and not (checkout / "assets" / "orchestration").is_dir()


@contextmanager
def _postgres(folder: Path) -> Iterator[str]:
    sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
    from servers import postgres

    with postgres(folder) as url:
        yield url


def _fill(side: Side, movies: int) -> dict[str, float]:
    filled = json.loads(side.python("fill").output.splitlines()[-1])
    assert filled["movies"] == movies, filled
    events = movies * filled["assets"]
    print(f"{side.checkout or 'here'}: filled in {filled['wall_s']:.1f} s", file=sys.stderr)
    return {
        "cpu": 1000 * filled["cpu_s"] / events,
        "wall": 1000 * filled["wall_s"] / events,
        "peak": filled["peak_mb"],
        "home": _home_bytes(side) / events / 1024,
    }


def _run(
    side: Side, key: str, command: tuple[str, ...], urls: dict[str, str], found: dict[str, float]
) -> None:
    """Run a command once; keep what it took, if that was less than before."""
    if key == "night":
        _change(side, urls)
    took = side.marquee(*command) if command else side.python("tick")
    print(f"{side.checkout or 'here'}: {key} {took.wall_s:.1f} s", file=sys.stderr)
    if took.wall_s < found.get(key, took.wall_s + 1):
        found |= {key: took.wall_s, f"{key}_mb": took.peak_mb, f"{key}_cpu": took.cpu_s}


def _change(side: Side, urls: dict[str, str]) -> None:
    studio = urls["TMDB_API_URL"].removesuffix("/3")
    ids = sorted(int(path.stem) for path in (side.folder / "store" / "movies").glob("*.json"))
    step = max(len(ids) // CHANGED, 1)
    for tmdb_id in ids[::step][:CHANGED]:
        wish = {"tmdb_id": tmdb_id, "set": {"tagline": f"Changed {time.time()}."}}
        order(studio, "_edit", wish)
    requests.delete(f"{studio}/_stats", timeout=30)


def _home_bytes(side: Side) -> int:
    """Return what Dagster keeps, on disk or in its tables, after what is written ahead is in."""
    if url := side.environment.get("SCALE_DATABASE"):
        import sqlalchemy as sa

        engine = sa.create_engine(url.replace("postgresql", "postgresql+psycopg", 1))
        size = sa.text(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND "
            "relnamespace = 'public'::regnamespace "
            "AND relname NOT IN ('ledger', 'movies', 'notes', 'leases')"
        )
        with engine.connect() as connection:
            return int(connection.execute(size).scalar_one())
    return sum(path.stat().st_size for path in (side.folder / "home").rglob("*") if path.is_file())


def _rows(
    movies: int, database: str, ours: dict[str, float], peer: dict[str, float]
) -> list[BenchRow]:
    beside = "the checkout beside" if peer else "none"

    def row(
        name: str, key: str, unit: str, limit: float | None = None, target: float | None = None
    ) -> BenchRow:
        return BenchRow(
            name, ours[key], unit, beside, peer.get(key),
            target=target if peer else None, limit=limit,
        )  # fmt: skip

    found = [
        row(f"CPU per film and asset, {movies} films, {database}", "cpu", "ms",
            target=CPU_RATIO[database]),
        row("wall per film and asset", "wall", "ms"),
        row("peak memory of the bookkeeping", "peak", "MB"),
        row("Dagster's home per film and asset", "home", "kB", HOME_KB),
    ]  # fmt: skip
    for key, name, _, seconds, megabytes in ROWS:
        found.append(row(name, key, "s", seconds))
        found.append(row(f"{name}: CPU", f"{key}_cpu", "s"))
        found.append(row(f"{name}: memory", f"{key}_mb", "MB", megabytes))
    return found
