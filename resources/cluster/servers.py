"""PostgreSQL and an object store on loopback, each as a process."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

from pipeline.core.errors import ConfigurationError
from resources.cluster.children import Children, wait_until

HOST = "127.0.0.1"
BUCKET = "films"
USER = "marquee"
DATABASES = ("ledger", "dagster")
START_LIMIT_S = 60.0

DEBIAN = Path("/usr/lib/postgresql")
"""Where Debian keeps PostgreSQL's programs, by version."""


def free_port() -> int:
    """Return a port of loopback that is free at this moment."""
    with closing(socket.socket()) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def find_postgresql() -> Path:
    """Return the folder with PostgreSQL's own programs: on the path, or where Debian has them.

    Raises:
        ConfigurationError: It is not installed; the message names the package.
    """
    debian = sorted(DEBIAN.glob("*/bin"), key=lambda path: float(path.parent.name))
    found = [Path(at).parent for at in [shutil.which("initdb")] if at]
    for folder in [*reversed(debian), *found]:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ConfigurationError(
        f"PostgreSQL is not installed (neither {DEBIAN} nor the path has initdb). "
        "Install the package `postgresql` (Debian, Ubuntu: `apt install postgresql`; macOS: `brew "
        "install postgresql`)."
    )


def start_postgresql(children: Children, passwords: Path) -> str:
    """Start a PostgreSQL with two empty databases.

    Args:
        children: Where it is started.
        passwords: File for its password, which libpq reads (`PGPASSFILE`).

    Returns:
        Its address: `user@host:port`.

    Raises:
        ConfigurationError: It is not installed, or does not start.
    """
    programs, port, password = find_postgresql(), free_port(), secrets.token_hex(16)
    _write_secret(passwords, f"{HOST}:{port}:*:{USER}:{password}\n")
    place = children.folder / "postgresql"
    place.mkdir()
    first = place / "password"
    _write_secret(first, password)
    before = _become_nobody(place, first)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    command = [*before, programs / "initdb", "-D", place / "data", "-U", USER, "-A",
               "scram-sha-256", "--pwfile", first, "-E", "UTF8", "-N"]  # fmt: skip
    made = children.start("initdb", command, environment)
    if made.process.wait(START_LIMIT_S) != 0:
        raise ConfigurationError(f"PostgreSQL's initdb has failed.\n{made.last_lines()}")
    children.started.remove(made)
    server = children.start(
        "postgresql",
        [*before, programs / "postgres", "-D", place / "data", "-p", str(port), "-F",
         "-c", f"listen_addresses={HOST}", "-c", f"unix_socket_directories={place}",
         "-c", "max_connections=200"],
        environment,
        end_signal=signal.SIGINT,  # a fast shutdown
    )  # fmt: skip
    is_ready = [programs / "pg_isready", "-q", "-h", HOST, "-p", str(port)]
    wait_until(
        lambda: subprocess.run(is_ready, check=False).returncode == 0, [server], "PostgreSQL",
        START_LIMIT_S,
    )  # fmt: skip
    _make_databases(port, password)
    return f"{USER}@{HOST}:{port}"


def start_object_store(children: Children) -> str:
    """Start an S3 server with one bucket, in memory; return its address."""
    import requests

    port = free_port()
    url = f"http://{HOST}:{port}"
    server = children.start(
        "object store",
        [sys.executable, "-m", "moto.server", "-H", HOST, "-p", str(port)],
        os.environ,
    )
    wait_until(lambda: _answers(port), [server], "The object store", START_LIMIT_S)
    requests.put(f"{url}/{BUCKET}", timeout=30).raise_for_status()
    return url


def _become_nobody(place: Path, first: Path) -> list[str]:
    """Return the beginning of a command that leaves root's rights, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        raise ConfigurationError(
            "PostgreSQL does not run as root, and there is no setpriv to become somebody else "
            "(package `util-linux`). Start this as another user."
        )
    for path in (place, first):
        shutil.chown(path, "nobody")
    place.parent.chmod(0o711)
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
            "--pdeathsig", "INT"]  # fmt: skip


def _make_databases(port: int, password: str) -> None:
    import psycopg

    with closing(
        psycopg.connect(
            host=HOST, port=port, user=USER, password=password, dbname="postgres", autocommit=True
        )
    ) as connection:
        for name in DATABASES:
            connection.execute(f"CREATE DATABASE {name}")  # pyright: ignore[reportArgumentType]


def _answers(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection((HOST, port), timeout=1)):
        return True
    return False


def _write_secret(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
