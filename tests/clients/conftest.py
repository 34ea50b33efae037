"""What the clients' tests share: the scripted server, its vocabulary, clocks, and trailers."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from fake_clock import FakeClock
from scripted_server import Says, serving
from servers import postgres


@pytest.fixture
def says():
    return Says


@pytest.fixture
def server():
    with serving() as running:
        yield running


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture(scope="module")
def postgres_url(tmp_path_factory):
    """Run a PostgreSQL for the tests of a file; return the URL of an empty database."""
    with postgres(tmp_path_factory.mktemp("postgres") / "server") as url:
        yield url


@pytest.fixture(scope="session")
def studio_cache(tmp_path_factory):
    """Return the folder of generated trailers that all tests and all workers share.

    A trailer's file appears whole or not at all, and its bytes follow from its key.
    """
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    folder = base / "studio-cache"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture
def start_script():
    """Start Python on a text; what it prints can be read."""

    def start(text):
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(text)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    return start
