"""When the next request may go, by a clock that only sleeping and the test move."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from fake_clock import FakeClock

from resources.http.pacing import BACKOFF_MAX_S, RateLimiter, backoff_s


@pytest.fixture
def clock():
    return FakeClock()


def go(pace, clock, times):
    """Return when each of so many requests went, in seconds from now."""
    began_s = clock.now_s()
    went_s = []
    for _ in range(times):
        pace.wait()
        went_s.append(clock.now_s() - began_s)
    return went_s


def test_requests_go_as_far_apart_as_the_rate_says(clock):
    assert go(RateLimiter(2.0, clock=clock), clock, 4) == pytest.approx([0.0, 0.5, 1.0, 1.5])


def test_a_quarter_of_a_second_s_worth_goes_at_once(clock):
    went_s = go(RateLimiter(40.0, clock=clock), clock, 13)
    assert went_s == pytest.approx([0.0] * 10 + [0.025, 0.05, 0.075])


def test_no_more_than_that_is_saved_up_over_a_rest(clock):
    pace = RateLimiter(40.0, clock=clock)
    go(pace, clock, 20)
    clock.go_on(3600)
    assert go(pace, clock, 12) == pytest.approx([0.0] * 10 + [0.025, 0.05])


def test_pace_without_a_limit_waits_for_nothing(clock):
    go(RateLimiter(clock=clock), clock, 1000)
    assert clock.slept_s == []


def test_limit_is_shared_by_all_threads():
    class Standing(FakeClock):
        def sleep(self, seconds):
            self.slept_s.append(seconds)  # others wait at the same time

    clock = Standing()
    pace = RateLimiter(4.0, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: pace.wait(), range(40)))
    assert sorted(clock.slept_s) == pytest.approx([n / 4 for n in range(1, 40)])


def test_pause_holds_every_request_and_is_over_after_its_time(clock):
    pace = RateLimiter(clock=clock)
    pace.pause(30.0)
    pace.pause(5.0)
    assert go(pace, clock, 2) == [30.0, 30.0]
    assert clock.slept_s == [30.0]


def test_pace_gets_slower_and_never_faster(clock):
    pace = RateLimiter(1.0, clock=clock)
    pace.limit_to(10.0)
    assert go(pace, clock, 2) == [0.0, 1.0]
    pace.limit_to(0.5)
    clock.go_on(60)
    assert go(pace, clock, 3) == pytest.approx([0.0, 2.0, 4.0])


@pytest.mark.parametrize("rate_per_s", [0, -1.0])
def test_rate_that_lets_nothing_go_is_refused(rate_per_s):
    with pytest.raises(ValueError, match="above 0"):
        RateLimiter(rate_per_s)


def test_back_off_doubles_with_some_chance_up_to_a_limit():
    for attempt, most_s in ((1, 0.25), (2, 0.5), (3, 1.0), (6, 8.0), (60, BACKOFF_MAX_S)):
        assert {most_s / 2 <= backoff_s(attempt) <= most_s for _ in range(50)} == {True}
