"""How much faster nodes of one core decode and embed together than one of them does.

Servers, Ray's own processes and the studio share the machine with the nodes: beyond its cores this
shows nothing, so that no more nodes are started than there are.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import BenchRow
from benchmarks.studio_process import run_studio
from resources.cluster.local_cluster import local_cluster
from resources.compute.device import count_threads

MOVIES = 128
NODES = 3
EFFICIENCY = 0.8
"""2.4 of three nodes."""

PER_NODE = 2
"""Runs that are submitted at once for each node: one works, one waits in Ray's queue."""

_RUN = re.compile(r"run \S+ is submitted$", re.M)


def measure(movies: int = MOVIES) -> list[BenchRow]:
    """Measure one node against as many as there are cores, three at most.

    Args:
        movies: How many films of the studio are downloaded first and then decoded and embedded.
    """
    nodes = min(NODES, count_threads())
    name = f"decode and embed {movies} films, {nodes} nodes of one core against 1"
    if nodes < 2:
        why = "this machine has one core"
        return [BenchRow(name, None, "films/s", "1 node", None, EFFICIENCY * NODES, why=why)]
    with run_studio(movies) as studio, TemporaryDirectory(prefix="cluster-bench-") as folder:
        one = _measure(studio, Path(folder, "one"), 1, movies)
        several = _measure(studio, Path(folder, "several"), nodes, movies)
    note = f"{several['runs']} runs against {one['runs']}, {nodes} of {NODES} nodes"
    if nodes < NODES:
        note += f": the machine has {nodes} cores, which servers and the studio share"
    return [
        BenchRow(
            name, movies / several["wall_s"], "films/s", "1 node", movies / one["wall_s"],
            EFFICIENCY * nodes, better="higher", note=note,
        )
    ]  # fmt: skip


def _measure(studio: Mapping[str, str], folder: Path, nodes: int, movies: int) -> dict[str, float]:
    """Download first; return how long the rest takes, and in how many runs."""
    folder.mkdir()
    with local_cluster(folder / "cluster", nodes=nodes) as cluster:
        settings = Path(cluster.environment["DAGSTER_HOME"], "dagster.yaml")
        text = settings.read_text(encoding="utf-8")
        slots = f"max_concurrent_runs: {PER_NODE * nodes}"
        settings.write_text(re.sub(r"max_concurrent_runs: \d+", slots, text), encoding="utf-8")
        environment = {**os.environ, **cluster.environment, **studio}
        _build(environment, folder, "crawl,media")
        began_s = time.monotonic()
        words = _build(environment, folder, "frames,embeddings")
        return {"wall_s": time.monotonic() - began_s, "runs": len(_RUN.findall(words))}


def _build(environment: Mapping[str, str], folder: Path, stages: str) -> str:
    command = [sys.executable, "-m", "assets.cli", "build", "--stages", stages]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    )  # fmt: skip
    try:
        words, _ = process.communicate()
    except BaseException:
        process.send_signal(signal.SIGTERM)
        process.communicate()
        raise
    if process.returncode:
        raise RuntimeError(f"`marquee build --stages {stages}` has failed:\n{words}")
    return words
