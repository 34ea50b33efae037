"""Sites for the tests of the graph: copies of what the session has built once."""

from contextlib import ExitStack
from pathlib import Path

import pytest
from shapes import WHOLE
from shared_sites import Shape
from sites import Site, opened_site


@pytest.fixture(scope="module")
def site(shared_sites, tmp_path_factory):
    """The whole path up to the models and their evaluations, a copy for each file of tests."""
    folder = tmp_path_factory.mktemp("whole") / "site"
    shared_sites.copy(WHOLE, folder)
    with opened_site(folder, WHOLE.size, WHOLE.seed) as site:
        yield site


@pytest.fixture(scope="module")
def predictor(site):
    """What answers from the site's models."""
    from assets.predict.predictor import Predictor

    with site.run_context() as run_context:
        yield Predictor(run_context)


@pytest.fixture(scope="module")
def url(site):
    """The address of a server of the site."""
    from served import served

    with served(site) as url:
        yield url


@pytest.fixture
def open_site(tmp_path, shared_sites):
    """Open a site of `size` movies; see `Shape` for what may be built of it before."""
    with ExitStack() as stack:

        def open_one(size: int = 6, seed: int = 7, name: str = "site", **built) -> Site:
            folder = tmp_path / name
            shared_sites.copy(Shape(size, seed, **built), folder)
            return stack.enter_context(opened_site(folder, size, seed))

        yield open_one


@pytest.fixture
def _findable_benchmarks(monkeypatch):
    """Processes that benchmarks start find them, as where `marquee bench` runs them."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))


@pytest.fixture(autouse=True)
def _keep_traceback_limit(monkeypatch):
    """A run that stops for a reason of ours shortens the frames of its process; not the tests'."""
    monkeypatch.setattr("sys.tracebacklimit", 1000, raising=False)


@pytest.fixture(autouse=True)
def _wait_little(monkeypatch):
    """Sources that fail are asked again at once; how long is waited is tested with the clients."""
    monkeypatch.setattr("resources.http.pacing.BACKOFF_BASE_S", 0.01)
