"""The one HTTP client: a response is data, or a reason for one movie, or an error for all."""

import contextlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import requests

from pipeline.core.errors import ConfigurationError, FetchError
from pipeline.core.outcomes import Reason
from resources.clock import CLOCK, Clock
from resources.http.addresses import SCHEMES, is_direct
from resources.http.json_reading import read_json
from resources.http.pacing import CircuitBreaker, RateLimiter, Turns, backoff_s, read_retry_after_s
from resources.http.redaction import holds_secret, keep_secret, redact
from resources.http.transport import (
    HttpStatusError,
    open_session,
    read_chunks,
    reason_of_status,
    translate_errors,
)
from resources.http.wire import HEAD_BYTES, ConnectionRules

USER_AGENT = "marquee/0.1 (research pipeline)"
MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_ERROR_BODY_BYTES = 16 * 1024

_RETRIED = (
    Reason.RATE_LIMITED, Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.NETWORK, Reason.CUT_OFF,
)  # fmt: skip

_OK, _ACCEPTED = (200,), range(200, 300)
"""Statuses of a success: of a request, and of an object that was posted."""

_T = TypeVar("_T")


@dataclass(frozen=True)
class Response:
    """A successful response."""

    url: str
    content_type: str
    body: bytes


class HttpClient:
    """A pooled, paced and bounded client of one source; safe to share between threads.

    Args:
        base_url: Base of every path.
        rate_per_s: Shared rate limit, None for none.
        turns: Its turns, where other processes share it.
        timeout_s: For connecting, and for every wait for the next bytes.
        max_attempts: For transient failures; the ledger retries later anyway.
        max_body_bytes: Larger bodies are rejected, counted after decompression.
        max_body_s: Maximum time of one response, against hosts that send too slowly.
        max_wait_s: Longest `Retry-After` that is waited for; a longer one pauses the source.
        give_up_after: Failures in a row, over all items, after which the source counts as down.
        may_reach_private: Whether redirects may lead into private networks; None: only where
            `base_url` lies in one itself.
        trusts_home: Whether `base_url` itself may lie in a private network.
        may_reject_items: Whether a status such as 403, or a page instead of JSON, may be about one
            item; where not, it is about us: the item is retried later, and a row of them stops
            the source.
        secrets: Texts that never appear in a message or in a log line.
        clock: For waits and pauses; not for the time limits of a response.
    """

    def __init__(
        self,
        base_url: str,
        *,
        rate_per_s: float | None = None,
        turns: Turns | None = None,
        timeout_s: float = 20.0,
        max_attempts: int = 3,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_body_s: float = 120.0,
        max_wait_s: float = 30.0,
        give_up_after: int = 20,
        may_reach_private: bool | None = None,
        may_reject_items: bool = True,
        trusts_home: bool = True,
        secrets: tuple[str, ...] = (),
        user_agent: str = USER_AGENT,
        clock: Clock = CLOCK,
    ):
        keep_secret(*secrets)
        parts = urlsplit(base_url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigurationError(f"Expected an http(s) address, got {redact(base_url)!r}.")
        self.base_url = base_url.rstrip("/")
        self.is_near = is_direct(parts.hostname)
        self._timeout_s = timeout_s
        self._max_attempts = max_attempts
        self._max_body_bytes = max_body_bytes
        self._max_wait_s = max_wait_s
        self._clock = clock
        self._pace = RateLimiter(rate_per_s, shared=turns, clock=clock)
        self._breaker = CircuitBreaker(parts.netloc, give_up_after, clock=clock)
        self._secrets = secrets
        self._may_reject_items = may_reject_items
        rules = ConnectionRules(
            base_url, max_body_s, max_body_bytes + HEAD_BYTES, may_reach_private, trusts_home
        )
        self._session = open_session(user_agent, rules, is_near=self.is_near)

    def get(
        self, path: str, params: Mapping | None = None, headers: Mapping | None = None
    ) -> Response:
        """Get one response into memory.

        Raises:
            FetchError: This request failed; `HttpStatusError` where the server responded.
            SourceError: The whole source is down.
        """
        return self._fetch(path, params, headers, lambda response: response)

    def get_bytes(self, path: str) -> bytes:
        """Get one body into memory; errors as for `get`."""
        return self.get(path).body

    def get_json(
        self, path: str, params: Mapping | None = None, headers: Mapping | None = None
    ) -> dict:
        """Get a JSON object; errors as for `get`.

        Raises:
            FetchError: Also `WRONG_TYPE` where a page came instead, and `MALFORMED` where it is
                not JSON, not UTF-8, not an object, nested too deeply, or repeats a secret.
        """

        def read(response: Response) -> dict:
            if holds_secret(response.body, self._secrets):
                raise FetchError(
                    Reason.MALFORMED, f"the body repeats our key and is dropped: {redact(path)}"
                )
            return read_json(response.body, redact(path))

        return self._fetch(path, params, headers, read)

    def post_json(self, path: str, value: Mapping) -> None:
        """Post a JSON object; any status from 200 to 299 is a success.

        A redirect is a failure: following it would drop the object.

        Raises:
            FetchError: As for `get`.
            SourceError: The whole source is down.
        """
        self._fetch(path, None, None, lambda _: None, posted=value)

    def limit_to(self, rate_per_s: float) -> None:
        """Send no faster than this from now on, as a source's robots.txt may require."""
        self._pace.limit_to(rate_per_s)

    def close(self) -> None:
        """Close all connections."""
        self._session.close()

    def _fetch(
        self,
        path: str,
        params: Mapping | None,
        headers: Mapping | None,
        read: Callable[[Response], _T],
        posted: Mapping | None = None,
    ) -> _T:
        """Try until there is a response, a final failure, or no attempt left."""
        for attempt in range(1, self._max_attempts + 1):
            self._breaker.check(is_retry=attempt > 1)
            self._pace.wait()
            try:
                value = read(self._attempt(path, params, headers, posted))
            except FetchError as error:
                if not self._wait_after(error, attempt):
                    failure = error if self._may_reject_items else _as_transient(error)
                    self._breaker.note(failure.reason)
                    raise failure from None
            else:
                self._breaker.note(None)
                return value
        raise AssertionError("max_attempts is below 1")

    def _wait_after(self, error: FetchError, attempt: int) -> bool:
        """Wait as `Retry-After` says, else with back-off; False where it is not retried now."""
        if error.reason not in _RETRIED:
            return False
        wait_s = getattr(error, "wait_s", None)
        if wait_s is not None and wait_s > self._max_wait_s:
            self._breaker.pause(wait_s)
            return False
        if wait_s is not None and error.reason is Reason.RATE_LIMITED:
            self._pace.pause(wait_s)
            wait_s = 0.0
        if attempt == self._max_attempts:
            return False
        self._clock.sleep(backoff_s(attempt) if wait_s is None else wait_s)
        return True

    def _attempt(
        self,
        path: str,
        params: Mapping | None,
        headers: Mapping | None,
        posted: Mapping | None,
    ) -> Response:
        """Send once. Nothing raised here has the library's error, and so the key, behind it."""
        where = redact(path)
        url = f"{self.base_url}/{path.lstrip('/')}"
        response = translate_errors(
            where,
            lambda: self._session.request(
                "GET" if posted is None else "POST",
                url,
                params=params,
                headers=headers,
                json=posted,
                timeout=self._timeout_s,
                stream=True,
                allow_redirects=posted is None,
            ),
        )
        with contextlib.closing(response):
            if response.status_code not in (_OK if posted is None else _ACCEPTED):
                raise self._read_failure(where, response)
            with io.BytesIO() as sink:
                self._copy(where, response, sink, self._max_body_bytes)
                body = sink.getvalue()
            return Response(response.url, response.headers.get("Content-Type", ""), body)

    def _read_failure(self, where: str, response: requests.Response) -> HttpStatusError:
        status = response.status_code
        with io.BytesIO() as sink:
            with contextlib.suppress(FetchError):
                self._copy(where, response, sink, MAX_ERROR_BODY_BYTES)
            body = sink.getvalue()
        wait_s = read_retry_after_s(response.headers.get("Retry-After"))
        wait = f", wait {wait_s:.0f} s" if wait_s else ""
        detail = f"HTTP {status}{wait} at {where}"
        return HttpStatusError(reason_of_status(status), detail, status, body, wait_s)

    def _copy(self, where: str, response: requests.Response, sink: BinaryIO, limit: int) -> None:
        def copy() -> None:
            for chunk in read_chunks(response):
                if sink.tell() + len(chunk) > limit:
                    raise FetchError(Reason.TOO_LARGE, f"more than {limit} bytes at {where}")
                sink.write(chunk)

        translate_errors(where, copy)


def _as_transient(error: FetchError) -> FetchError:
    """Turn a rejection that is about us into a transient failure: it is not the item's fault."""
    if error.reason not in (Reason.FORBIDDEN, Reason.WRONG_TYPE):
        return error
    if isinstance(error, HttpStatusError):
        return HttpStatusError(
            Reason.UNEXPECTED, error.detail, error.status, error.body, error.wait_s
        )
    return FetchError(Reason.UNEXPECTED, error.detail)
