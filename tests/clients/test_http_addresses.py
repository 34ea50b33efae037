"""Where a hostile server may send us: addresses in disguise, and names that change their mind."""

import socket

import pytest

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.records import Video
from resources.http.addresses import explain_rejection, is_private
from resources.http.client import HttpClient
from resources.http.wire import ConnectionRules
from resources.trailers.trailer_host import TrailerHost

BASE = "https://api.example.org/3"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.7", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1",
        "[::1]", "[::]", "[fe80::1%eth0]", "[fc00::1]", "[ff02::1]", "[::ffff:10.0.0.1]",
        "[::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[::ffff:0:127.0.0.1]",
        "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "localhost", "LOCALHOST",
    ],
)  # fmt: skip
def test_private_address_is_known_in_any_disguise(host):
    assert is_private(host)


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "[64:ff9b::808:808]"])
def test_public_address_is_public(host):
    assert not is_private(host)


@pytest.mark.parametrize(
    ("url", "objection"),
    [
        ("/3/movie/1", ""),
        ("https://api.example.org/4", ""),
        ("https://8.8.8.8/", ""),
        ("http://8.8.8.8/", "from https to http"),
        ("http://api.example.org/3", "from https to http"),
        ("https://user:word@8.8.8.8/", "user's name"),
        ("https://api.example.org@8.8.8.8/", "user's name"),
        ("https://api.example.org\\@10.0.0.1/", "user's name"),
        ("gopher://8.8.8.8/", "gopher: addresses"),
        ("javascript:alert(1)", "javascript: addresses"),
        ("https:///etc", ""),
        ("https://:80/", "no host"),
        ("https://[::1", "cannot be read"),
        ("https://8.8.8.8:99999/", "cannot be read"),
    ],
)
def test_address_is_evaluated_as_it_is_written(url, objection):
    found = explain_rejection(url, BASE, may_reach_private=False)
    assert objection in found
    assert bool(found) == bool(objection)


def test_foreign_peer_is_refused_unless_the_configured_host_is_private_too():
    public, private = ConnectionRules(BASE, **_LIMITS), ConnectionRules(BASE, **_LIMITS)
    public.check_peer("api.example.org", 443, "8.8.8.8")
    private.check_peer("api.example.org", 443, "10.0.0.1")
    private.check_peer("other.example.org", 80, "10.0.0.2")
    with pytest.raises(FetchError) as caught:
        public.check_peer("other.example.org", 80, "10.0.0.2")
    assert caught.value.reason is Reason.FORBIDDEN


def test_configured_host_may_be_private_where_others_may_not():
    rules = ConnectionRules("http://nas", may_reach_private=False, **_LIMITS)
    rules.check_peer("nas", 80, "192.168.1.7")
    with pytest.raises(FetchError):
        rules.check_peer("nas", 8080, "192.168.1.7")


_LIMITS = {"max_response_s": 9.0, "max_response_bytes": 9}


@pytest.fixture
def resolve(monkeypatch):
    """Have names of `.example` resolve to the given addresses, one after another."""
    ask = socket.getaddrinfo

    def to(*addresses):
        left = list(addresses)

        def look_up(host, port, *args, **kwargs):
            if str(host).endswith(".example"):
                host = left.pop(0) if len(left) > 1 else left[0]
            return ask(host, port, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)

    return to


def _http(server):
    return HttpClient(server.url, timeout_s=1.0, max_attempts=1, may_reach_private=False)


def test_name_that_resolves_to_a_private_address_is_refused(server, resolve, says):
    resolve("127.0.0.1")
    server.reply("/a", says.redirect(f"http://inside.example:{server.server_address[1]}/b"))
    client = _http(server)
    with pytest.raises(FetchError, match=r"inside\.example lies in a private network"):
        client.get("/a")
    assert server.count() == {"/a": 1}
    client.close()


def test_name_that_resolves_otherwise_when_it_is_connected_to_gets_no_byte(server, resolve, says):
    resolve("8.8.8.8", "127.0.0.1")
    server.reply("/a", says.redirect(f"http://rebind.example:{server.server_address[1]}/b"))
    client = _http(server)
    with pytest.raises(FetchError, match=r"rebind\.example leads to 127\.0\.0\.1") as caught:
        client.get("/a")
    assert caught.value.reason is Reason.FORBIDDEN
    assert server.count() == {"/a": 1}
    client.close()


def test_trailer_is_kept_from_such_a_name_too(server, resolve, says, tmp_path):
    resolve("8.8.8.8", "127.0.0.1")
    server.reply("/a.mp4", says.redirect(f"http://rebind.example:{server.server_address[1]}/b"))
    host = TrailerHost(f"{server.url}/{{key}}.mp4", may_reach_private=False)
    with pytest.raises(FetchError, match=r"rebind\.example leads to 127\.0\.0\.1") as caught:
        host.fetch([Video("a", "YouTube", "Trailer")], tmp_path, "597")
    assert caught.value.reason is Reason.FORBIDDEN
    assert "/b" not in server.count()
    host.close()


def test_configured_name_may_resolve_to_a_private_address(server, resolve):
    resolve("127.0.0.1")
    server.reply("/a", body=b'{"id": 1}')
    client = HttpClient(f"http://nas.example:{server.server_address[1]}", max_attempts=1)
    assert client.get_json("/a") == {"id": 1}
    client.close()
