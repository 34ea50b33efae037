"""The IMDbPro client against scripted pages."""

import time
import traceback

import pytest

from pipeline.crawl.imdbpro import BoxOffice, Money
from pipeline.errors import CredentialError, FetchError, RecordError, SourceError
from pipeline.outcomes import Reason
from resources.http import HttpClient
from resources.imdbpro import ImdbPro, open_imdbpro

COOKIE = "session-id=143-1234567-7654321; at-main=Atza-very-secret"
PAGE = "/title/tt0120338/boxoffice"
SUMMARY = (
    "<div id=box_office_summary><div class=gross_world_summary>"
    "<div class='a-column a-span5 a-text-right a-span-last'>$2,264,750,694</div></div></div>"
)


@pytest.fixture
def imdbpro(server):
    server.reply("/robots.txt", body=b"User-agent: *\nDisallow: /inbox", content_type="text/plain")
    http = HttpClient(server.url, timeout_s=0.3, max_attempts=1)
    client = ImdbPro(http, COOKIE)
    yield client
    client.close()


def test_figures_are_read_with_the_session(server, imdbpro):
    server.reply(PAGE, body=SUMMARY.encode(), content_type="text/html")
    assert imdbpro.box_office("tt0120338") == BoxOffice(
        gross_worldwide=Money(2_264_750_694.0, "USD")
    )
    assert server.seen[-1][1]["cookie"] == COOKIE


@pytest.mark.parametrize("cookie", ["", None, "  "])
def test_nothing_is_asked_without_a_cookie(server, cookie):
    client = ImdbPro(HttpClient(server.url), cookie)
    assert client.box_office("tt0120338") is None
    assert not client.is_on
    assert server.seen == []
    client.close()


@pytest.mark.parametrize(
    ("script", "error", "words"),
    [
        (lambda s: s.answer(401, b""), CredentialError, "IMDBPRO_COOKIE"),
        (lambda s: s.answer(body=b"<title>Log in</title>"), CredentialError, "IMDBPRO_COOKIE"),
        (lambda s: s.answer(body=b"<div id=captcha-container>"), SourceError, "robot"),
        (lambda s: s.answer(body=b"<p>Hello"), RecordError, "layout"),
        (lambda s: s.answer(404, b""), FetchError, "gone"),
        (lambda s: s.answer(403, b""), FetchError, "forbidden"),
        (lambda s: s.answer(429, b""), FetchError, "rate_limited"),
        (lambda s: s.answer(503, b""), FetchError, "server_error"),
        (lambda s: s.cut(s.answer(body=b"<div", length=900)), FetchError, "cut_off"),
        (lambda s: s.stall(), FetchError, "timeout"),
        (lambda s: s.reset, FetchError, "network"),
    ],
)
def test_fault_is_told_apart_and_hides_the_cookie(server, imdbpro, says, script, error, words):
    server.reply(PAGE, script(says))
    with pytest.raises(error, match=words) as caught:
        imdbpro.box_office("tt0120338")
    shown = "".join(traceback.format_exception(caught.value))
    assert "Atza-very-secret" not in shown
    assert "143-1234567-7654321" not in shown


@pytest.mark.parametrize("imdb_id", ["", "0120338", "tt1/../../inbox", "tt0120338?x"])
def test_id_that_is_none_is_refused(server, imdbpro, imdb_id):
    with pytest.raises(FetchError) as caught:
        imdbpro.box_office(imdb_id)
    assert caught.value.reason is Reason.MALFORMED
    assert server.seen == []


def test_robots_txt_is_asked_once_and_kept(server, imdbpro):
    server.reply("/robots.txt", body=b"User-agent: marquee\nDisallow: /title/")
    server.reply(PAGE, body=SUMMARY.encode())
    for _ in range(2):
        with pytest.raises(SourceError, match=r"robots\.txt"):
            imdbpro.box_office("tt0120338")
    assert dict(server.count()) == {"/robots.txt": 1}


@pytest.mark.parametrize(("status", "is_allowed"), [(404, True), (410, True), (403, False)])
def test_missing_robots_txt_allows_and_forbidden_one_does_not(server, imdbpro, status, is_allowed):
    server.reply("/robots.txt", status=status)
    server.reply(PAGE, body=SUMMARY.encode())
    if is_allowed:
        assert imdbpro.box_office("tt0120338").gross_worldwide is not None
    else:
        with pytest.raises(SourceError, match=r"robots\.txt"):
            imdbpro.box_office("tt0120338")


def test_unreachable_robots_txt_is_asked_again(server, imdbpro, says):
    server.reply("/robots.txt", says.answer(503), says.answer(404))
    server.reply(PAGE, body=SUMMARY.encode())
    with pytest.raises(FetchError):
        imdbpro.box_office("tt0120338")
    assert imdbpro.box_office("tt0120338") is not None


def test_pace_can_be_set(server):
    server.reply(PAGE, body=SUMMARY.encode())
    client = open_imdbpro(server.url, COOKIE, requests_per_s=5)
    began = time.monotonic()
    for _ in range(4):
        client.box_office("tt0120338")
    assert time.monotonic() - began > 0.7
    client.close()


def test_this_machine_is_not_paced(server):
    server.reply(PAGE, body=SUMMARY.encode())
    client = open_imdbpro(server.url, COOKIE)
    began = time.monotonic()
    for _ in range(10):
        client.box_office("tt0120338")
    assert time.monotonic() - began < 1
    client.close()
