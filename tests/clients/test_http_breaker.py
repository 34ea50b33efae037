"""When a whole source counts as down: failures in a row, the rest, and who tries it afterwards."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.core.errors import FetchError, SourceError
from pipeline.core.outcomes import Reason
from resources.http.client import HttpClient
from resources.http.pacing import CircuitBreaker, read_retry_after_s


@pytest.fixture
def open_client(server, clock):
    opened = []

    def make(**settings):
        client = HttpClient(server.url, **{"max_attempts": 1, "clock": clock, **settings})
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def try_(client, path):
    """Return the class of the error, or None."""
    try:
        client.get_json(path)
    except (FetchError, SourceError) as error:
        return type(error)
    return None


def is_down(error):
    return error is SourceError


def test_attempts_of_one_movie_count_once(server, open_client):
    for number in range(3):
        server.reply(f"/movie/{number}", status=500)
    client = open_client(max_attempts=3, give_up_after=3)
    assert not is_down(try_(client, "/movie/0"))
    assert not is_down(try_(client, "/movie/1"))
    assert is_down(try_(client, "/movie/2"))
    assert server.count() == {"/movie/0": 3, "/movie/1": 3, "/movie/2": 3}


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_row_of_failures_of_the_host_counts(server, open_client, status):
    server.reply("/movie/1", status=status)
    client = open_client(give_up_after=2)
    assert [is_down(try_(client, "/movie/1")) for _ in range(3)] == [False, True, True]
    assert server.count()["/movie/1"] == 2


@pytest.mark.parametrize("status", [403, 404, 410, 451])
def test_what_a_status_says_of_a_movie_does_not_count(server, open_client, status):
    server.reply("/movie/1", status=status)
    client = open_client(give_up_after=2)
    assert not any(is_down(try_(client, "/movie/1")) for _ in range(4))


def test_refusals_count_where_no_movie_can_be_refused(server, open_client):
    server.reply("/movie/1", status=403)
    server.reply("/movie/2", body=b"<html>who are you?")
    client = open_client(give_up_after=3, may_reject_items=False)
    for path in ("/movie/1", "/movie/2"):
        with pytest.raises(FetchError) as caught:
            client.get_json(path)
        assert caught.value.reason is Reason.UNEXPECTED
    with pytest.raises(SourceError, match="3 requests in a row failed"):
        client.get_json("/movie/1")


def test_threads_stop_with_one_message_and_few_requests(server, open_client):
    for number in range(200):
        server.reply(f"/movie/{number}", status=500)
    client = open_client(max_attempts=2, give_up_after=10)
    messages = set()

    def ask(number):
        try:
            client.get_json(f"/movie/{number}")
        except SourceError as error:
            messages.add(str(error).replace(client.base_url, ""))
            return 0
        except FetchError:
            return 1
        return 0

    with ThreadPoolExecutor(16) as pool:
        paid = sum(pool.map(ask, range(200)))
    assert paid == 9
    assert sum(server.count().values()) <= 2 * (10 + 16)
    assert all("is down" in message for message in messages)


REST_S = 60.0


@pytest.fixture
def breaker(clock):
    """Return one that two failures have opened, when its rest is over."""
    made = CircuitBreaker("host", 2, REST_S, clock=clock)
    made.note(Reason.SERVER_ERROR)
    with pytest.raises(SourceError):
        made.note(Reason.SERVER_ERROR)
    with pytest.raises(SourceError, match="is down"):
        made.check()
    clock.go_on(REST_S)
    return made


def wait_until_waiting(breaker, count):
    """Wait until so many threads stand in front of a breaker."""
    while len(breaker._changed._waiters) < count:
        threading.Event().wait(0.005)


def test_after_its_rest_one_request_goes_ahead_and_the_others_follow_its_success(breaker):
    order = []
    breaker.check()

    def follow():
        breaker.check()
        order.append("follower")

    with ThreadPoolExecutor(8) as pool:
        followers = [pool.submit(follow) for _ in range(8)]
        wait_until_waiting(breaker, 8)
        order.append("first")
        breaker.note(None)
        for follower in followers:
            follower.result(60)
    assert order == ["first"] + ["follower"] * 8


def test_after_a_failed_trial_all_that_waited_are_stopped(breaker):
    breaker.check()
    with ThreadPoolExecutor(4) as pool:
        followers = [pool.submit(breaker.check) for _ in range(4)]
        wait_until_waiting(breaker, 4)
        with pytest.raises(SourceError):
            breaker.note(Reason.TIMEOUT)
        for follower in followers:
            with pytest.raises(SourceError, match="is down"):
                follower.result(60)


def test_trial_may_be_tried_again_by_who_began_it(breaker):
    breaker.check()
    breaker.check(is_retry=True)
    breaker.note(None)
    breaker.check()
    breaker.note(Reason.TIMEOUT)
    with pytest.raises(SourceError, match="2 requests in a row"):
        breaker.note(Reason.TIMEOUT)


def test_lost_trial_does_not_hold_the_others_permanently(breaker, clock):
    breaker.check()
    clock.go_on(REST_S)
    breaker.check()
    breaker.note(None)
    assert breaker.check() is None


def test_long_retry_after_stops_all_until_it_is_over(server, open_client, clock):
    server.reply("/a", status=503, Retry_After="3600")
    server.reply("/b")
    client = open_client(max_attempts=3)
    with pytest.raises(FetchError) as caught:
        client.get_json("/a")
    assert caught.value.reason is Reason.SERVER_ERROR
    with pytest.raises(
        SourceError, match=r"allows no request for another 3\d\d\d s.*stays pending"
    ):
        client.get_json("/b")
    assert server.count() == {"/a": 1}
    clock.go_on(3600)
    assert client.get_json("/b") == {}


def test_retry_after_zero_is_no_invitation_to_hammer(server, open_client, says, clock):
    server.reply("/a", says.answer(503, Retry_After="0"), says.answer())
    open_client(max_attempts=2).get_json("/a")
    (waited_s,) = clock.slept_s
    assert waited_s > 0.1


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "0", "1e3", "Mon, 99 Foo", "\x00"])
def test_wait_that_cannot_be_read_is_none(header):
    assert read_retry_after_s(header) is None
