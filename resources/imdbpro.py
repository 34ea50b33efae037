"""IMDbPro behind the cookie of a logged-in session: off without one, slow and polite with one.

What belongs here: addresses, the cookie and robots.txt. What does not: what the page means (see
`pipeline.crawl.imdbpro`).
"""

import re
import threading
from urllib.robotparser import RobotFileParser

from pipeline.crawl.imdbpro import BoxOffice, parse_box_office
from pipeline.errors import CredentialError, FetchError, SourceError
from pipeline.outcomes import Reason
from resources.http import USER_AGENT, HttpClient
from resources.http_status import HttpStatusError
from resources.redaction import keep_secret

REQUESTS_PER_S = 0.5
"""One request in two seconds."""

NOTICE = (
    "IMDbPro is on: its pages are read with your session, one request in two seconds. "
    "Its terms of use are yours to keep; unset IMDBPRO_COOKIE to do without it."
)
"""What a user is told once where a cookie is configured."""

_IMDB_ID = re.compile(r"tt[0-9]{7,10}")


class ImdbPro:
    """IMDbPro's box-office pages.

    Args:
        http: Client of the base address, such as `https://pro.imdb.com`.
        cookie: The `Cookie` header of a logged-in session; without one nothing is ever asked.
    """

    def __init__(self, http: HttpClient, cookie: str | None):
        self._http = http
        self._cookie = (cookie or "").strip()
        keep_secret(self._cookie, *_values_of(self._cookie))
        self._lock = threading.Lock()
        self._robots: RobotFileParser | None = None

    @property
    def is_on(self) -> bool:
        """Whether a cookie is configured."""
        return bool(self._cookie)

    def box_office(self, imdb_id: str) -> BoxOffice | None:
        """Ask for one movie's figures; None where IMDbPro is off.

        Raises:
            CredentialError: The session has ended.
            SourceError: We are blocked, down, or kept out by robots.txt.
            FetchError: This page could not be had.
            RecordError: This page is not laid out as known.
        """
        if not self.is_on:
            return None
        if not _IMDB_ID.fullmatch(imdb_id):
            raise FetchError(Reason.MALFORMED, f"{imdb_id[:20]!r} is not an IMDb id")
        path = f"/title/{imdb_id}/boxoffice"
        self._check_robots(path)
        try:
            answer = self._http.get(path, headers={"Cookie": self._cookie})
        except HttpStatusError as error:
            if error.status == 401:
                raise CredentialError(
                    "IMDbPro refuses the session (HTTP 401). Log in and set IMDBPRO_COOKIE to the "
                    "new cookie, or unset it to do without IMDbPro."
                ) from error
            raise
        return parse_box_office(answer.body)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def _check_robots(self, path: str) -> None:
        with self._lock:
            if self._robots is None:
                self._robots = self._read_robots()
        if not self._robots.can_fetch(USER_AGENT, f"{self._http.base_url}{path}"):
            raise SourceError(
                f"robots.txt of {self._http.base_url} does not allow {path}. "
                "Unset IMDBPRO_COOKIE to do without IMDbPro."
            )

    def _read_robots(self) -> RobotFileParser:
        """Read the rules; a missing file allows everything, a forbidden one nothing."""
        robots = RobotFileParser()
        try:
            robots.parse(
                self._http.get_bytes("/robots.txt").decode("utf-8", "replace").splitlines()
            )
        except HttpStatusError as error:
            if error.reason is Reason.GONE:
                robots.allow_all = True
            elif error.reason is Reason.FORBIDDEN:
                robots.disallow_all = True
            else:
                raise
        return robots


def open_imdbpro(url: str, cookie: str | None, *, requests_per_s: float | None = None) -> ImdbPro:
    """Open IMDbPro at its polite pace; a base address on this machine is not paced.

    Args:
        url: Base address.
        cookie: See `ImdbPro`.
        requests_per_s: Another pace.
    """
    http = HttpClient(url, secrets=(cookie,) if cookie else ())
    if requests_per_s is None and http.is_near:
        return ImdbPro(http, cookie)
    http.close()
    return ImdbPro(HttpClient(url, rate_per_s=requests_per_s or REQUESTS_PER_S), cookie)


def _values_of(cookie: str) -> list[str]:
    """Give the values inside a `Cookie` header: each is as secret as the whole."""
    values = [pair.partition("=")[2].strip() for pair in cookie.split(";")]
    return [value for value in values if len(value) >= 8]
