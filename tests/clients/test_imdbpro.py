"""The IMDbPro client against scripted pages."""

import traceback

import pytest

from pipeline.core.errors import CredentialError, FetchError, RecordError, SourceError
from pipeline.core.outcomes import Reason
from pipeline.crawl.imdbpro.box_office_page import BoxOffice
from pipeline.crawl.monetary_amounts import MonetaryAmount
from resources.http.client import HttpClient
from resources.sources.imdbpro import ImdbPro, open_imdbpro

COOKIE = "session-id=143-1234567-7654321; at-main=Atza-very-secret"
PAGE = "/title/tt0120338/boxoffice"
SUMMARY = (
    "<div id=box_office_summary><div class=gross_world_summary>"
    "<div class='a-column a-span5 a-text-right a-span-last'>$2,264,750,694</div></div></div>"
)


@pytest.fixture
def imdbpro(server):
    server.reply("/robots.txt", body=b"User-agent: *\nDisallow: /inbox", content_type="text/plain")
    http = HttpClient(server.url, max_attempts=1)
    client = ImdbPro(http, COOKIE)
    yield client
    client.close()


def test_figures_are_read_with_the_session(server, imdbpro):
    server.reply(PAGE, body=SUMMARY.encode(), content_type="text/html")
    assert imdbpro.box_office("tt0120338") == BoxOffice(
        gross_worldwide=MonetaryAmount(2_264_750_694.0, "USD")
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
        (lambda s: s.answer(503, b"<title>Robot Check</title>"), SourceError, "robot"),
        (lambda s: s.answer(403, b"<div id=challenge-container>"), SourceError, "robot"),
        (lambda s: s.answer(body=b"<title>Before you continue</title>"), SourceError, "consent"),
        (lambda s: s.answer(body=b""), RecordError, "bot_check: .*empty page"),
        (lambda s: s.answer(body=b"<p>Hello"), RecordError, "layout"),
        (lambda s: s.answer(404, b""), FetchError, "gone"),
        (lambda s: s.answer(403, b""), FetchError, "forbidden"),
        (lambda s: s.answer(429, b""), FetchError, "rate_limited"),
        (lambda s: s.answer(503, b""), FetchError, "server_error"),
        (lambda s: s.cut(s.answer(body=b"<div", length=900)), FetchError, "cut_off"),
        (lambda s: s.reset, FetchError, "network"),
    ],
)
def test_fault_has_its_own_error_and_hides_the_cookie(server, imdbpro, says, script, error, words):
    server.reply(PAGE, script(says))
    with pytest.raises(error, match=words) as caught:
        imdbpro.box_office("tt0120338")
    shown = "".join(traceback.format_exception(caught.value))
    assert "Atza-very-secret" not in shown
    assert "143-1234567-7654321" not in shown


def test_silent_host_is_a_timeout(server, says):
    server.reply(PAGE, says.stall())
    client = ImdbPro(HttpClient(server.url, timeout_s=0.2, max_attempts=1), COOKIE)
    with pytest.raises(FetchError, match="timeout"):
        client.box_office("tt0120338")
    client.close()


def test_message_that_quotes_a_page_hides_a_cookie_that_the_page_repeats(server, imdbpro):
    server.reply(PAGE, body=f"<title>Dear {COOKIE}</title><p>Hello".encode())
    with pytest.raises(RecordError, match="titled") as caught:
        imdbpro.box_office("tt0120338")
    assert "Atza-very-secret" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("cookie", ["a=b\nX-Other: c", "a=\x00b", "sessiön=1"])
def test_cookie_that_is_none_is_refused_before_anything_is_asked(server, cookie):
    http = HttpClient(server.url)
    with pytest.raises(CredentialError, match="IMDBPRO_COOKIE"):
        ImdbPro(http, cookie)
    http.close()
    assert server.seen == []


def test_redirect_to_a_sign_in_page_is_a_log_out(server, imdbpro, says):
    server.reply(PAGE, says.redirect("/ap/signin?return_to=/title/tt0120338/boxoffice"))
    server.reply("/ap/signin", body=b"<p>Welcome back")
    with pytest.raises(CredentialError, match="IMDBPRO_COOKIE"):
        imdbpro.box_office("tt0120338")


def test_cookie_does_not_follow_a_redirect(server, imdbpro, says):
    server.reply(PAGE, says.redirect("/ap/signin"))
    server.reply("/ap/signin", body=b"<p>Welcome back")
    with pytest.raises(CredentialError):
        imdbpro.box_office("tt0120338")
    assert "cookie" not in server.seen[-1][1]


@pytest.mark.parametrize("shown", ["/title/tt0120339/boxoffice", "/login?u=%2Ftitle%2Ftt0120339"])
def test_title_that_has_moved_is_asked_for_under_its_new_id(server, imdbpro, says, shown):
    server.reply(PAGE, says.redirect(shown, 301))
    moved = "/title/tt0120339/boxoffice"

    def answer(talk, target, headers):
        is_us = headers.get("cookie") == COOKIE
        body = SUMMARY.encode() if is_us else b"<title>Log in</title>"
        talk.request.sendall(says.answer(body=body))

    server.routes[moved] = server.routes["/login"] = answer
    assert imdbpro.box_office("tt0120338").gross_worldwide is not None
    assert server.count()[moved] in (1, 2)


def test_table_of_days_is_asked_for_by_the_summarys_page(server, imdbpro):
    row = "".join(f"<td data-sort-value='{key}'>$5</td>"
                  for key in ("1997-12-19", 5, "", "", 2674, 1, 5))  # fmt: skip
    server.reply(f"{PAGE}/_ajax", body=f"<table id=box_office_mojo><tr>{row}</tr></table>".encode())
    days = imdbpro.days("tt0120338")
    assert (days.widest_theatres, days.currency) == (2674, "USD")
    assert server.seen[-1][1]["referer"] == f"{server.url}{PAGE}"
    assert server.seen[-1][1]["cookie"] == COOKIE


def test_details_are_read(server, imdbpro):
    page = b"<h1 id=title_heading><span>Titanic</span></h1><b id=genres>Drama, Romance</b>"
    server.reply("/title/tt0120338/details", body=page)
    assert imdbpro.title_details("tt0120338").genres == ("Drama", "Romance")


@pytest.mark.parametrize("page", ["days", "title_details"])
def test_no_other_page_is_asked_for_without_a_cookie_either(server, page):
    client = ImdbPro(HttpClient(server.url), "")
    assert getattr(client, page)("tt0120338") is None
    assert server.seen == []
    client.close()


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


def go(client, times):
    for _ in range(times):
        assert client.box_office("tt0120338") is not None
    client.close()


def test_pace_can_be_set(server, clock):
    server.reply(PAGE, body=SUMMARY.encode())
    go(open_imdbpro(server.url, COOKIE, requests_per_s=2, clock=clock), 3)
    assert clock.slept_s == [0.5, 0.5, 0.5]  # robots.txt is a request as well


@pytest.mark.parametrize(
    ("rule", "interval_s"),
    [("Crawl-delay: 0.3", 1.0), ("Crawl-delay: 7", 7.0), ("Request-rate: 1/5", 5.0)],
)
def test_robots_txt_may_ask_for_a_slower_pace(server, clock, rule, interval_s):
    server.reply("/robots.txt", body=f"User-agent: *\n{rule}\nDisallow: /inbox".encode())
    server.reply(PAGE, body=SUMMARY.encode())
    go(open_imdbpro(server.url, COOKIE, clock=clock), 3)
    assert clock.slept_s == pytest.approx([interval_s] * 2)


def test_robots_txt_does_not_make_us_faster(server, clock):
    server.reply("/robots.txt", body=b"User-agent: *\nRequest-rate: 100/1\nDisallow: /inbox")
    server.reply(PAGE, body=SUMMARY.encode())
    go(open_imdbpro(server.url, COOKIE, requests_per_s=4, clock=clock), 3)
    assert clock.slept_s == [0.25, 0.25, 0.25]


def test_this_machine_is_not_paced(server, clock):
    server.reply(PAGE, body=SUMMARY.encode())
    go(open_imdbpro(server.url, COOKIE, clock=clock), 10)
    assert clock.slept_s == []
