"""Ray's head and nodes, PostgreSQL and an object store on this machine, started together."""

import os
import secrets
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from importlib.util import find_spec
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from resources.cluster.children import Child, Children, Notes, adopt_orphans, wait_until
from resources.cluster.ray_node import READY
from resources.cluster.servers import (
    BUCKET,
    HOST,
    find_postgresql,
    free_port,
    start_object_store,
    start_postgresql,
)

HEAD = "ray head"
ESSENTIAL = (HEAD, "postgresql", "object store")
"""Without one of these there is no cluster; without a node there is a smaller one."""

START_LIMIT_S = 180.0
_NEEDED = {"dagster_ray": "dagster-ray", "ray": "ray[default]", "dagster_postgres":
           "dagster-postgres", "psycopg": "psycopg", "s3fs": "s3fs", "moto": "moto[server]",
           "psutil": "psutil"}  # fmt: skip


@dataclass
class LocalCluster:
    """A cluster that is up.

    Attributes:
        children: Its processes.
        environment: The variables with which a command works on it.
        listen: The address that Ray listens on.
        address: Of Ray's head.
    """

    children: Children
    environment: Mapping[str, str]
    listen: str
    address: str

    def add_node(self, number: int, *, gpus: float = 0) -> Child:
        """Start a node with one CPU, on a core of its own as far as there are enough.

        Raises:
            ConfigurationError: It does not come up.
        """
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        core = cores[(number - 1) % len(cores)] if cores else None
        what = ["--address", self.address, "--cpus", "1", "--gpus", str(gpus)]
        return self._start_node(f"ray node {number}", what, core)

    def start_head(self, port: int, jobs_port: int) -> Child:
        """Start the head, which has no CPUs for runs."""
        return self._start_node(HEAD, ["--port", str(port), "--jobs-port", str(jobs_port)], None)

    def find_ended(self) -> Child | None:
        """Return a process that has ended without being asked to."""
        return next((child for child in self.children.started if child.has_ended), None)

    def _start_node(self, name: str, what: list[str], core: int | None) -> Child:
        folder = self.children.folder / "ray"
        program = [sys.executable, "-m", "resources.cluster.ray_node", "--listen", self.listen]
        given = [*what, "--agent-port", str(free_port()), "--name", name, "--folder", str(folder)]
        own = {"XDG_CACHE_HOME": str(self.children.folder / f"cache of {name}")}
        environment = {**_weights_folders(), **self.environment, **own}
        environment.pop("RAY_ADDRESS", None)  # of another cluster
        if self.listen == HOST:  # else each process replaces it by another address of the machine
            environment["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        child = self.children.start(name, [*program, *given], environment, core=core)
        wait_until(
            lambda: READY in child.log.read_text(errors="replace"), [child], name, START_LIMIT_S
        )
        return child


@contextmanager
def local_cluster(
    folder: Path, *, nodes: int = 2, gpus: float = 0, listen: str = HOST
) -> Iterator[LocalCluster]:
    """Run a cluster for as long as the `with` block; everything in it is gone afterwards.

    Args:
        folder: For Dagster's home, the passwords and the note of what was started.
        nodes: How many nodes with one CPU each.
        gpus: GPUs of each node.
        listen: The address that Ray listens on.

    Raises:
        ConfigurationError: Something is not installed or does not start, or a cluster of this
            folder is up already.
    """
    check_installed()
    notes = Notes(folder / "up.pid")
    notes.end_earlier()
    adopt_orphans()
    children = Children(Path(tempfile.mkdtemp(prefix="marquee-")), notes)
    try:
        yield _start(folder, children, nodes, gpus, listen)
    finally:
        children.end()
        for name in ("ray-token", "postgresql-passwords"):
            (folder / name).unlink(missing_ok=True)
        notes.close()


def check_installed() -> None:
    """Check that all that a cluster is made of is installed.

    Raises:
        ConfigurationError: Something is not; the message names what, and how to install it.
    """
    missing = [package for module, package in _NEEDED.items() if find_spec(module) is None]
    if missing:
        raise ConfigurationError(
            f"A cluster on this machine needs {', '.join(missing)}. Install what is missing with "
            "`uv sync --extra cluster` (or `pip install 'marquee[cluster]'`)."
        )
    find_postgresql()


def _start(folder: Path, children: Children, nodes: int, gpus: float, listen: str) -> LocalCluster:
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    settings = resources.files("resources.cluster") / "dagster.yaml"
    (home / "dagster.yaml").write_bytes(settings.read_bytes())
    token, passwords = folder / "ray-token", folder / "postgresql-passwords"
    for path in (token, passwords):
        path.unlink(missing_ok=True)
    token.touch(mode=0o600)
    token.write_text(secrets.token_hex(32))
    port, jobs_port = free_port(), free_port()
    database = start_postgresql(children, passwords.absolute())
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DAGSTER_HOME": str(home.absolute()),
        "DAGSTER_POSTGRES_URL": f"postgresql+psycopg2://{database}/dagster",
        "PGPASSFILE": str(passwords.absolute()),
        "MARQUEE_STORE": f"s3://{BUCKET}/store",
        "MARQUEE_LEDGER": f"postgresql://{database}/ledger",
        "AWS_ENDPOINT_URL": start_object_store(children),
        "AWS_ACCESS_KEY_ID": "marquee",
        "AWS_SECRET_ACCESS_KEY": "marquee",
        "AWS_DEFAULT_REGION": "us-east-1",
        "RAY_JOBS_ADDRESS": f"http://{listen}:{jobs_port}",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN_PATH": str(token.absolute()),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",  # below `uv run` jobs get a copy of a folder
        "RAY_JOB_START_TIMEOUT_SECONDS": str(24 * 3600),
    }
    cluster = LocalCluster(children, environment, listen, f"{listen}:{port}")
    cluster.start_head(port, jobs_port)
    for number in range(1, nodes + 1):  # in turn: Ray gives a node 30 s to start
        cluster.add_node(number, gpus=gpus)
    return cluster


def _weights_folders() -> dict[str, str]:
    """Return where weights are cached: nodes share these alone, as machines share nothing."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return {"TORCH_HOME": str(cache / "torch"), "HF_HOME": str(cache / "huggingface")}


def shown_variables(cluster: LocalCluster) -> dict[str, str]:
    """Return the variables that a command needs which works on a cluster."""
    own = cluster.environment
    return {name: own[name] for name in own if own[name] != os.environ.get(name)}
