"""What the clients' tests share: the scripted server, its vocabulary, and scripts of their own."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from scripted_server import Says, serving


@pytest.fixture
def says():
    return Says


@pytest.fixture
def server():
    with serving() as running:
        yield running


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
