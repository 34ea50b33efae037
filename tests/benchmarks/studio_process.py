"""The studio in a process of its own, so that a benchmark's figures hold nothing of it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

SEED = 20_261
"""Of the benchmarks' films: no studio that anything else wants, so none is mistaken for ours."""

STOP_S = 5.0
"""How long it may take to stop by itself."""


@contextmanager
def run_studio(movies: int) -> Iterator[dict[str, str]]:
    """Run the studio as `marquee studio` does; give its settings by the names of their variables.

    Raises:
        RuntimeError: It did not start.
    """
    catalogue = f"generated:{SEED}:{movies}"
    process = subprocess.Popen(
        [sys.executable, "-m", "assets.cli", "studio", "--catalogue", catalogue],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "COLUMNS": "500"},
    )
    try:
        yield _read_urls(process)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen) -> None:
    """Stop it as Ctrl-C does; a shell that works in the background has it ignore that."""
    process.send_signal(signal.SIGINT)
    try:
        process.communicate(timeout=STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()


def _read_urls(process: subprocess.Popen) -> dict[str, str]:
    urls: dict[str, str] = {}
    assert process.stdout
    while "TMDB_API_KEY" not in urls:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the studio did not start")
        if found := re.match(r"export (\w+)='(.*)'", line):
            urls[found[1]] = found[2]
    return urls


def order(studio: str, hyperparameter: str, wish: dict) -> None:
    """Turn one of the studio's hyperparameters, such as `_faults`."""
    requests.post(f"{studio}/{hyperparameter}", json=wish, timeout=30).raise_for_status()
