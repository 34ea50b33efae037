"""What fetching posters costs, beside img2dataset: the same posters, host, threads and size.

Both sides fetch from a host on loopback that answers after `latency_s`, decode each poster, make a
224×224 JPEG of it (centre crop, quality 95), and keep that file and a row: img2dataset in JSON and
Parquet, we through staging and ledger as the product does.

A row beside tells what decoding alone costs (see `poster_decoding.py`).

CPU time is that of all processes of a side, each counted by itself from the moment its imports are
done. Rates count from the first poster to the last.
"""

import json
import os
import shutil
import statistics
import subprocess
import tomllib
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.poster_decoding import decoding_row
from benchmarks.poster_host import poster_host
from benchmarks.poster_sides import run_ours
from benchmarks.report import BenchRow

RUNS = 3
"""Counted runs of each side: loading img2dataset takes longer than what is measured."""

PEER = "img2dataset"
PEER_PACKAGE = "img2dataset>=1.47"
PEER_PYTHON = "3.11"

MIN_RATE_RATIO = 1.0
MAX_CPU_RATIO = 0.5

_ROOT = Path(__file__).parents[2]


class _NoPeerError(Exception):
    """The peer cannot be had on this machine; says why."""


def measure(
    images: int = 600, concurrency: int = 16, latency_s: float = 0.05, runs: int = RUNS
) -> list[BenchRow]:
    """Measure both sides in turn: posters per second, and CPU time per poster.

    img2dataset runs with one process and with two, sharing the threads, and counts with whichever
    was faster.

    Args:
        images: Posters in one run.
        concurrency: Requests under way at once, on either side.
        latency_s: Wait of the host before each answer.
        runs: Counted runs of each side, after one warm-up.
    """
    with TemporaryDirectory(prefix="marquee-bench-") as folder, poster_host(latency_s) as url:
        numbers = count()

        def ours() -> dict:
            place = _new_folder(folder, numbers)
            return run_ours(url, place, images, concurrency)

        def peer(processes: int) -> dict:
            return _run_peer(python, url, _new_folder(folder, numbers), images, processes,
                             concurrency // processes)  # fmt: skip

        ours()
        try:
            python = _set_up_peer(Path(folder))
            processes = max((1, 2), key=lambda n: peer(n)["images_per_s"])
            pairs = [(ours(), peer(processes)) for _ in range(runs)]
        except _NoPeerError as error:
            fetched = _rows([ours() for _ in range(runs)], [], str(error))
        else:
            fetched = _rows([pair[0] for pair in pairs], [pair[1] for pair in pairs], "")
    return [*fetched, decoding_row(runs=runs)]


def _rows(ours: list[dict], peer: list[dict], why: str) -> list[BenchRow]:
    def medians(name: str) -> tuple[float, float | None]:
        return (
            statistics.median(run[name] for run in ours),
            statistics.median(run[name] for run in peer) if peer else None,
        )

    rate, peer_rate = medians("images_per_s")
    cpu_ms, peer_cpu_ms = medians("cpu_ms")
    return [
        BenchRow(
            "posters fetched, resized and kept", rate, "/s", PEER, peer_rate,
            target=MIN_RATE_RATIO, better="higher", why=why,
        ),
        BenchRow(
            "CPU time per poster", cpu_ms, "ms", PEER, peer_cpu_ms, target=MAX_CPU_RATIO, why=why,
        ),
    ]  # fmt: skip


def _new_folder(root: str, numbers: count) -> Path:
    folder = Path(root, f"run-{next(numbers)}")
    folder.mkdir()
    return folder


def _set_up_peer(folder: Path) -> Path:
    """Install img2dataset into an environment of its own; give its Python."""
    if not shutil.which("uv"):
        raise _NoPeerError("uv is not on the path, which would install img2dataset")
    environment = folder / "peer"
    python = environment / "bin" / "python"
    _call(["uv", "venv", "--python", PEER_PYTHON, str(environment)], folder)
    _call(["uv", "pip", "install", "--python", str(python), *_dated(), PEER_PACKAGE], folder)
    return python


def _dated() -> list[str]:
    """Return the date that our own environment is resolved for, where it is known."""
    project = _ROOT / "pyproject.toml"
    if not project.is_file():
        return []
    settings = tomllib.loads(project.read_text()).get("tool", {}).get("uv", {})
    return ["--exclude-newer", settings["exclude-newer"]] if "exclude-newer" in settings else []


def _run_peer(
    python: Path, url: str, folder: Path, images: int, processes: int, threads: int
) -> dict:
    urls, out = folder / "urls.txt", folder / "out"
    urls.write_text("".join(f"{url}/w500/{i}.jpg\n" for i in range(1, images + 1)))
    script = Path(__file__).with_name("img2dataset_side.py")
    _call([str(python), str(script), str(urls), str(out), str(images), str(processes),
           str(threads)], folder)  # fmt: skip
    shards = [json.loads(path.read_text()) for path in out.glob("*_stats.json")]
    kept = sum(shard["successes"] for shard in shards)
    if kept != images:
        raise _NoPeerError(f"img2dataset had {kept} of {images} posters")
    began_s = min(shard["start_time"] for shard in shards)
    took_s = max(shard["end_time"] for shard in shards) - began_s
    cpu_s = sum(json.loads(path.read_text()) for path in out.glob("*.cpu"))
    return {"images_per_s": images / took_s, "cpu_ms": 1000 * cpu_s / images}


def _call(command: list[str], folder: Path) -> None:
    quiet = {**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"}
    done = subprocess.run(
        command, cwd=folder, env=quiet, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        raise _NoPeerError(f"{Path(command[0]).name} failed: {lines[-1][:200]}")
