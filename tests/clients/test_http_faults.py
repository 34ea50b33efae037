"""The HTTP client's fault table: every failure of a server has its reason."""

import gzip
import traceback

import pytest

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.client import HttpClient

KEY = "k3y-that-nobody-may-see"


@pytest.fixture
def open_client(server):
    opened = []

    def make(**settings):
        defaults = {"max_attempts": 1, "secrets": (KEY,)}
        client = HttpClient(server.url, **{**defaults, **settings})
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


def fail(client):
    """Return the failure, after making sure that nothing of it shows the key."""
    with pytest.raises(FetchError) as caught:
        client.get_json("/movie/1", {"api_key": KEY})
    assert KEY not in "".join(traceback.format_exception(caught.value))
    assert KEY not in repr(caught.value.__context__)
    return caught.value


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (400, Reason.FORBIDDEN),
        (401, Reason.FORBIDDEN),
        (403, Reason.FORBIDDEN),
        (404, Reason.GONE),
        (408, Reason.TIMEOUT),
        (410, Reason.GONE),
        (418, Reason.FORBIDDEN),
        (422, Reason.FORBIDDEN),
        (429, Reason.RATE_LIMITED),
        (451, Reason.GEO_BLOCKED),
        (500, Reason.SERVER_ERROR),
        (502, Reason.SERVER_ERROR),
        (503, Reason.SERVER_ERROR),
        (504, Reason.SERVER_ERROR),
        (599, Reason.SERVER_ERROR),
        (204, Reason.UNEXPECTED),
    ],
)
def test_status_gives_its_reason(server, open_client, status, reason):
    server.reply("/movie/1", status=status, body=b"")
    error = fail(open_client())
    assert error.reason is reason
    assert str(status) in error.detail


DEEP = b"[" * 90_000 + b"]" * 90_000
FAULTS = {
    "page instead of JSON": (lambda s: s.answer(body=b"<html>"), Reason.WRONG_TYPE),
    "no JSON": (lambda s: s.answer(body=b"oops"), Reason.MALFORMED),
    "nothing": (lambda s: s.answer(body=b""), Reason.MALFORMED),
    "a list": (lambda s: s.answer(body=b"[]"), Reason.MALFORMED),
    "not a number": (lambda s: s.answer(body=b'{"a": NaN}'), Reason.MALFORMED),
    "endless number": (lambda s: s.answer(body=b'{"a": %s}' % (b"9" * 5000)), Reason.MALFORMED),
    "bad UTF-8": (lambda s: s.answer(body=b'{"a": "\xff"}'), Reason.MALFORMED),
    "deep": (lambda s: s.answer(body=b'{"a":' + DEEP + b"}"), Reason.MALFORMED),
    "rather deep": (
        lambda s: s.answer(body=b'{"a":' * 90 + b"1" + b"}" * 90),
        Reason.MALFORMED,
    ),
    "cut off": (lambda s: s.cut(s.answer(body=b"{", length=50)), Reason.CUT_OFF),
    "cut off chunk": (
        lambda s: s.cut(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
        Reason.CUT_OFF,
    ),
    "missing last chunk": (
        lambda s: s.cut(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        Reason.CUT_OFF,
    ),
    "damaged gzip": (
        lambda s: s.answer(body=b"\x1f\x8bxxxxxxxxxxxxxxx", Content_Encoding="gzip"),
        Reason.CUT_OFF,
    ),
    "too long": (lambda s: s.answer(body=b"x" * 200_001), Reason.TOO_LARGE),
    "gzip bomb": (
        lambda s: s.answer(body=gzip.compress(b"0" * 5_000_000), Content_Encoding="gzip"),
        Reason.TOO_LARGE,
    ),
    "reset": (lambda s: s.reset, Reason.NETWORK),
    "closed": (lambda s: s.cut(b""), Reason.NETWORK),
    "not HTTP": (lambda s: s.cut(b"hello\r\n\r\n"), Reason.NETWORK),
    "redirect loop": (lambda s: s.redirect("/movie/1"), Reason.SERVER_ERROR),
    "redirect to a file": (lambda s: s.redirect("file:///etc/passwd"), Reason.FORBIDDEN),
    "redirect to FTP": (lambda s: s.redirect("ftp://example.org/x"), Reason.FORBIDDEN),
    "redirect nowhere": (lambda s: s.redirect("http://[bad"), Reason.FORBIDDEN),
    "redirect to private": (lambda s: s.redirect("http://10.0.0.1/"), Reason.FORBIDDEN),
    "redirect to metadata": (lambda s: s.redirect("http://169.254.169.254/"), Reason.FORBIDDEN),
    "redirect to IPv6 loopback": (lambda s: s.redirect("http://[::1]/"), Reason.FORBIDDEN),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_gives_its_reason(server, open_client, says, fault):
    script, reason = FAULTS[fault]
    server.reply("/movie/1", script(says))
    client = open_client(max_body_bytes=200_000, may_reach_private=False)
    assert fail(client).reason is reason
    server.reply("/movie/2", body=b'{"id": 2}')
    assert client.get_json("/movie/2") == {"id": 2}


@pytest.mark.parametrize(
    ("script", "limits"),
    [
        (lambda s: s.stall(), {"timeout_s": 0.2}),
        (lambda s: s.stall(s.answer(body=b"{", length=50)), {"timeout_s": 0.2}),
        (lambda s: s.drip(), {"max_body_s": 0.2}),
    ],
    ids=["silence", "silence inside the body", "drip"],
)
def test_host_that_takes_too_long_is_a_timeout(server, open_client, says, script, limits):
    server.reply("/movie/1", script(says))
    assert fail(open_client(**limits)).reason is Reason.TIMEOUT
