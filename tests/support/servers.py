"""Real servers on loopback for tests: an object store and PostgreSQL."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

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
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with _place_for_server(folder) as (place, command):
        yield from _serve(programs[-1], place, command)


def _serve(programs: Path, folder: Path, command: list[str]) -> Iterator[str]:
    data, port = folder / "data", free_port()
    subprocess.run(
        [*command, programs / "initdb", "-D", data, "-U", "marquee", "-A", "trust", "-N"],
        check=True, capture_output=True, cwd=folder,
    )  # fmt: skip
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}"]
    server = subprocess.Popen(
        [*command, programs / "postgres", "-D", data, "-p", str(port), "-F", *options],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
    )  # fmt: skip
    try:
        _wait_for(port, server)
        yield f"postgresql://marquee@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)  # a fast shutdown
        server.wait(30)


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


def _wait_for(port: int, server: subprocess.Popen) -> None:
    for _ in range(300):
        assert server.poll() is None, "PostgreSQL has ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("PostgreSQL did not start within 30 s")
