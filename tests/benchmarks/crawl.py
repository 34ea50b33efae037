"""How fast and in how little memory films are crawled, and what a quiet night asks for.

The studio runs in a process of its own and answers after `latency_s`. The crawl runs in another:
the jobs `crawl` and `movies` as `marquee build` runs them, in ranges of 500 films, with Dagster's
events, store and ledger; of the job `movies` only `movie_records`, the one asset that asks TMDB.
What it did is read from outside: from the ledger's own times, the studio's counts and the system's
figure of its memory.

The limiter is set to 100 requests per second by default, not to the product's 20: so 36,000 films
take seven minutes instead of thirty, and the figure says that five times the product's own pace can
be kept. What limits beyond that is Dagster's own store of events, which takes some 5 ms of a core
for each film. One pass over so many films is its own repetition; nothing is run five times.
"""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from benchmarks.report import BenchRow
from benchmarks.studio_process import order, run_studio
from pipeline.core.staleness import RECORDS
from resources.http.pacing import RateLimiter
from resources.settings import ENVIRONMENT
from resources.sources.tmdb_parts import APPENDED

CHANGED = 200
WORKERS = 16
"""Threads of `movie_records`, and of the peer."""
PEER_MOVIES = 2000
FEW_MOVIES = 1000
MIN_SHARE_OF_LIMIT = 0.80
MAX_GROWTH_MB = 50.0
MAX_REQUEST_RATIO = 1.10
CHANGES_PER_PAGE = 100
SAMPLE_EVERY_S = 0.5


@dataclass(frozen=True)
class _Crawled:
    """What one crawl did: films kept per second, and the memory of its process in MB."""

    films: int
    films_per_s: float
    few_mb: float
    most_mb: float


def measure(
    movies: int = 36_000, requests_per_s: float = 75.0, latency_s: float = 0.005
) -> list[BenchRow]:
    """Crawl a whole catalogue, then a night's changes.

    Args:
        movies: Films in the studio.
        requests_per_s: The limiter, ours and the peer's.
        latency_s: Before every answer of the studio.
    """
    with TemporaryDirectory(prefix="marquee-bench-") as name, run_studio(movies) as urls:
        folder = Path(name)
        studio = urls["TMDB_API_URL"].removesuffix("/3")
        order(studio, "_faults", {"path": "/3/", "delay_s": latency_s})
        environment = _environment(folder, urls, requests_per_s)
        first = _crawl(folder, environment)
        plain_per_s = _crawl_plainly(folder, urls, min(movies, PEER_MOVIES), requests_per_s)
        changed = min(CHANGED, movies)
        asked = _crawl_night(folder, environment, studio, changed)
    return _rows(movies, first, plain_per_s, requests_per_s, changed, asked)


def _rows(
    movies: int, first: _Crawled, plain_per_s: float, limit: float, changed: int, asked: int
) -> list[BenchRow]:
    lost = (
        "" if first.films == movies else f"only {first.films} of {movies} films are in the ledger"
    )
    per_s = None if lost else first.films_per_s
    few = min(FEW_MOVIES, movies)
    needed = changed + -(-changed // CHANGES_PER_PAGE)
    plain = f"requests-session-{WORKERS}-threads-{min(movies, PEER_MOVIES)}-films-no-ledger"
    return [
        BenchRow(
            f"records of {movies} films, kept and in the ledger", per_s, "films/s",
            "what the limiter allows", limit,
            target=MIN_SHARE_OF_LIMIT, better="higher",
        ),
        BenchRow(
            f"records of {movies} films against a plain loop", per_s, "films/s",
            plain, plain_per_s, target=None, better="higher",
        ),
        BenchRow(
            f"memory gained from film {few} to film {movies}", first.most_mb - first.few_mb, "MB",
            f"memory at film {few}", first.few_mb, target=None, limit=MAX_GROWTH_MB,
        ),
        BenchRow(
            f"requests of a night: {movies} films known, {changed} changed", float(asked),
            "requests", "the list of changes and one request for each", float(needed),
            target=MAX_REQUEST_RATIO,
        ),
    ]  # fmt: skip


def _environment(folder: Path, urls: dict[str, str], requests_per_s: float) -> dict[str, str]:
    """Return a crawl's environment: this process's without a setting of the user's own."""
    own = {name: value for name, value in os.environ.items() if name not in ENVIRONMENT.values()}
    return {
        **own,
        **{name: value for name, value in urls.items() if name.startswith("TMDB_")},
        "MARQUEE_STORE": str(folder / "store"),
        "MARQUEE_REQUESTS_PER_S": str(requests_per_s),
        "DAGSTER_HOME": str(folder / "home"),
    }


# -- ours ------------------------------------------------------------------------------------------


def _crawl(folder: Path, environment: dict[str, str]) -> _Crawled:
    """Crawl all films; watch the memory of the process from outside."""
    samples: list[tuple[int, float]] = []
    with _crawling(folder, environment) as process:
        while process.poll() is None:
            time.sleep(SAMPLE_EVERY_S)
            if memory_mb := _memory_mb(process.pid):
                samples.append((_count(folder), memory_mb))
    films, seconds, first = _timing(folder)
    later = [mb for count, mb in samples if count >= min(FEW_MOVIES, films)] or [0.0]
    return _Crawled(films, (films - first) / max(seconds, 1e-9), later[0], max(later))


@contextmanager
def _crawling(folder: Path, environment: dict[str, str]) -> Iterator[subprocess.Popen]:
    """Run one crawl in a process of its own, in its own folder; it must succeed."""
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.crawl_site"],
            env=environment, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            yield process
            process.wait()
        finally:
            process.kill()
            process.wait()
        if process.returncode:
            log.seek(0)
            raise RuntimeError(f"the crawl failed: {log.read()[-2000:]}")


def _crawl_night(folder: Path, environment: dict[str, str], studio: str, changed: int) -> int:
    """Change films, crawl again, and give the number of requests that the studio saw."""
    known = [row[0] for row in _query(folder, "SELECT tmdb_id FROM movies ORDER BY tmdb_id")]
    for tmdb_id in known[:: len(known) // changed][:changed]:
        order(studio, "_edit", {"tmdb_id": tmdb_id, "set": {"tagline": "Changed by night."}})
    requests.delete(f"{studio}/_stats", timeout=30)
    with _crawling(folder, environment):
        pass
    return requests.get(f"{studio}/_stats", timeout=30).json()["total"]


def _query(folder: Path, statement: str, *values: object) -> list[tuple]:
    place = f"file:{folder / 'store' / 'ledger.sqlite'}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, timeout=60)) as connection:
        return connection.execute(statement, values).fetchall()


def _count(folder: Path) -> int:
    try:
        return _query(folder, "SELECT count(*) FROM ledger WHERE status != ''")[0][0]
    except sqlite3.OperationalError:  # not there yet
        return 0


def _timing(folder: Path) -> tuple[int, float, int]:
    """Return films that are ok, the seconds from first to last batch, and the first one's size."""
    times = [
        row[0]
        for row in _query(
            folder,
            "SELECT updated_s FROM ledger WHERE asset = ? AND status = 'ok' ORDER BY updated_s",
            RECORDS,
        )
    ]
    if not times:
        return 0, 0.0, 0
    return len(times), times[-1] - times[0], times.count(times[0])


def _memory_mb(pid: int) -> float | None:
    """Return the resident memory of a process; None when it is gone."""
    figures = Path(f"/proc/{pid}/statm")
    if figures.parent.parent.is_dir():
        try:
            return int(figures.read_text().split()[1]) * resource.getpagesize() / 2**20
        except OSError:
            return None
    asked = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return int(asked.stdout) / 1024 if asked.stdout.strip() else None


# -- the peer --------------------------------------------------------------------------------------


def _crawl_plainly(folder: Path, urls: dict[str, str], movies: int, rate_per_s: float) -> float:
    """Return the films per second of a loop that writes each answer to a file and does no more."""
    ids = [row[0] for row in _query(folder, "SELECT tmdb_id FROM movies LIMIT ?", movies)]
    place = folder / "plain"
    place.mkdir()
    params = {"api_key": urls["TMDB_API_KEY"], "append_to_response": ",".join(APPENDED)}
    pace = RateLimiter(rate_per_s)
    with requests.Session() as session:
        session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=WORKERS))

        def fetch(tmdb_id: int) -> None:
            pace.wait()
            url = f"{urls['TMDB_API_URL']}/movie/{tmdb_id}"
            answer = session.get(url, params=params, timeout=20)
            (place / f"{tmdb_id}.json").write_text(json.dumps(answer.json()), encoding="utf-8")

        began_s = time.perf_counter()
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(fetch, ids))
        return len(ids) / (time.perf_counter() - began_s)
