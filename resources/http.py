"""The one HTTP client: every answer is data, or a reason for one movie, or an error for all.

What belongs here: requests, their pace, limits and failures. What does not: what any source's
answers mean (see `resources.tmdb`, `resources.images`, `resources.imdbpro`).
"""

import contextlib
import hashlib
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import requests

from pipeline.errors import ConfigurationError, FetchError, MarqueeError
from pipeline.outcomes import Reason
from pipeline.versions import HASH_CHARS
from resources.addresses import SCHEMES, find_objection, is_direct, is_private
from resources.http_status import HttpStatusError, tell_reason
from resources.json_reading import read_json
from resources.pacing import Breaker, Pace, read_retry_after_s, tell_backoff_s
from resources.redaction import keep_secret, redact
from resources.transport import open_session, read_chunks, translate_errors

USER_AGENT = "marquee/0.1 (research pipeline)"
MAX_BODY_BYTES = 32 * 1024 * 1024
MAX_ERROR_BODY_BYTES = 16 * 1024

_TRIED_AGAIN = (
    Reason.RATE_LIMITED, Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.NETWORK, Reason.CUT_OFF,
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """A successful answer; `body` is empty where it went to a file."""

    url: str
    content_type: str
    body: bytes = b""


class HttpClient:
    """A pooled, paced and bounded client of one source; safe to share between threads.

    Args:
        base_url: What every path is appended to.
        rate_per_s: Shared limit, None for none.
        timeout_s: For connecting, and for every wait for the next bytes.
        max_attempts: For failures that pass by themselves; the ledger tries again later anyway.
        max_body_bytes: Larger answers are refused, counted after decompression.
        max_body_s: Whole time for one body, against hosts that drip.
        max_wait_s: Longest `Retry-After` that is waited for; a longer one is left to the ledger.
        give_up_after: Failures in a row, over all items, after which the source counts as down.
        may_reach_private: Whether redirects may lead into private networks; None: only where
            `base_url` lies in one itself.
        secrets: Texts that never appear in a message or in a log line.
    """

    def __init__(
        self,
        base_url: str,
        *,
        rate_per_s: float | None = None,
        timeout_s: float = 20.0,
        max_attempts: int = 3,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_body_s: float = 120.0,
        max_wait_s: float = 30.0,
        give_up_after: int = 20,
        may_reach_private: bool | None = None,
        secrets: tuple[str, ...] = (),
        user_agent: str = USER_AGENT,
    ):
        keep_secret(*secrets)
        parts = urlsplit(base_url)
        if parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigurationError(f"An http(s) address was wanted, got {redact(base_url)!r}.")
        self.base_url = base_url.rstrip("/")
        self.is_near = is_direct(parts.hostname)
        self._host = parts.hostname
        self._may_reach_private = may_reach_private
        self._timeout_s = timeout_s
        self._max_attempts = max_attempts
        self._max_body_bytes = max_body_bytes
        self._max_body_s = max_body_s
        self._max_wait_s = max_wait_s
        self._pace = Pace(rate_per_s)
        self._breaker = Breaker(parts.netloc, give_up_after)
        self._session = open_session(base_url, user_agent, is_near=self.is_near)
        self._session.hooks["response"].append(self._check_redirect)

    def get(
        self, path: str, params: Mapping | None = None, headers: Mapping | None = None
    ) -> Answer:
        """Get one answer into memory.

        Raises:
            FetchError: This request failed; `HttpStatusError` where the server said why.
            SourceError: The whole source is down.
        """
        with io.BytesIO() as sink:
            answer = self._fetch(path, params, headers, sink)
            return Answer(answer.url, answer.content_type, sink.getvalue())

    def get_bytes(self, path: str) -> bytes:
        """Get one body into memory; errors as for `get`."""
        return self.get(path).body

    def get_json(
        self, path: str, params: Mapping | None = None, headers: Mapping | None = None
    ) -> dict:
        """Get a JSON object; errors as for `get`.

        Raises:
            FetchError: Also `WRONG_TYPE` where a page came instead, and `MALFORMED` where it is
                not JSON, not UTF-8, not an object, or nested too deeply.
        """
        answer = self.get(path, params, headers)
        return read_json(answer.body, redact(path))

    def download(self, path: str, to: Path, headers: Mapping | None = None) -> str:
        """Stream one body into a file, through `<to>.part`; errors as for `get`.

        Returns:
            Hash of the content. The file is there only when it is complete.
        """
        part = to.with_name(to.name + ".part")
        digest = hashlib.sha256()
        try:
            with part.open("wb") as sink:
                self._fetch(path, None, {"Accept-Encoding": "identity", **(headers or {})}, sink)
            with part.open("rb") as done:
                for chunk in iter(lambda: done.read(1 << 20), b""):
                    digest.update(chunk)
            part.replace(to)
        except MarqueeError:
            part.unlink(missing_ok=True)
            raise
        return digest.hexdigest()[:HASH_CHARS]

    def close(self) -> None:
        """Close all connections."""
        self._session.close()
        self._pace.close()

    def _fetch(
        self, path: str, params: Mapping | None, headers: Mapping | None, sink: BinaryIO
    ) -> Answer:
        """Try until there is an answer, a final failure, or no attempt left."""
        for attempt in range(1, self._max_attempts + 1):
            self._breaker.check()
            self._pace.wait()
            sink.seek(0)
            sink.truncate()
            try:
                answer = self._attempt(path, params, headers, sink)
            except FetchError as error:
                if error.reason not in _TRIED_AGAIN or attempt == self._max_attempts:
                    self._breaker.note(error.reason)
                    raise
                self._wait_after(error, attempt)
            else:
                self._breaker.note(None)
                return answer
        raise AssertionError("max_attempts is below 1")

    def _wait_after(self, error: FetchError, attempt: int) -> None:
        wait_s = getattr(error, "wait_s", None)
        if wait_s is None:
            time.sleep(tell_backoff_s(attempt))
        elif wait_s > self._max_wait_s:
            raise error
        elif error.reason is Reason.RATE_LIMITED:
            self._pace.pause(wait_s)
        else:
            time.sleep(wait_s)

    def _attempt(
        self, path: str, params: Mapping | None, headers: Mapping | None, sink: BinaryIO
    ) -> Answer:
        """Send once. Nothing raised here has the library's error, and so the key, behind it."""
        where = redact(path)
        url = f"{self.base_url}/{path.lstrip('/')}"
        response = translate_errors(
            where,
            lambda: self._session.get(
                url, params=params, headers=headers, timeout=self._timeout_s, stream=True
            ),
        )
        with contextlib.closing(response):
            if response.status_code != 200:
                raise self._read_failure(where, response)
            translate_errors(where, lambda: self._copy(where, response, sink, self._max_body_bytes))
            return Answer(response.url, response.headers.get("Content-Type", ""))

    def _read_failure(self, where: str, response: requests.Response) -> HttpStatusError:
        status = response.status_code
        with io.BytesIO() as sink:
            with contextlib.suppress(FetchError):
                translate_errors(
                    where, lambda: self._copy(where, response, sink, MAX_ERROR_BODY_BYTES)
                )
            body = sink.getvalue()
        wait_s = read_retry_after_s(response.headers.get("Retry-After"))
        asked = f", wait {wait_s:.0f} s" if wait_s else ""
        detail = f"HTTP {status}{asked} at {where}"
        return HttpStatusError(tell_reason(status), detail, status, body, wait_s)

    def _copy(self, where: str, response: requests.Response, sink: BinaryIO, limit: int) -> None:
        ends_at = time.monotonic() + self._max_body_s
        size = 0
        for chunk in read_chunks(response):
            size += len(chunk)
            if size > limit:
                raise FetchError(Reason.TOO_LARGE, f"more than {limit} bytes at {where}")
            if time.monotonic() > ends_at:
                raise FetchError(
                    Reason.TIMEOUT, f"body not there after {self._max_body_s} s at {where}"
                )
            sink.write(chunk)

    def _check_redirect(self, response: requests.Response, **_: object) -> None:
        """Refuse before it is followed; called by the session for every answer."""
        if not response.is_redirect:
            return
        if self._may_reach_private is None:
            self._may_reach_private = is_private(self._host)
        target = response.headers["Location"]
        objection = find_objection(target, response.url, may_reach_private=self._may_reach_private)
        if objection or not target.isprintable():
            response.close()
            raise FetchError(
                Reason.FORBIDDEN, f"redirect refused: {objection or 'unreadable address'}"
            )
