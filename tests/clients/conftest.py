"""What the clients' tests share: the scripted server, and its vocabulary."""

import sys
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
