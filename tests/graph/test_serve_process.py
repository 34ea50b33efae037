"""`marquee serve` as a process: it says where it listens; a killed one leaves nothing behind."""

import re
import socket
import subprocess
import sys
from contextlib import contextmanager

import pytest
import requests
from commands import bare_environment, marquee

START = [sys.executable, "-m", "assets.cli", "serve", "--port", "0"]


@contextmanager
def serving(site, temporary):
    """Run the server; yield its process and its address."""
    environment = {**bare_environment(), **site.environment, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        START, env=environment, cwd=site.folder, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found
            yield process, found[0]
        finally:
            process.terminate()


def test_upload_of_a_killed_server_is_deleted_by_the_next_one(site, tmp_path):
    trailer = next((site.store / "trailers").glob("*.mp4")).read_bytes()
    with serving(site, tmp_path) as (process, url):
        assert requests.put(f"{url}/uploads", data=trailer, timeout=120).ok
        process.kill()
        process.wait(20)
    (left,) = tmp_path.glob("marquee-owned-*")
    assert sum(one.stat().st_size for one in left.iterdir()) == len(trailer)
    with serving(site, tmp_path) as (_, url):
        assert requests.get(f"{url}/healthz", timeout=120).ok
        assert not left.exists()
    assert list(tmp_path.glob("*marquee-owned-*")) == []


@pytest.mark.parametrize(
    ("host", "message"),
    [("127.0.0.1", "already in use"), ("nowhere.invalid", "nowhere.invalid, port")],
)
def test_port_that_is_taken_is_named_before_anything_is_loaded(site, host, message):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        output = marquee(
            "serve", "--host", host, "--port", port, cwd=site.folder,
            environment={**site.environment, "MARQUEE_API_KEY": "key"}, check=False,
        )  # fmt: skip
    assert output.returncode == 2
    assert message in " ".join(output.stderr.split())
    assert "--port" in output.stderr
