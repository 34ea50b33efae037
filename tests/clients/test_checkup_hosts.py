"""What a host's state means to the operator: every fault is reported apart, with a remedy."""

import socket

import pytest

from resources.doctor import host_checks
from resources.doctor.host_checks import (
    check_image_host,
    check_imdbpro,
    check_tmdb,
    describe_key,
)
from resources.settings import Settings
from resources.sources.source import Source

V3_KEY = "00112233445566778899aabbccddeeff"
V4_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"
COOKIE = "at-main=Atza-very-secret-session"
PAGE = "/title/tt0120338/boxoffice"
TMDB = Source("tmdb", "TMDB", is_studio=False)
CONFIGURATION = b'{"images": {"secure_base_url": "https://i/", "poster_sizes": ["w92", "w500"]}}'


@pytest.fixture(autouse=True)
def _short_wait(monkeypatch):
    monkeypatch.setattr(host_checks, "TIMEOUT_S", 0.3)


def ask_tmdb(url, key=V3_KEY):
    (finding,) = check_tmdb(Settings(tmdb_api_url=url, tmdb_api_key=key), TMDB)
    assert key not in str(finding)
    return finding


def ask_imdbpro(url, cookie=COOKIE):
    (finding,) = check_imdbpro(Settings(imdbpro_url=url, imdbpro_cookie=cookie), TMDB)
    assert "Atza-very-secret" not in str(finding)
    return finding


def unused_address():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


@pytest.mark.parametrize(("key", "kind"), [(V3_KEY, "a v3 key"), (V4_TOKEN, "a v4 token")])
def test_key_that_works_is_reported_to_be_of_its_kind(server, key, kind):
    server.reply("/configuration", body=CONFIGURATION)
    finding = ask_tmdb(server.url, key)
    assert finding.is_ok
    assert finding.detail == f"{kind} works; posters come in 2 sizes"


def test_key_of_no_known_form_is_reported_to_be_so():
    assert "5 characters" in describe_key("abcde")


def test_missing_key_is_no_fault_and_says_what_one_would_give():
    (finding,) = check_tmdb(Settings(), Source("studio x", "built-in studio", is_studio=True))
    assert finding.is_ok is None
    assert "TMDB_API_KEY" in finding.remedy


@pytest.mark.parametrize(
    ("script", "detail", "remedy"),
    [
        (lambda s: s.answer(401, b'{"status_code": 7}'), "refuses the key", "TMDB_API_KEY"),
        (
            lambda s: s.answer(503, b'{"status_code": 46, "status_message": "Back soon."}'),
            "maintenance",
            "later",
        ),
        (lambda s: s.answer(503, b""), "HTTP 503", "host has to fix it"),
        (lambda s: s.answer(429, b'{"status_code": 25}'), "HTTP 429", "REQUESTS_PER_S"),
        (lambda s: s.answer(404, b""), "does not answer as TMDB", "TMDB_API_URL"),
        (lambda s: s.answer(body=b"<html>Log in to WiFi"), "got a page", "TMDB_API_URL"),
        (lambda s: s.answer(body=b"{}"), "does not answer as TMDB", "TMDB_API_URL"),
        (lambda s: s.answer(body=b"[1"), "does not answer as TMDB", "TMDB_API_URL"),
        (lambda s: s.redirect("file:///etc/passwd"), "address rejected", "address"),
        (lambda s: s.stall(), "does not respond as expected", "HTTPS_PROXY"),
        (lambda s: s.reset, "no connection", "HTTPS_PROXY"),
        (lambda s: s.cut(s.answer(body=b"{", length=900)), "broke inside", "HTTPS_PROXY"),
        (lambda s: s.drip(), "does not respond as expected", "HTTPS_PROXY"),
    ],
)
def test_fault_of_tmdb_is_reported_apart(server, says, script, detail, remedy):
    server.reply("/configuration", script(says))
    finding = ask_tmdb(server.url)
    assert finding.is_ok is False
    assert detail in finding.detail
    assert remedy in finding.remedy


def test_wrong_key_is_reported_to_look_like_a_v4_token_where_it_does(server):
    server.reply("/configuration", status=401, body=b'{"status_code": 7}')
    assert "the value is a v4 token" in ask_tmdb(server.url, V4_TOKEN).detail


@pytest.mark.parametrize("url", [None, "http://no-such-host.invalid"])
def test_tmdb_out_of_reach_is_a_matter_of_the_connection(url):
    finding = ask_tmdb(url or unused_address())
    assert finding.is_ok is False
    assert "connection" in finding.detail
    assert "proxy" in finding.remedy


def test_image_host_that_knows_no_such_picture_lives(server):
    (finding,) = check_image_host(Settings(tmdb_image_url=server.url))
    assert finding.is_ok


@pytest.mark.parametrize("status", [500, 503, 429])
def test_image_host_that_is_down_is_reported_to_be(server, status):
    server.reply("/", status=status)
    (finding,) = check_image_host(Settings(tmdb_image_url=server.url))
    assert finding.is_ok is False
    assert f"HTTP {status}" in finding.detail
    assert finding.remedy


def test_imdbpro_without_a_cookie_is_asked_nothing(server):
    finding = ask_imdbpro(server.url, "")
    assert finding.is_ok is None
    assert "IMDBPRO_COOKIE" in finding.remedy
    assert server.seen == []


def test_session_that_is_logged_in_works(server):
    server.reply("/robots.txt", status=404)
    server.reply(PAGE, body=b"<div id=box_office_summary></div><div id=box_office_details>")
    assert ask_imdbpro(server.url).is_ok
    assert dict(server.count()) == {"/robots.txt": 1, PAGE: 1}


@pytest.mark.parametrize(
    ("script", "detail", "remedy"),
    [
        (lambda s: s.answer(401, b""), "refuses the session", "Log in"),
        (lambda s: s.answer(body=b"<title>Log in</title>"), "login page", "Log in"),
        (lambda s: s.answer(body=b"<div id=captcha-container>"), "robot", "browser"),
        (lambda s: s.answer(403, b""), "blocked", "browser"),
        (lambda s: s.answer(body=b"<title>News</title><p>Hello"), "layout", "Unset"),
        (lambda s: s.answer(503, b""), "HTTP 503", "later"),
        (lambda s: s.stall(), "does not respond as expected", "HTTPS_PROXY"),
    ],
)
def test_fault_of_imdbpro_is_reported_apart(server, says, script, detail, remedy):
    server.reply("/robots.txt", status=404)
    server.reply(PAGE, script(says))
    finding = ask_imdbpro(server.url)
    assert finding.is_ok is False
    assert detail in finding.detail
    assert remedy in finding.remedy


def test_robots_txt_that_keeps_us_out_is_reported_to(server):
    server.reply("/robots.txt", body=b"User-agent: *\nDisallow: /", content_type="text/plain")
    finding = ask_imdbpro(server.url)
    assert finding.is_ok is False
    assert "robots.txt" in finding.detail
    assert "Unset IMDBPRO_COOKIE" in finding.remedy
