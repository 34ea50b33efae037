"""IMDbPro behind the cookie of a logged-in session: off without one, slow and polite with one."""

import logging
import threading
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from pipeline.core.errors import CredentialError, FetchError, RecordError, SourceError
from pipeline.core.movie_ids import IMDB_ID
from pipeline.core.outcomes import Reason
from pipeline.crawl.imdbpro.box_office_page import BoxOffice, parse_box_office
from pipeline.crawl.imdbpro.daily_table import Days, parse_days
from pipeline.crawl.imdbpro.details_page import Details, parse_title_details
from pipeline.crawl.imdbpro.login_walls import COOKIE_REMEDY, LOGIN_ADDRESS, find_wall, logged_out
from resources.clock import CLOCK, Clock
from resources.http.client import HttpClient, Response
from resources.http.pacing import Turns
from resources.http.redaction import keep_secret, redact
from resources.http.robots import Robots, read_robots
from resources.http.transport import HttpStatusError

LOG = logging.getLogger("marquee")

REQUESTS_PER_S = 0.5
"""One request in two seconds."""

NOTICE = (
    "IMDbPro is on: its pages are read with your session, one request in two seconds. "
    "Its terms of use are yours to keep; unset IMDBPRO_COOKIE to do without it."
)
"""What a user reads once where a cookie is configured."""

SUMMARY_PAGE = "/title/{imdb_id}/boxoffice"
DAYS_PAGE = "/title/{imdb_id}/boxoffice/_ajax"
DETAILS_PAGE = "/title/{imdb_id}/details"

_T = TypeVar("_T")


class ImdbPro:
    """IMDbPro's pages of one title; safe to share between threads.

    Every page may raise:
        CredentialError: The session has ended, or its account has no membership.
        SourceError: We are blocked, asked for consent, down, or kept out by robots.txt.
        FetchError: This page failed.
        RecordError: This page is not laid out as known.

    Args:
        http: Client of the base address, such as `https://pro.imdb.com`.
        cookie: The `Cookie` header of a logged-in session; without one nothing is ever requested.
    """

    def __init__(self, http: HttpClient, cookie: str | None):
        self._http = http
        self._cookie = (cookie or "").strip()
        keep_secret(self._cookie, *_values_of(self._cookie))
        if not self._cookie.isprintable() or not self._cookie.isascii():
            raise CredentialError(
                "IMDBPRO_COOKIE holds characters that no cookie has. Copy the value of the "
                "Cookie header alone, in one line."
            )
        self._lock = threading.Lock()
        self._robots: Robots | None = None

    @property
    def is_on(self) -> bool:
        """Whether a cookie is configured."""
        return bool(self._cookie)

    def box_office(self, imdb_id: str) -> BoxOffice | None:
        """Request one movie's figures, with one request; None where IMDbPro is off."""
        if not self.is_on:
            return None
        return self._read(parse_box_office, SUMMARY_PAGE, imdb_id)

    def days(self, imdb_id: str) -> Days | None:
        """Request the table of one movie's domestic run, with one request; None where off.

        The table belongs to the summary's page and requires it as the Referer.
        """
        if not self.is_on:
            return None
        return self._read(parse_days, DAYS_PAGE, imdb_id, referer=SUMMARY_PAGE)

    def title_details(self, imdb_id: str) -> Details | None:
        """Request one movie's details, with one request; None where IMDbPro is off."""
        if not self.is_on:
            return None
        return self._read(parse_title_details, DETAILS_PAGE, imdb_id)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _read(self, parse: Callable[[bytes], _T], page: str, imdb_id: str, **asked: str) -> _T:
        """Request and parse; what a message quotes of the page may repeat the cookie."""
        answer = self._get(page, imdb_id, **asked)
        try:
            return parse(answer.body)
        except RecordError as error:
            reason, detail = error.reason, redact(error.detail)
        raise RecordError(reason, detail)

    def _get(self, page: str, imdb_id: str, *, referer: str | None = None) -> Response:
        """Request a page; a title that has moved is requested again under its new id."""
        if not IMDB_ID.fullmatch(imdb_id):
            raise FetchError(Reason.MALFORMED, f"{imdb_id[:20]!r} is not an IMDb id")
        answer = self._ask(page, imdb_id, referer)
        # a redirect is followed without the cookie, so what came is a stranger's page
        moved_to = next(iter(_ids_in(answer.url) - {imdb_id}), None)
        if moved_to:
            answer = self._ask(page, moved_to, referer)
        if LOGIN_ADDRESS.search(urlsplit(answer.url).path):
            raise logged_out()
        return answer

    def _ask(self, page: str, imdb_id: str, referer: str | None) -> Response:
        path = page.format(imdb_id=imdb_id)
        self._keep_robots(path)
        headers = {"Cookie": self._cookie}
        if referer:
            headers["Referer"] = self._http.base_url + referer.format(imdb_id=imdb_id)
        try:
            return self._http.get(path, headers=headers)
        except HttpStatusError as error:
            if error.status == 401:
                raise CredentialError(
                    f"IMDbPro refuses the session (HTTP 401). {COOKIE_REMEDY}"
                ) from error
            wall = find_wall(LexborHTMLParser(error.body))
            if wall is not None:
                raise wall from error
            raise

    def _keep_robots(self, path: str) -> None:
        with self._lock:
            if self._robots is None:
                self._robots = self._read_robots()
        if not self._robots.allows(f"{self._http.base_url}{path}"):
            raise SourceError(
                f"robots.txt of {self._http.base_url} does not allow {path}. "
                "Unset IMDBPRO_COOKIE to do without IMDbPro."
            )

    def _read_robots(self) -> Robots:
        robots = read_robots(self._http)
        if robots.interval_s > 1 / REQUESTS_PER_S:
            LOG.warning("IMDbPro wants %.0f s between two requests; so be it.", robots.interval_s)
        if robots.interval_s > 0:
            self._http.limit_to(1 / robots.interval_s)
        return robots


def open_imdbpro(
    url: str,
    cookie: str | None,
    *,
    requests_per_s: float | None = None,
    turns: Turns | None = None,
    clock: Clock = CLOCK,
) -> ImdbPro:
    """Open IMDbPro at its polite pace; a base address on this machine is not paced.

    Args:
        url: Base address.
        cookie: See `ImdbPro`.
        requests_per_s: Another pace.
        turns: Turns of that pace, where other processes share it.
        clock: For waits and pauses.
    """
    given = {"secrets": (cookie,) if cookie else (), "may_reject_items": False, "clock": clock}
    http = HttpClient(url, **given)
    if requests_per_s is None and http.is_near:
        return ImdbPro(http, cookie)
    http.close()
    rate_per_s = requests_per_s or REQUESTS_PER_S
    return ImdbPro(HttpClient(url, rate_per_s=rate_per_s, turns=turns, **given), cookie)


def _ids_in(url: str) -> set[str]:
    """Return the titles that an address names, also where it names the page to come back to."""
    return set(IMDB_ID.findall(unquote(unquote(url))))


def _values_of(cookie: str) -> list[str]:
    """Return the values inside a `Cookie` header: each is as secret as the whole."""
    values = [pair.partition("=")[2].strip() for pair in cookie.split(";")]
    return [value for value in values if len(value) >= 8]
