"""The HTTP library as we use it: one pooled session, bodies as they arrive, errors as reasons."""

from collections.abc import Callable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar

import requests
import urllib3
from requests.adapters import HTTPAdapter

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.addresses import SCHEMES
from resources.http.wire import ConnectionRules, guard_session

CHUNK_BYTES = 64 * 1024
POOL_CONNECTIONS = 64
"""Connections kept open per host: at least as many as threads ever ask at once."""

_T = TypeVar("_T")

_FAILURES = (
    (requests.TooManyRedirects, Reason.SERVER_ERROR, "redirects without end"),
    ((requests.Timeout, urllib3.exceptions.TimeoutError), Reason.TIMEOUT, "no answer in time"),
    (urllib3.exceptions.ProtocolError, Reason.CUT_OFF, "the connection broke inside the body"),
    (urllib3.exceptions.DecodeError, Reason.CUT_OFF, "the compressed body is damaged"),
    (requests.exceptions.SSLError, Reason.NETWORK, "no secure connection"),
    (requests.ConnectionError, Reason.NETWORK, "no connection, or broken before an answer"),
    (urllib3.exceptions.HTTPError, Reason.NETWORK, "the answer cannot be read"),
    (requests.RequestException, Reason.FORBIDDEN, "the address cannot be read"),
    (UnicodeError, Reason.FORBIDDEN, "the address cannot be read"),
)
"""What each of the library's errors stands for; the first that fits counts."""


def open_session(user_agent: str, rules: ConnectionRules, *, is_near: bool) -> requests.Session:
    """Open a session that reads proxies and certificates once, not at every request.

    Args:
        user_agent: Sent with every request.
        rules: Limits of its connections; its base address decides which proxy.
        is_near: Whether the host is on this machine or network: then no proxy leads to it.
    """
    session = requests.Session()
    found = session.merge_environment_settings(rules.base_url, {}, None, None, None)
    session.proxies = {} if is_near else dict(found["proxies"])
    session.verify = found["verify"]
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"})
    for scheme in SCHEMES:
        session.mount(f"{scheme}://", HTTPAdapter(pool_maxsize=POOL_CONNECTIONS))
    guard_session(session, rules)
    return session


def read_chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield what is there as soon as it is there, so that a drip cannot hold a thread."""
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        yield chunk


def translate_errors(where: str, act: Callable[[], _T]) -> _T:
    """Call `act` and turn the library's errors, whose texts hold addresses with keys, into ours.

    Ours is raised after theirs is dropped, so that no traceback shows it either.

    Raises:
        FetchError: The library failed.
    """
    try:
        return act()
    except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        reason, what = next((r, w) for kinds, r, w in _FAILURES if isinstance(error, kinds))
    raise FetchError(reason, f"{what} at {where}")


_REASONS = {
    404: Reason.GONE,
    410: Reason.GONE,
    451: Reason.GEO_BLOCKED,
    407: Reason.NETWORK,  # the proxy wants a name: between us and the host
    408: Reason.TIMEOUT,
    429: Reason.RATE_LIMITED,
    # a state of the server that passes. Source: RFC 9110, 4918 and 8470.
    **dict.fromkeys((409, 421, 423, 424, 425), Reason.SERVER_ERROR),
}


class HttpStatusError(FetchError):
    """The server responded with an error; carries the body, for the source's own reader."""

    def __init__(
        self, reason: Reason, detail: str, status: int, body: bytes, wait_s: float | None = None
    ):
        super().__init__(reason, detail)
        self.status = status
        self.body = body
        self.wait_s = wait_s


def reason_of_status(status: int) -> Reason:
    """Return the reason that an HTTP error status stands for.

    Example:
        >>> [reason_of_status(status).value for status in (404, 403, 429, 503)]
        ['gone', 'forbidden', 'rate_limited', 'server_error']
    """
    if status in _REASONS:
        return _REASONS[status]
    if 400 <= status < 500:
        return Reason.FORBIDDEN
    return Reason.SERVER_ERROR if status >= 500 else Reason.UNEXPECTED
