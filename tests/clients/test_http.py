"""The HTTP client against servers that do everything wrong."""

import gzip
import logging
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.core.errors import ConfigurationError, FetchError, SourceError
from pipeline.core.outcomes import Reason
from resources.http.client import HttpClient

KEY = "k3y-that-nobody-may-see"


@pytest.fixture
def open_client(server, clock):
    opened = []

    def make(**settings):
        defaults = {"max_attempts": 1, "secrets": (KEY,), "clock": clock}
        client = HttpClient(server.url, **{**defaults, **settings})
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def fail(client, path="/movie/1", reader="get_json"):
    """Return the failure, after making sure that nothing of it shows the key."""
    with pytest.raises(FetchError) as caught:
        getattr(client, reader)(path, *([{"api_key": KEY}] if reader == "get_json" else []))
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None or KEY not in repr(caught.value.__context__)
    return caught.value


def test_object_is_read(server, open_client):
    server.reply("/movie/1", body='{"title": "Amélie"}'.encode())
    assert open_client().get_json("/movie/1", {"api_key": KEY}) == {"title": "Amélie"}


def test_compressed_object_is_read(server, open_client):
    server.reply("/movie/1", body=gzip.compress(b'{"id": 1}'), Content_Encoding="gzip")
    assert open_client().get_json("/movie/1") == {"id": 1}


def test_nobody_listening_is_network(server):
    port_of_nobody = HttpClient("http://127.0.0.1:1", max_attempts=1, secrets=(KEY,))
    assert fail(port_of_nobody).reason is Reason.NETWORK
    port_of_nobody.close()


def test_redirect_within_the_host_is_followed(server, open_client, says):
    server.reply("/movie/1", says.redirect("/movie/2"))
    server.reply("/movie/2", body=b'{"id": 2}')
    assert open_client(may_reach_private=False).get_json("/movie/1") == {"id": 2}


def test_private_host_may_redirect_to_private(server, open_client, says):
    host = server.url.replace("127.0.0.1", "localhost")
    server.reply("/movie/1", says.redirect(f"{host}/movie/2"))
    server.reply("/movie/2", body=b'{"id": 2}')
    assert open_client().get_json("/movie/1") == {"id": 2}


def test_credentials_stay_with_their_host(server, open_client, says):
    host = server.url.replace("127.0.0.1", "localhost")
    server.reply("/a", says.redirect(f"{host}/b"))
    server.reply("/b")
    open_client().get("/a", headers={"Authorization": f"Bearer {KEY}", "Cookie": KEY})
    assert KEY not in repr(server.seen[-1])


def test_passing_failure_is_tried_again_after_waits_that_grow(server, open_client, says, clock):
    server.reply("/movie/1", says.answer(503), says.cut(b""), says.answer(body=b'{"id": 1}'))
    assert open_client(max_attempts=3).get_json("/movie/1") == {"id": 1}
    assert server.count()["/movie/1"] == 3
    first_s, second_s = clock.slept_s
    assert 0.125 <= first_s <= 0.25 <= second_s <= 0.5


def test_final_failure_is_not_tried_again(server, open_client):
    server.reply("/movie/1", status=404)
    fail(open_client(max_attempts=3))
    assert server.count()["/movie/1"] == 1


def test_attempts_end(server, open_client, clock):
    server.reply("/movie/1", status=500)
    assert fail(open_client(max_attempts=2)).reason is Reason.SERVER_ERROR
    assert server.count()["/movie/1"] == 2
    assert len(clock.slept_s) == 1


def test_retry_after_is_waited_for_by_every_request(server, open_client, clock):
    server.reply("/a", status=429, Retry_After="12")
    server.reply("/b")
    client = open_client()
    assert fail(client, "/a").reason is Reason.RATE_LIMITED
    client.get_json("/b")
    assert clock.slept_s == [12.0]


def test_retry_after_is_waited_for_before_the_next_attempt(server, open_client, says, clock):
    server.reply("/a", says.answer(429, Retry_After="1"), says.answer())
    server.reply("/b", says.answer(503, Retry_After="2"), says.answer())
    client = open_client(max_attempts=2)
    assert client.get_json("/a") == client.get_json("/b") == {}
    assert [wait_s for wait_s in clock.slept_s if wait_s] == [1.0, 2.0]


def test_long_retry_after_is_left_to_the_ledger(server, open_client):
    server.reply("/movie/1", status=429, Retry_After="3600")
    error = fail(open_client(max_attempts=3))
    assert error.reason is Reason.RATE_LIMITED
    assert "3600" in error.detail
    assert server.count()["/movie/1"] == 1


def test_unreadable_retry_after_is_no_obstacle(server, open_client, says):
    server.reply("/movie/1", says.answer(503, Retry_After="soon"), says.answer())
    assert open_client(max_attempts=2).get_json("/movie/1") == {}


def test_row_of_failures_stops_the_source(server, open_client):
    server.reply("/movie/1", status=500)
    client = open_client(give_up_after=5)
    for _ in range(4):
        fail(client)
    with pytest.raises(SourceError, match=r"127\.0\.0\.1.* is down"):
        client.get_json("/movie/1")
    server.reply("/movie/2")
    with pytest.raises(SourceError, match="is down"):
        client.get_json("/movie/2")
    assert "/movie/2" not in server.count()


def test_few_faulty_items_do_not_stop_the_source(server, open_client):
    server.reply("/bad", status=503)
    server.reply("/good")
    server.reply("/gone", status=404)
    client = open_client(give_up_after=3)
    for path in ["/bad", "/bad", "/good", "/bad", "/bad", "/gone", "/bad", "/bad"]:
        if path == "/good":
            client.get_json(path)
        else:
            fail(client, path)


def test_requests_keep_the_pace(server, open_client, clock):
    server.reply("/movie/1")
    client = open_client(rate_per_s=4)
    for _ in range(3):
        client.get_json("/movie/1")
    assert clock.slept_s == [0.25, 0.25]


def test_connections_are_reused(server, open_client):
    server.reply("/movie/1", body=b'{"a": "%s"}' % (b"x" * 200_000))
    server.reply("/movie/2", status=404)
    client = open_client()
    for _ in range(10):
        client.get_json("/movie/1")
        fail(client, "/movie/2")
    assert server.connections == 1


def test_cut_off_body_is_begun_anew(server, open_client, says):
    server.reply(
        "/poster.jpg",
        says.cut(says.answer(body=b"much longer", length=20)),
        says.answer(body=b"whole"),
    )
    assert open_client(max_attempts=2).get_bytes("/poster.jpg") == b"whole"


def test_key_is_hidden_from_the_log(server, open_client, caplog):
    caplog.set_level(logging.DEBUG, logger="urllib3")
    server.reply("/movie/1", status=503)
    with pytest.raises(FetchError):
        open_client(max_attempts=2).get_json("/movie/1", {"api_key": KEY})
    assert "/movie/1" in caplog.text
    assert KEY not in caplog.text


def test_cookies_of_a_source_are_not_kept(server, open_client):
    server.reply("/a", Set_Cookie="tracker=1")
    client = open_client()
    client.get("/a")
    client.get("/a")
    assert "cookie" not in server.seen[-1][1]


def test_threads_do_not_mix_answers(server, open_client):
    for number in range(50):
        server.reply(f"/movie/{number}", body=b'{"id": %d}' % number)
    client = open_client()
    barrier = threading.Barrier(16)

    def read(offset):
        barrier.wait()
        return all(
            client.get_json(f"/movie/{(n + offset) % 50}") == {"id": (n + offset) % 50}
            for n in range(20)
        )

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(read, range(16)))


@pytest.mark.parametrize("address", ["file:///etc", "ftp://example.org", "example.org", ""])
def test_base_address_must_be_http(address):
    with pytest.raises(ConfigurationError, match="http"):
        HttpClient(address)
