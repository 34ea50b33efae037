"""Whom a connection may reach, and how much it may answer, enforced where the bytes arrive."""

import http.client
import io
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests
from urllib3 import ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.addresses import is_private_number

HEAD_BYTES = 1024 * 1024
"""What status lines, headers and chunk sizes may add to a body."""


@dataclass
class Rules:
    """What every connection of one session keeps to; shared between its threads.

    Attributes:
        home: Configured (host, port): it may lie anywhere.
        max_answer_s: Whole time of one answer, from its first byte to the last of its body.
        max_answer_bytes: Whole size of one answer on the wire.
        may_reach_private: Whether other hosts may lie in a private network. None: only where
            `home` does, which its first connection shows.
    """

    home: tuple[str, int]
    max_answer_s: float
    max_answer_bytes: int
    may_reach_private: bool | None = None

    def check_peer(self, host: str, port: int, peer: str) -> None:
        """Refuse a connection by the address that it has really reached, before a byte is sent.

        A name may resolve otherwise when it is connected to than it did when it was looked at.

        Raises:
            FetchError: `FORBIDDEN`.
        """
        is_near = is_private_number(peer)
        if (host, port) == self.home:
            if self.may_reach_private is None:
                self.may_reach_private = is_near
        elif is_near and not self.may_reach_private:
            raise FetchError(Reason.FORBIDDEN, f"{host} leads to {peer}, in a private network")


def rules_of(base_url: str, **limits: object) -> Rules:
    """Return the rules of the host at a base address; `limits` are fields of `Rules`.

    Example:
        >>> rules_of("https://example.org/3", max_answer_s=9.0, max_answer_bytes=10).home
        ('example.org', 443)
    """
    parts = urlsplit(base_url)
    default = 443 if parts.scheme == "https" else 80
    return Rules((parts.hostname or "", parts.port or default), **limits)


class _Stream(io.RawIOBase):
    """The bytes of one answer, as long as time and size allow."""

    def __init__(self, sock: socket.socket, rules: Rules):
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._rules = rules
        self._pause_s = sock.gettimeout()
        self._ends_at = time.monotonic() + rules.max_answer_s
        self._left_bytes = rules.max_answer_bytes

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
            raise self._late() from None
        if left_s <= 0:
            raise self._late()
        self._left_bytes -= count or 0
        if self._left_bytes < 0:
            raise FetchError(
                Reason.TOO_LARGE, f"more than {self._rules.max_answer_bytes} bytes in one answer"
            )
        return count

    def _late(self) -> FetchError:
        return FetchError(Reason.TIMEOUT, f"not all there after {self._rules.max_answer_s:.0f} s")

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Opening:
    """Stands for a socket where only its stream is wanted."""

    def __init__(self, sock: socket.socket, rules: Rules):
        self._sock, self._rules = sock, rules

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self._sock, self._rules))


def guard(adapter: requests.adapters.HTTPAdapter, rules: Rules) -> None:
    """Have every connection that this adapter opens from now on keep to the rules.

    A proxy resolves names itself and reaches what it may: there only the limits hold.
    """

    class Answer(http.client.HTTPResponse):
        def __init__(self, sock, *args, **kwargs):
            super().__init__(_Opening(sock, rules), *args, **kwargs)

    class Watched:
        response_class = Answer

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
        "ConnectionCls": type("Plain", (Watched, HTTPConnection), {})})  # fmt: skip
    secure = type("SecurePool", (HTTPSConnectionPool,), {
        "ConnectionCls": type("Secure", (Watched, HTTPSConnection), {})})  # fmt: skip
    pools = {"http": plain, "https": secure}
    adapter.poolmanager.pool_classes_by_scheme = pools
    find_proxy = adapter.proxy_manager_for

    def find_guarded_proxy(*args, **kwargs):
        manager = find_proxy(*args, **kwargs)
        if isinstance(manager, ProxyManager):  # a SOCKS proxy has pools of its own
            manager.pool_classes_by_scheme = pools
        return manager

    adapter.proxy_manager_for = find_guarded_proxy
