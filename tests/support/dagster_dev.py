"""`dagster dev` in a process of its own, with the sensor on: the UI and the daemon."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from servers import free_port

STOP_S = 300.0


@contextmanager
def dagster_dev(folder: Path, environment: Mapping[str, str]) -> Iterator[subprocess.Popen]:
    """Run it in a folder, where `log` gets its output, until the end of the block."""
    port = free_port()
    command = ["-m", "dagster", "dev", "-p", str(port), "-h", "127.0.0.1", "-m"]
    with (folder / "log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, *command, "assets.definitions"],
            env=dict(environment), cwd=folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    try:
        while not _is_up(port):
            assert process.poll() is None, (folder / "log").read_text()
            time.sleep(0.5)
        command = ["-m", "dagster", "sensor", "start", "due_movies", "-m", "assets.definitions"]
        subprocess.run(
            [sys.executable, *command], env=dict(environment), cwd=folder, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=STOP_S)


def _is_up(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/server_info", timeout=60).ok
    except requests.ConnectionError:
        return False
