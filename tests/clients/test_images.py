"""The image host's client against scripted answers."""

import pytest

from pipeline.errors import FetchError
from pipeline.outcomes import Reason
from resources.http import HttpClient
from resources.images import ImageHost


@pytest.fixture
def images(server):
    http = HttpClient(f"{server.url}/t/p", timeout_s=0.3, max_attempts=1)
    yield ImageHost(http)
    http.close()


def test_poster_comes_in_the_width_that_is_enough(server, images):
    server.reply("/t/p/w500/a.jpg", body=b"\xff\xd8five", content_type="image/jpeg")
    server.reply("/t/p/original/a.jpg", body=b"\xff\xd8all", content_type="image/jpeg")
    assert images.fetch_poster("/a.jpg") == b"\xff\xd8five"
    assert images.fetch_poster("/a.jpg", 2000) == b"\xff\xd8all"
    assert images.poster_url("/a.jpg", 300) == f"{server.url}/t/p/w342/a.jpg"


def test_sizes_are_those_of_the_configuration(server):
    http = HttpClient(server.url)
    assert ImageHost(http, ["w50", "w700", "h632"]).poster_url("/a.jpg").endswith("/w700/a.jpg")
    http.close()


@pytest.mark.parametrize("path", ["", "a.jpg", "/../a.jpg", "//host/a.jpg", "/a.jpg?x", "/a b.jpg"])
def test_path_that_leaves_the_host_is_refused(server, images, path):
    with pytest.raises(FetchError) as caught:
        images.fetch_poster(path)
    assert caught.value.reason is Reason.MALFORMED
    assert server.seen == []


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (lambda s: s.answer(body=b""), Reason.CUT_OFF),
        (lambda s: s.answer(body=b"<!doctype html>"), Reason.WRONG_TYPE),
        (lambda s: s.answer(body=b" <svg/>"), Reason.WRONG_TYPE),
        (lambda s: s.answer(404, b""), Reason.GONE),
        (lambda s: s.answer(403, b""), Reason.FORBIDDEN),
        (lambda s: s.answer(503, b""), Reason.SERVER_ERROR),
        (lambda s: s.answer(429, b""), Reason.RATE_LIMITED),
        (lambda s: s.cut(s.answer(body=b"\xff\xd8", length=900)), Reason.CUT_OFF),
        (lambda s: s.stall(), Reason.TIMEOUT),
        (lambda s: s.reset, Reason.NETWORK),
        (lambda s: s.redirect("file:///etc/passwd"), Reason.FORBIDDEN),
    ],
)
def test_fault_gives_its_reason(server, images, says, script, reason):
    server.reply("/t/p/w500/a.jpg", script(says))
    with pytest.raises(FetchError) as caught:
        images.fetch_poster("/a.jpg")
    assert caught.value.reason is reason
