"""yt-dlp's HTTP handler behind our guard: bounded, and no file spliced from two versions."""

import re
import time
from typing import Any, cast

from yt_dlp.networking import Request, Response
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.networking.exceptions import HTTPError, RequestError

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.transport import CHUNK_BYTES
from resources.http.wire import ConnectionRules, guard_session
from resources.trailers.options import TrailerLimits
from resources.trailers.partial_file import PartialFile

MAX_PAGE_BYTES = 8 * 1024 * 1024

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_UNSATISFIABLE = 416


class GuardedRH(RequestsRH):
    """yt-dlp's HTTP handler with the guard that `HttpClient` has, and the checks of a resumed file.

    The URLs that it checks come from pages: a redirect, or a file that a page names.
    """

    rules: ConnectionRules
    limits = TrailerLimits()
    partial = PartialFile()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._responses: list[Response] = []
        self._unread: dict[str, Response] = {}

    def close_responses(self) -> None:
        """Close the responses that yt-dlp did not read to the end."""
        for answer in self._responses:
            answer.close()
        self._responses.clear()
        self._unread.clear()

    def _create_instance(self, *args, **kwargs):
        session = super()._create_instance(*args, **kwargs)  # pyright: ignore[reportAttributeAccessIssue]  # not in the stubs
        guard_session(session, self.rules)
        return session

    def _send(self, request: Request) -> Response:  # pyright: ignore[reportIncompatibleMethodOverride]  # stubs say None
        start, is_bounded = _range_of(request)
        if not self.partial.is_open:
            return self._request(request)
        if start and self.partial.mark:
            request = request.copy()
            request.headers["If-Range"] = self.partial.mark
        response = self._request_range(request)
        if response is not None and self.partial.continues(
            start, response.status, response.headers
        ):
            return response
        if start and is_bounded:
            self.partial.discard()
            raise _request_error(Reason.CUT_OFF, "the host's file changed while it was fetched")
        if response is None or (start and response.status == 206):
            response = self._request(_whole(request))
        self.partial.restart(response.status, response.headers)
        return response

    def _request_range(self, request: Request) -> Response | None:
        """Request a range; None where the host's file ends before it begins."""
        try:
            return self._request(request)
        except HTTPError as error:
            if error.status != _UNSATISFIABLE:
                raise
            error.close()
            return None

    def _request(self, request: Request) -> Response:
        """Send, or return the unread response of an earlier request: the page was the file."""
        is_plain = request.method == "GET" and "Range" not in request.headers
        if is_plain and request.url in self._unread:
            return self._unread[request.url]
        try:
            self.rules.check_url(request.url)
            response: Any = super()._send(cast(Any, request))
        except FetchError as failure:
            raise _request_error(failure.reason, failure.detail) from None
        except HTTPError as error:
            self._responses.append(error.response)
            raise
        self._responses.append(response)
        response._real_read = self._reader_of(response)
        if is_plain and response.status == 200:
            self._unread[response.url] = response
        return response

    def _reader_of(self, response: Response):
        """Return a `read` that returns what has arrived, and never a page without end."""
        raw: Any = response.fp
        url = response.url
        ends_at = time.monotonic() + self.limits.max_download_s

        def read(amount: int | None = None) -> bytes:
            self._unread.pop(url, None)
            if time.monotonic() > ends_at:
                raise FetchError(
                    Reason.TIMEOUT, f"not complete after {self.limits.max_download_s:.0f} s"
                )
            if amount is not None:
                return raw.read1(amount, decode_content=True)
            chunks, size = [], 0
            while chunk := read(CHUNK_BYTES):
                chunks.append(chunk)
                size += len(chunk)
                if size > MAX_PAGE_BYTES:
                    raise FetchError(Reason.TOO_LARGE, f"a page of over {MAX_PAGE_BYTES} bytes")
            return b"".join(chunks)

        return read


def _range_of(request: Request) -> tuple[int, bool]:
    """Return the first byte of the range, and whether a last one is named."""
    found = _RANGE.fullmatch(request.headers.get("Range") or "")
    return (int(found[1]), bool(found[2])) if found else (0, False)


def _whole(request: Request) -> Request:
    request = request.copy()
    for name in ("Range", "If-Range"):
        request.headers.pop(name, None)
    return request


def _request_error(reason: Reason, detail: str) -> RequestError:
    """Wrap a failure in a class that yt-dlp neither swallows nor retries."""
    failure = FetchError(reason, detail)
    return RequestError(str(failure), cause=failure)
