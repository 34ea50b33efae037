"""A search that leaves out movies that were idle finds what a search among all finds."""

from pathlib import Path

import pytest
from histories import MOVIES, History
from sites import make_home

from assets.orchestration import idle_movies
from assets.orchestration.asset_specs import MOVIE_ASSETS, movie_spec
from assets.orchestration.idle_movies import IdleLookup

STEPS, MANY_STEPS = 10, 24


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("empty")
    make_home(folder)
    return folder / "home"


@pytest.fixture
def open_history(tmp_path, home):
    opened = []

    def open_one(seed: int) -> History:
        folder = tmp_path / str(seed)
        Path(folder).mkdir()
        opened.append(History(folder, home, seed))
        return opened[-1]

    yield open_one
    for history in opened:
        history.close()


def count_looked_through(history, specs):
    lookup = IdleLookup(history.run_context, history.instance, specs)
    return len(lookup.others(history.run_context.ledger.movies()))


def follow(history, monkeypatch, steps_done=STEPS):
    """Compare the two searches after every step; return how many movies were left out."""
    left_out, steps = 0, ["begin"]
    for number in range(steps_done):
        if number % 4 == 0:
            history.work()
        for specs in (history.specs, history.specs[: history.draw.randint(1, 5)]):
            monkeypatch.setattr(idle_movies, "MOVIE_ASSETS", tuple(history.specs))
            wanted = history.search_all(specs, monkeypatch)
            known = len(history.run_context.ledger.movies())
            left_out += known - count_looked_through(history, specs)
            assert history.search(specs) == wanted, steps
        steps.append(history.step())
    return left_out


@pytest.mark.parametrize("seed", [1])
def test_quick_search_equals_the_full_one_over_random_histories(seed, open_history, monkeypatch):
    assert follow(open_history(seed), monkeypatch) > 10


@pytest.mark.slow
def test_quick_search_equals_the_full_one_over_many_histories(open_history, monkeypatch):
    left_out = sum(follow(open_history(seed), monkeypatch, MANY_STEPS) for seed in range(100, 130))
    assert left_out > 1000


def test_movies_without_work_are_looked_through_once(open_history):
    history = open_history(1)
    history.draw.random = lambda: 0.5  # every outcome is there, and no run is killed
    history.work()
    assert count_looked_through(history, MOVIE_ASSETS) == len(MOVIES)
    assert not set().union(*history.search(MOVIE_ASSETS).values())
    assert count_looked_through(history, MOVIE_ASSETS) == 0
    history.run_context.ledger.know_movies({3: "changed"})
    assert count_looked_through(history, MOVIE_ASSETS) == 1


def test_search_of_some_assets_knows_what_one_of_all_has_found(open_history):
    history = open_history(1)
    history.draw.random = lambda: 0.5
    history.work()
    history.search(MOVIE_ASSETS)
    posters = [movie_spec("posters")]
    assert count_looked_through(history, posters) == 0
    history.run_context.ledger.forget(["trailers"], list(MOVIES), ["ok"])
    assert history.search(posters) == {"posters": set()}
    assert count_looked_through(history, posters) == 0
    assert count_looked_through(history, MOVIE_ASSETS) == len(MOVIES)
