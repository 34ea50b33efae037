"""A cluster on this machine with a site on it, as `marquee up --cluster` makes one."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from sites import Site

from resources.cluster.children import Child
from resources.cluster.local_cluster import LocalCluster, local_cluster


@contextmanager
def cluster_of(site: Site, folder: Path, *, nodes: int, gpus: float = 0) -> Iterator[LocalCluster]:
    """Run a cluster whose nodes have a site's sources and settings, and caches of their own."""
    before = dict(os.environ)
    os.environ.update({**site.environment, "XDG_CACHE_HOME": str(site.folder / "cache")})
    try:
        with local_cluster(folder, nodes=nodes, gpus=gpus) as cluster:
            yield cluster
    finally:
        os.environ.clear()
        os.environ.update(before)


def kill_node(child: Child) -> None:
    """End a node and all that runs on it, as a power cut would."""
    node = psutil.Process(child.process.pid)
    for process in [node, *node.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    child.process.wait()


def wait_for(is_so, limit_s: float, *processes) -> None:
    """Wait until something is so, while processes are at work."""
    deadline = time.monotonic() + limit_s
    while not is_so():
        for process in processes:
            assert process.poll() is None, process.output
        assert time.monotonic() < deadline, [process.output for process in processes]
        time.sleep(0.2)
