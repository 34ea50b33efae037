"""The HTTP library as we use it: one pooled session, bodies as they arrive, its errors as ours."""

from collections.abc import Callable, Iterator
from http.cookiejar import DefaultCookiePolicy
from typing import TypeVar

import requests
import urllib3

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.addresses import SCHEMES
from resources.http.wire import Rules, guard

MAX_REDIRECTS = 5
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


def open_session(
    base_url: str, user_agent: str, rules: Rules, *, is_near: bool
) -> requests.Session:
    """Open a session that reads proxies and certificates once, not at every request.

    Args:
        base_url: Decides which proxy.
        user_agent: Sent with every request.
        rules: What its connections keep to.
        is_near: Whether the host is on this machine or network: then no proxy leads to it.
    """
    session = requests.Session()
    found = session.merge_environment_settings(base_url, {}, None, None, None)
    session.proxies = {} if is_near else dict(found["proxies"])
    session.verify = found["verify"]
    session.trust_env = False
    session.max_redirects = MAX_REDIRECTS
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"})
    for scheme in SCHEMES:
        adapter = requests.adapters.HTTPAdapter(pool_maxsize=POOL_CONNECTIONS)
        guard(adapter, rules)
        session.mount(f"{scheme}://", adapter)
    return session


def read_chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield what is there as soon as it is there, so that a drip cannot hold a thread."""
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        yield chunk


def translate_errors(where: str, act: Callable[[], _T]) -> _T:
    """Act; the library's errors, whose texts hold whole addresses with keys, become ours.

    Ours is raised after theirs is forgotten, so that no traceback shows it either.

    Raises:
        FetchError: The library failed.
    """
    try:
        return act()
    except (requests.RequestException, urllib3.exceptions.HTTPError, UnicodeError) as error:
        reason, what = next((r, w) for kinds, r, w in _FAILURES if isinstance(error, kinds))
    raise FetchError(reason, f"{what} at {where}")
