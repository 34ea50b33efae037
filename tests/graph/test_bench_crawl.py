"""The benchmark of the crawl measures what it says, on few films; how fast is not asked here."""

import pytest
from present import present

from benchmarks import crawl

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("_findable_benchmarks")]


def test_few_films_are_crawled_watched_and_asked_for_again_by_night():
    rows = crawl.measure(movies=60, requests_per_s=100.0)
    rate, plain, memory, night = rows
    assert (rate.peer_value, rate.target, rate.better) == (100.0, 0.8, "higher")
    assert present(rate.ours) > 0
    assert present(plain.peer_value) > 0
    assert memory.limit == 50.0
    assert memory.is_ok
    # 60 changed films and the list of changes; and one page of what came out lately.
    assert (night.ours, night.peer_value) == (62.0, 61.0)
    assert night.is_ok
