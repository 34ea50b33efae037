"""Parsers of what hosts send: pages, headers, addresses."""

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from importlib import import_module
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib import robotparser

from fuzzing import Parser

if TYPE_CHECKING:  # the fuzzer imports what it watches by itself
    from pipeline.crawl.monetary_amounts import MonetaryAmount

_PAGE_TOKENS = (
    b"<div id='box_office_summary'>", b"</div>", b"<table id='box_office_mojo'>", b"<tr>", b"<td>",
    b"data-sort-value=''", b"$", b"\xc2\xa3", b"(estimated)", b"<span class='empty_mojo_table'>",
    b"class='gross_world_summary'", b"&nbsp;", b"&#0;", b"<!--", b"<title>Log in</title>", b"M",
)  # fmt: skip


def _page(module: str, function: str) -> Callable[[str], Parser]:
    def load(name: str) -> Parser:
        parse = getattr(import_module(module), function)
        return Parser(name, parse, _studio_pages, _PAGE_TOKENS)

    return load


def _studio_pages() -> list[bytes]:
    from resources.studio.servers.imdbpro_pages import write_summary, write_table

    figures = {
        "currency": "$", "budget": 1_000_000, "opening_weekend": 28_638_131,
        "gross_usa": 600_788_188, "gross_world": 2_264_750_694, "release_date": "1997-12-19",
    }  # fmt: skip
    pages = [write_summary(figures), write_table(figures), write_table(None)]
    details = (
        "<div id='title_heading'><span>Titanic</span> (1997)</div><div id='certificate'>PG-13</div>"
        "<div id='running_time'>3h 14m</div><div id='genres'>Drama, Romance</div>"
        "<div id='title_summary'>Two meet. See more Two part. See less</div>"
        "<div id='rating_breakdown'><span class='a-size-medium'>7.9</span></div>"
        "<div id='ranking_graph_container'></div>"
    )
    walls = "<title>Sign in</title><form name=signIn><input id=ap_email></form>"
    return [page.encode() for page in (*pages, details, walls, "<p>Hello")]


def _text(
    module: str,
    function: str,
    seeds: list[bytes],
    holds: Callable[[object], bool] = lambda result: True,
) -> Callable[[str], Parser]:
    """Load a parser of one text; `holds` must be true of its result."""

    def load(name: str) -> Parser:
        parse = getattr(import_module(module), function)

        def check(data: bytes) -> None:
            result = parse(data.decode("utf-8", "surrogateescape"))
            assert holds(result), f"{result!r}"

        return Parser(name, check, lambda: seeds, tuple(seeds))

    return load


def _is_money(money: "MonetaryAmount | None") -> bool:
    return money is None or (money.amount > 0 and math.isfinite(money.amount))


def _is_wait(seconds: float | None) -> bool:
    return seconds is None or (seconds >= 0 and math.isfinite(seconds))


def _robots(name: str) -> Parser:
    from resources.http.robots import parse_robots

    def check(data: bytes) -> None:
        robots = parse_robots(data.decode("utf-8", "replace"))
        assert robots.allows("https://pro.imdb.com/title/tt0120338/boxoffice") in (True, False)
        assert _is_wait(robots.interval_s)

    seed = b"User-agent: *\nCrawl-delay: 2.5\nRequest-rate: 1/5\nDisallow: /inbox\nAllow: /title/\n"
    tokens = (b"User-agent:", b"Disallow: ", b"Crawl-delay: ", b"Request-rate: ", b"*", b"marquee")
    files = (robotparser.__file__,)
    return Parser(name, check, lambda: [seed, b"", b"<html>"], tokens, also_traced=files)


def _addresses(name: str) -> Parser:
    from resources.http.addresses import explain_rejection, is_direct, is_private

    def check(data: bytes) -> None:
        base, _, url = data.decode("utf-8", "replace").partition("\n")
        # names are not looked up: that would ask a name server for each of them
        objection = explain_rejection(url, base, may_reach_private=True)
        assert isinstance(objection, str)
        assert objection or not url.lower().startswith("file:")
        host = url[:60]
        assert is_direct(host) in (True, False)
        if re.fullmatch(r"[0-9.]+|\[[0-9:]+\]", host) and _is_number(host):
            assert is_private(host) in (True, False)

    seeds = [
        b"https://example.org/3\n/3/movie/1",
        b"http://[::1]:80/\nfile:///etc/passwd",
        b"http://a/\n127.0.0.1",
        b"http://a/\n[::ffff:10.0.0.1]",
        b"http://a\nhttp://b:99999/",
    ]
    tokens = (
        b"//",
        b"@",
        b"[::1]",
        b"0x7f.1",
        b"file:",
        b"javascript:",
        b"%00",
        b"\t",
        b":",
        b"\\",
    )
    return Parser(name, check, lambda: seeds, tokens)


def _is_number(host: str) -> bool:
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _redaction(name: str) -> Parser:
    from resources.http import redaction

    def check(data: bytes) -> None:
        redaction._SECRETS.clear()
        first, second, text = [*data.decode("utf-8", "replace").split("\n", 2), "", ""][:3]
        redaction.keep_secret(first, second)
        shown = redaction.redact(text)
        for secret in (first, second):
            if len(secret) >= redaction.MIN_SECRET_CHARS and not set(secret) & set("[]"):
                assert secret not in shown.replace(redaction.HIDDEN, "\0"), "a secret is shown"

    seeds = [b"secret-key-1\nsecret-key\n/movie/1?api_key=secret-key-1&b=secret-key",
             b"abcdefgh\nefghijkl\nabcdefghijkl"]  # fmt: skip
    return Parser(name, check, lambda: seeds, (b"secret-key", b"[hidden]", b"%2D", b"\n"))


_DATES = [b"Sep 27, 1947", b"Dec 1947", b"1997", b"2020-02-29", b""]
_MONEY = [
    b"$9,693",
    "£430,000".encode(),
    "¥800,000,000".encode(),
    b"CA$1,000",
    b"$1.5M (estimated)",
]
_WAITS = [b"7", b"Wed, 21 Oct 2099 07:28:00 GMT", b"soon", b"-1", b"1e9"]

LOADERS: Mapping[str, Callable[[str], Parser]] = {
    "imdbpro-summary": _page("pipeline.crawl.imdbpro.box_office_page", "parse_box_office"),
    "imdbpro-days": _page("pipeline.crawl.imdbpro.daily_table", "parse_days"),
    "imdbpro-details": _page("pipeline.crawl.imdbpro.details_page", "parse_title_details"),
    "amounts": _text("pipeline.crawl.monetary_amounts", "parse_amount", _MONEY, _is_money),
    "dates": _text(
        "pipeline.crawl.dates", "parse_us_date", _DATES, lambda d: d is None or isinstance(d, date)
    ),
    "retry-after": _text("resources.http.pacing", "read_retry_after_s", _WAITS, _is_wait),
    "robots": _robots,
    "addresses": _addresses,
    "redaction": _redaction,
    "titles": _text(
        "pipeline.crawl.datasets.titles",
        "normalise_title",
        [b"The Good, the Bad & the Ugly", "Amélie".encode(), b"Matrix, The (1999)"],
        lambda title: isinstance(title, str),
    ),
    "watermark": _text(
        "pipeline.crawl.tmdb.watermark", "read_watermark", [b"", b"2020-01-01", b"{}"]
    ),
    "more-or-less": _text(
        "pipeline.crawl.imdbpro.page_text",
        "drop_see_more",
        [b"Two meet. See more Two part. See less"],
    ),
}
