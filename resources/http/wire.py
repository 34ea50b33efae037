"""The guard of every HTTP session: which URLs and peers it may reach, and how much it reads.

HttpClient and yt-dlp's handler share it (`guard_session`).
"""

import http.client
import io
import socket
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.addresses import explain_rejection, is_private_number
from resources.http.redaction import redact

HEAD_BYTES = 1024 * 1024
"""What status lines, headers and chunk sizes may add to a body."""

MAX_REDIRECTS = 5


@dataclass
class ConnectionRules:
    """Limits of every connection of one session; shared between its threads.

    Attributes:
        base_url: Configured address: its host may lie anywhere.
        max_response_s: Maximum time of one response, from its first byte to the last of its body.
        max_response_bytes: Maximum size of one response on the wire.
        may_reach_private: Whether other hosts may lie in a private network. None: only where
            the configured host does, which its first connection shows.
        trusts_home: Whether the configured host may lie in a private network itself; not where
            a person gave the address and nobody configured it.
    """

    base_url: str
    max_response_s: float
    max_response_bytes: int
    may_reach_private: bool | None = None
    trusts_home: bool = True

    @cached_property
    def home(self) -> tuple[str, int]:
        """Host and port of the configured address.

        Example:
            >>> ConnectionRules("https://example.org/3", 9.0, 10).home
            ('example.org', 443)
        """
        parts = urlsplit(self.base_url)
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)

    def check_url(self, url: str, base_url: str = "") -> None:
        """Reject a URL that a page or a redirect names, before it is requested.

        Args:
            url: Absolute, or relative to `base_url`.
            base_url: Where it was named; the configured address by default.

        Raises:
            FetchError: `FORBIDDEN`.
        """
        base_url = base_url or self.base_url
        rejection = explain_rejection(
            url, base_url, may_reach_private=self.may_reach_private is True
        )
        if rejection or not url.isprintable():
            reason = redact(rejection) or "the address cannot be read"
            raise FetchError(Reason.FORBIDDEN, f"address rejected: {reason}")

    def check_peer(self, host: str, port: int, peer: str) -> None:
        """Reject a connection by the IP address that it has reached, before a byte is sent.

        A name may resolve differently on connection than it did when its URL was checked.

        Raises:
            FetchError: `FORBIDDEN`.
        """
        is_near = is_private_number(peer)
        if (host, port) == self.home and self.trusts_home:
            if self.may_reach_private is None:
                self.may_reach_private = is_near
        elif is_near and not self.may_reach_private:
            raise FetchError(Reason.FORBIDDEN, f"{host} leads to {peer}, in a private network")


class _BoundedStream(io.RawIOBase):
    """The bytes of one response, as long as time and size allow."""

    def __init__(self, sock: socket.socket, rules: ConnectionRules):
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._rules = rules
        self._pause_s = sock.gettimeout()
        self._ends_at = time.monotonic() + rules.max_response_s
        self._left_bytes = rules.max_response_bytes

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int | None:
        left_s = self._ends_at - time.monotonic()
        if self._pause_s is None or left_s < self._pause_s:
            self._sock.settimeout(max(left_s, 0.001))
        try:
            count = self._raw.readinto(buffer)
        except TimeoutError:
            if time.monotonic() < self._ends_at:
                raise
            raise self._timeout() from None
        if left_s <= 0:
            raise self._timeout()
        self._left_bytes -= count or 0
        if self._left_bytes < 0:
            raise FetchError(
                Reason.TOO_LARGE,
                f"more than {self._rules.max_response_bytes} bytes in one response",
            )
        return count

    def _timeout(self) -> FetchError:
        return FetchError(Reason.TIMEOUT, f"not all there after {self._rules.max_response_s:.0f} s")

    def close(self) -> None:
        self._raw.close()
        super().close()


class _SocketView:
    """The part of a socket that `HTTPResponse` needs: its stream."""

    def __init__(self, sock: socket.socket, rules: ConnectionRules):
        self._sock, self._rules = sock, rules

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_BoundedStream(self._sock, self._rules))


def guard_session(session: requests.Session, rules: ConnectionRules) -> None:
    """Apply the rules to every redirect that a session follows and every connection it opens."""

    def check_redirect(response: requests.Response, **_: object) -> None:
        if not response.is_redirect:
            return
        try:
            rules.check_url(response.headers["Location"], response.url)
        except FetchError:
            response.close()
            raise

    session.max_redirects = MAX_REDIRECTS
    session.hooks["response"].append(check_redirect)
    for adapter in session.adapters.values():
        if isinstance(adapter, HTTPAdapter):
            _guard_adapter(adapter, rules)


def _guard_adapter(adapter: HTTPAdapter, rules: ConnectionRules) -> None:
    """Apply the rules to the connections of an adapter.

    A proxy resolves names itself and reaches what it may: there only the limits hold.
    """

    class BoundedResponse(http.client.HTTPResponse):
        def __init__(self, sock, *args, **kwargs):
            view: Any = _SocketView(sock, rules)  # all that is used of a socket
            super().__init__(view, *args, **kwargs)

    class Guarded(HTTPConnection):
        response_class = BoundedResponse

        def _new_conn(self) -> socket.socket:
            sock = super()._new_conn()
            if self.proxy is None:
                try:
                    rules.check_peer(self.host, self.port, sock.getpeername()[0])
                except (FetchError, OSError):
                    sock.close()
                    raise
            return sock

    plain = type("PlainPool", (HTTPConnectionPool,), {
        "ConnectionCls": type("Plain", (Guarded, HTTPConnection), {})})  # fmt: skip
    secure = type("SecurePool", (HTTPSConnectionPool,), {
        "ConnectionCls": type("Secure", (Guarded, HTTPSConnection), {})})  # fmt: skip
    pools = {"http": plain, "https": secure}
    adapter.poolmanager.pool_classes_by_scheme = pools
    find_proxy = adapter.proxy_manager_for

    def find_guarded_proxy(*args, **kwargs):
        manager = find_proxy(*args, **kwargs)
        if isinstance(manager, ProxyManager):  # a SOCKS proxy has pools of its own
            manager.pool_classes_by_scheme = pools
        return manager

    adapter.proxy_manager_for = find_guarded_proxy
