"""The servers of `marquee up --cluster`, real ones; `tests/graph/test_ray_cluster.py` has all."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest
import requests
from sites import ROOT

from pipeline.core.errors import ConfigurationError
from resources.cluster import local_cluster as module
from resources.cluster.children import Children, Notes
from resources.cluster.servers import BUCKET, find_postgresql, start_object_store, start_postgresql

psycopg = pytest.importorskip("psycopg", reason="the extra `cluster` is not installed")
pytest.importorskip("moto", reason="the extra `cluster` is not installed")


@pytest.fixture(autouse=True)
def _needs_postgresql():
    try:
        find_postgresql()
    except ConfigurationError as error:
        pytest.skip(str(error))


@pytest.fixture
def children(tmp_path):
    notes = Notes(tmp_path / "up.pid")
    children = Children(Path(mkdtemp(prefix="marquee-test-")), notes)
    yield children
    children.end()
    notes.close()


def test_postgresql_has_two_databases_and_wants_its_password(children, tmp_path, monkeypatch):
    passwords = tmp_path / "passwords"
    address = start_postgresql(children, passwords)
    assert passwords.stat().st_mode & 0o077 == 0
    monkeypatch.setenv("PGPASSFILE", str(passwords))
    for name in ("ledger", "dagster"):
        with psycopg.connect(f"postgresql://{address}/{name}") as connection:
            assert connection.execute("SELECT current_database()").fetchone() == (name,)
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(f"postgresql://{address}/ledger")
    (server,) = children.started
    children.end()
    assert server.process.returncode == 0, "it was asked to end, and not killed"


def test_object_store_has_its_bucket(children):
    url = start_object_store(children)
    assert requests.get(f"{url}/{BUCKET}", timeout=10).ok
    assert not requests.get(f"{url}/other", timeout=10).ok


def test_failed_start_leaves_nothing(tmp_path, monkeypatch):
    started = []

    def fail(children):
        started.extend(child.process.pid for child in children.started)
        started.append(children.folder)
        raise ConfigurationError("The object store did not start.")

    monkeypatch.setattr(module, "start_object_store", fail)
    cluster = module.local_cluster(tmp_path / ".cluster")
    with pytest.raises(ConfigurationError, match="did not start"):
        cluster.__enter__()
    pid, folder = started
    assert not psutil.pid_exists(pid)
    assert not folder.exists()
    assert {path.name for path in (tmp_path / ".cluster").iterdir()} == {"home"}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_command_that_is_ended_while_it_starts_leaves_no_process(tmp_path, how):
    command = [sys.executable, "-m", "assets.cli", "up", "--cluster"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    try:
        children = wait_for_children(process)
        process.send_signal(how)
        process.wait(60)
    finally:
        process.kill()
    _, alive = psutil.wait_procs(children, timeout=30)
    if how == signal.SIGKILL:  # the next start removes its folder
        notes = Notes(tmp_path / ".cluster" / "up.pid")
        folder = Path(notes._read()["folder"])
        assert folder.exists()
        notes.end_earlier()
        notes.close()
        assert not folder.exists()
    assert not alive, "by the kernel, who knows that their parent was killed"


def wait_for_children(process):
    for _ in range(600):
        children = psutil.Process(process.pid).children(recursive=True)
        with suppress(psutil.NoSuchProcess):  # one that has ended since
            if any(child.name() == "postgres" for child in children):
                return children
        assert process.poll() is None
        time.sleep(0.1)
    pytest.fail("no PostgreSQL was started within a minute")
