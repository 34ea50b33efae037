"""Real servers on loopback for tests: an object store and PostgreSQL."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest
import requests

BUCKET = "films"


@contextmanager
def object_store() -> Iterator[dict[str, str]]:
    """Run moto's S3 server with one bucket; yield the environment that reaches it."""
    import boto3
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    S3FileSystem.clear_instance_cache()  # those of an earlier server know its address

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "marquee",
            "AWS_SECRET_ACCESS_KEY": "marquee",
            "AWS_DEFAULT_REGION": "us-east-1",
        }
        reset = requests.post(f"{environment['AWS_ENDPOINT_URL']}/moto-api/reset", timeout=60)
        reset.raise_for_status()  # what an earlier server of this process kept
        boto3.client(
            "s3",
            endpoint_url=environment["AWS_ENDPOINT_URL"],
            region_name="us-east-1",
            aws_access_key_id="marquee",
            aws_secret_access_key="marquee",
        ).create_bucket(Bucket=BUCKET)
        yield environment
    finally:
        server.stop()


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run Debian's PostgreSQL in a folder; yield the URL of an empty database."""
    with postgres_server(folder) as server:
        yield server.url


@contextmanager
def postgres_server(folder: Path) -> Iterator["Postgres"]:
    """Run Debian's PostgreSQL in a folder; yield it as a server that can be killed."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with _place_for_server(folder) as (place, command):
        server = Postgres(programs[-1], place, command)
        try:
            yield server
        finally:
            server.stop()


class Postgres:
    """A PostgreSQL on loopback with one empty database; it is up.

    Args:
        programs: Folder of its programs.
        folder: For its data, which stay when it is killed.
        command: Beginning of a command as the user that it runs as.
    """

    def __init__(self, programs: Path, folder: Path, command: list[str]):
        self._folder, self._port = folder, free_port()
        self._command = [*command, programs / "postgres", "-D", folder / "data"]
        self.url = f"postgresql://marquee@127.0.0.1:{self._port}/postgres"
        subprocess.run(
            [*command, programs / "initdb", "-D", folder / "data", "-U", "marquee", "-A", "trust",
             "-N"],
            check=True, capture_output=True, cwd=folder,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = ["-c", "listen_addresses=127.0.0.1",
                   "-c", f"unix_socket_directories={self._folder}"]  # fmt: skip
        self._server = subprocess.Popen(
            [*self._command, "-p", str(self._port), "-F", *options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder,
        )  # fmt: skip
        asked = [self._command[-3].parent / "pg_isready", "-q", "-h", "127.0.0.1", "-p"]
        for _ in range(300):
            assert self._server.poll() is None, "PostgreSQL has ended"
            if subprocess.run([*asked, str(self._port)], check=False).returncode == 0:
                return
            time.sleep(0.1)
        pytest.fail("PostgreSQL did not start within 30 s")

    def kill(self) -> None:
        """Kill it with all of its processes; what it has given the kernel to write stays."""
        main = psutil.Process(self._server.pid)
        for process in [main, *main.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._server.wait()

    def stop(self) -> None:
        """End it as its own command does: a fast shutdown."""
        self._server.send_signal(signal.SIGINT)
        self._server.wait(30)


@contextmanager
def _place_for_server(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield a folder and the beginning of a command: PostgreSQL refuses to run as root, and pytest
    keeps others out of its own folders.
    """
    if os.geteuid() != 0:
        folder.mkdir(parents=True)
        yield folder, []
        return
    if not shutil.which("setpriv"):
        pytest.skip("PostgreSQL does not run as root, and there is no setpriv")
    with TemporaryDirectory(prefix="marquee-postgres-") as place:
        shutil.chown(place, "nobody")
        yield (
            Path(place),
            ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"],
        )


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
