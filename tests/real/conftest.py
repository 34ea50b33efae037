"""Real movies, converted once and only outside the repository, and a site that works on them."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package; `full_run` imports it so too

from converter import convert

DATA = Path(__file__).resolve().parents[2] / "../shared/data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real films, or a skip that says where it should be."""
    if not (DATA / "tmdb5000").is_dir():
        pytest.skip("the folder of real films is not here: ../shared/data beside the checkout")
    return DATA


@pytest.fixture(scope="session")
def all_movies(data, tmp_path_factory):
    """Every usable movie: (studio folder, report)."""
    folder = tmp_path_factory.mktemp("all-real-movies")
    return folder, convert(data, folder)


@pytest.fixture(scope="session")
def some_movies(data, tmp_path_factory):
    """Two hundred movies: (studio folder, report)."""
    folder = tmp_path_factory.mktemp("some-real-movies")
    return folder, convert(data, folder, limit=200)
