"""What answers cost: a load generator asks `marquee serve` over loopback, in one run.

The server is a process of its own, on the store of the settings, which must be built. What it costs
to be asked at all is the peer: the same server's `/healthz`.
"""

import base64
import http.client
import json
import os
import queue
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.report import BenchRow
from benchmarks.video_files import DURATION_S, SIZES, generated_trailer

HEALTH = "the same server's /healthz"
REQUESTS, WARM_REQUESTS = 20_000, 2_000
CLIENTS, POSTERS = 4, 21
DESCRIBED_EVERY = 20
"""Of so many requests one describes a film, which nothing remembers."""

START_S, STORED_S, STORED_P99_S, PER_S = 6.0, 0.030, 0.150, 100.0
PLOT_S, POSTER_S, TRAILER_S, PAGE_KB = 0.060, 0.200, 4.0, 200.0
"""Targets on two cores with the preset `small`."""

MAX_GROWTH = 1.05
"""Memory after all requests, over that after `WARM_REQUESTS`."""

START_TIMEOUT_S = 120

PLOT = "A thief robs one last bank, and her sister, who is a detective, comes back to the island."


@dataclass(frozen=True)
class Server:
    """The process that answers.

    Attributes:
        process_id: Its number.
        port: Where it listens.
        start_s: From its start until it answered.
    """

    process_id: int
    port: int
    start_s: float

    def resident_mb(self) -> float:
        """Return its memory."""
        lines = Path(f"/proc/{self.process_id}/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


class Client:
    """Asks on one connection that stays open."""

    def __init__(self, port: int):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def ask(self, path: str, values: Any = None) -> bytes:
        """Return the body of an answer; POST where there are values.

        Raises:
            RuntimeError: It was not answered.
        """
        body = None if values is None else json.dumps(values)
        self._connection.request("GET" if values is None else "POST", path, body)
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")
        return content


def measure(requests: int = REQUESTS) -> list[BenchRow]:
    """Measure a server from its start to its last request, and a trailer in this process.

    Args:
        requests: In the run that watches memory.
    """
    films, posters = _read_store()
    with run_server() as server:
        client = Client(server.port)
        client.ask(f"/films/{films[0]}")  # loads the models
        client.ask("/predict", {"plot": PLOT, "poster_base64": posters.pop()})
        healths = _times(client, [("/healthz", None)] * 200)
        health_s = statistics.median(healths)
        row = partial(_row, health_s=health_s)
        stored = [(f"/films/{one}", None) for one in films[1:]]
        first, again = _times(client, stored), _times(client, stored * 3)
        described = [{"plot": f"{PLOT} Part {k}.", "budget_usd": 1e7 + k} for k in range(50)]
        plots = _times(client, [("/predict", values) for values in described])
        budgets = [("/predict", {"plot": PLOT, "budget_usd": 2e7 + k}) for k in range(50)]
        plots_again = _times(client, budgets)
        pictures = _times(client, [("/predict", {"poster_base64": one}) for one in posters])
        page_kb = _page_kb(client)
        rate = _rate(server, films, 2_000)
        warm_mb, late_mb = _watch_memory(server, films, requests)
    blank_s = _blank_start_s()
    return [
        row("stored features, asked for the first time, p50", _p(first, 50), STORED_S),
        row("stored features, asked for the first time, p99", _p(first, 99), STORED_P99_S),
        row("stored features, asked again, p50", _p(again, 50), STORED_S),
        row("stored features, asked again, p99", _p(again, 99), STORED_P99_S),
        BenchRow(f"stored features, {CLIENTS} clients", rate, "requests/s", HEALTH,
                 1 / health_s, None, PER_S, better="higher"),
        row("plot and budget, p50", _p(plots, 50), PLOT_S),
        row("the same plot, another budget, p50", _p(plots_again, 50), PLOT_S),
        row("a poster, p50", _p(pictures, 50), POSTER_S),
        BenchRow(f"a trailer of {DURATION_S} s, {SIZES[1].name}, on disk", _trailer_s(), "s",
                 "its length", DURATION_S, None, TRAILER_S),
        BenchRow("start until it answers", server.start_s, "s", "Python with torch and pandas",
                 blank_s, None, START_S),
        BenchRow(f"memory after {requests:,} requests", late_mb, "MB",
                 f"after {WARM_REQUESTS:,}", warm_mb, MAX_GROWTH),
        BenchRow("the page without pictures", page_kb, "kB", "allowed", PAGE_KB, 1.0),
    ]  # fmt: skip


def _row(name: str, ours_s: float, limit_s: float, health_s: float) -> BenchRow:
    return BenchRow(name, 1000 * ours_s, "ms", HEALTH, 1000 * health_s, None, 1000 * limit_s)


def _p(times_s: Sequence[float], percent: int) -> float:
    return statistics.quantiles(times_s, n=100, method="inclusive")[percent - 1]


def _read_store() -> tuple[list[int], list[str]]:
    """Return the ids of the store's films, and posters in base64."""
    from assets.splits.features import load_features
    from resources.run_context import open_stored
    from resources.settings import read_environment

    with open_stored(read_environment()) as run_context:
        films = load_features(run_context).table["tmdb_id"].tolist()
        files = islice(run_context.store.folder("posters").glob("*.jpg"), POSTERS)
        return films, [base64.b64encode(file.read_bytes()).decode() for file in files]


@contextmanager
def run_server() -> Iterator[Server]:
    """Run `marquee serve` without a limit of requests that would matter here.

    Raises:
        RuntimeError: It did not start.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "assets.cli", "serve", "--port", str(port)]
    began_s = time.monotonic()
    process = subprocess.Popen(
        [*command, "--requests-per-minute", "10000000"], stdout=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "MARQUEE_API_KEY"},
    )  # fmt: skip
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - began_s > START_TIMEOUT_S:
                raise RuntimeError("`marquee serve` did not start")
            time.sleep(0.02)
        yield Server(process.pid, port, time.monotonic() - began_s)
    finally:
        process.terminate()
        process.wait(20)


def _page_kb(client: Client) -> float:
    """Return the size of the page and of the style and scripts that it loads, in kB."""
    from assets.serve.page_files import FOLDER, PAGE

    files = [f"/static/{one.name}" for one in FOLDER.iterdir() if one != PAGE]
    return sum(len(client.ask(path)) for path in ["/", *files]) / 1000


def _answers(port: int) -> bool:
    try:
        return bool(Client(port).ask("/healthz"))
    except OSError:
        return False


def _times(client: Client, asked: Sequence[tuple[str, Any]]) -> list[float]:
    """Ask one after another; return how long each took, in seconds."""
    times_s = list[float]()
    for path, values in asked:
        began_s = time.perf_counter()
        client.ask(path, values)
        times_s.append(time.perf_counter() - began_s)
    return times_s


def _rate(server: Server, films: Sequence[int], n: int) -> float:
    """Return how many requests for known films are answered a second by several clients."""
    began_s = time.perf_counter()
    _ask_together(server, [(f"/films/{films[k % len(films)]}", None) for k in range(n)])
    return n / (time.perf_counter() - began_s)


def _watch_memory(server: Server, films: Sequence[int], requests: int) -> tuple[float, float]:
    """Return the server's memory after the first requests and after the last, in MB."""

    def asked(first: int, last: int) -> list[tuple[str, Any]]:
        return [
            ("/predict", {"plot": f"{PLOT} {k}", "budget_usd": 1e6 + k})
            if k % DESCRIBED_EVERY == 0
            else (f"/films/{films[k % len(films)]}", None)
            for k in range(first, last)
        ]

    warm = min(WARM_REQUESTS, requests // 2)
    _ask_together(server, asked(0, warm))
    warm_mb = server.resident_mb()
    _ask_together(server, asked(warm, requests))
    return warm_mb, server.resident_mb()


def _ask_together(server: Server, asked: Sequence[tuple[str, Any]]) -> None:
    """Ask by several clients at once.

    Raises:
        RuntimeError: One was not answered.
    """
    waiting = queue.SimpleQueue[tuple[str, Any]]()
    for one in asked:
        waiting.put(one)
    failed = list[Exception]()
    threads = [
        threading.Thread(target=_ask_on, args=(server.port, waiting, failed.append))
        for _ in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise RuntimeError("a request was not answered") from failed[0]


def _ask_on(port: int, waiting: queue.SimpleQueue, fail: Callable[[Exception], None]) -> None:
    client = Client(port)
    try:
        while True:
            client.ask(*waiting.get_nowait())
    except queue.Empty:
        return
    except (OSError, RuntimeError, http.client.HTTPException) as error:
        fail(error)


def _trailer_s() -> float:
    """Return how long an answer about a trailer takes, the models being loaded."""
    from assets.predict import MovieInputs, Predictor

    path = generated_trailer(SIZES[1])
    with Predictor.open() as predictor:
        predictor.predict(MovieInputs(trailer=path))
        began_s = time.perf_counter()
        predictor.predict(MovieInputs(trailer=path, plot=PLOT))
        return time.perf_counter() - began_s


def _blank_start_s() -> float:
    began_s = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import torch, pandas"], check=True)
    return time.perf_counter() - began_s
