"""A rate limit holds over all processes that have the same ledger: real processes, real servers."""

import multiprocessing
from contextlib import closing

import pytest
import requests
from fake_clock import FakeClock
from paced import ask
from servers import postgres

from resources.http.pacing import RateLimiter
from resources.storage.ledger import Ledger
from resources.studio.catalogue.generated import GeneratedCatalogue
from resources.studio.opening import trailer_cache
from resources.studio.servers.running import start_studio

RATE_PER_S = 12.0
REQUESTS = 30
"""Of each of two processes."""

_CONTEXT = multiprocessing.get_context("spawn")


@pytest.fixture(params=["sqlite", "postgres"])
def database(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/ledger.sqlite"
        return
    with postgres(tmp_path / "postgres") as url:
        yield url


def test_two_processes_together_keep_the_rate_of_one(database):
    catalogue = GeneratedCatalogue(2, 7, trailer_cache())
    with start_studio(catalogue) as studio, closing(Ledger(database)):
        ready, go, moments = shared = (_CONTEXT.Semaphore(0), _CONTEXT.Event(), _CONTEXT.Queue())
        url = studio.urls["TMDB_API_URL"]
        arguments = (database, url, RATE_PER_S, REQUESTS, *shared)
        processes = [_CONTEXT.Process(target=ask, args=arguments) for _ in range(2)]
        for process in processes:
            process.start()
        for _ in processes:
            assert ready.acquire(timeout=60)
        requests.delete(f"{studio.url}/_stats", timeout=5)
        go.set()
        spans = [moments.get(timeout=60) for _ in processes]
        for process in processes:
            process.join()
        counts = requests.get(f"{studio.url}/_stats", timeout=5).json()["kinds"]
    asked = sum(sum(by_status.values()) for by_status in counts.values())
    assert asked == 2 * REQUESTS
    seconds = max(end for _, end in spans) - min(began for began, _ in spans)
    saved_up = RATE_PER_S // 4 - 1
    rate_per_s = (asked - 1 - saved_up) / seconds
    assert rate_per_s <= RATE_PER_S * 1.05
    assert rate_per_s >= RATE_PER_S * 0.75  # 0.95 on a machine with nothing else to do


def test_pause_that_a_source_requires_holds_for_the_other_process(tmp_path):
    with closing(Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")) as ledger:
        here = RateLimiter(8.0, shared=ledger.turns("tmdb"), clock=FakeClock())
        clock = FakeClock()
        there = RateLimiter(8.0, shared=ledger.turns("tmdb"), clock=clock)
        here.wait()
        here.pause(30.0)
        there.wait()
        assert clock.slept_s == [pytest.approx(30.0, abs=1.0)]


def test_clock_that_was_far_ahead_stops_nothing(tmp_path):
    with closing(Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")) as ledger:
        turns = ledger.turns("tmdb")
        turns.pause(7 * 24 * 3600.0)
        assert turns.take(1, 1.0) == pytest.approx(0.0, abs=0.5)


def test_hosts_have_turns_of_their_own(tmp_path):
    with closing(Ledger(f"sqlite:///{tmp_path}/ledger.sqlite")) as ledger:
        assert ledger.turns("tmdb").take(10, 1.0) == pytest.approx(0.0, abs=0.5)
        assert ledger.turns("imdbpro").take(10, 1.0) == pytest.approx(0.0, abs=0.5)
        assert ledger.turns("tmdb").take(1, 1.0) == pytest.approx(10.0, abs=0.5)
