"""yt-dlp's way out: http(s) only, no private networks, no drips, no file spliced from two."""

import re
import time

from yt_dlp.networking import Request, Response
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.networking.exceptions import HTTPError, RequestError

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from resources.http.addresses import find_objection
from resources.http.transport import CHUNK_BYTES, MAX_REDIRECTS
from resources.http.wire import Rules, guard
from resources.trailers.limits import Limits
from resources.trailers.partial_file import PartialFile

MAX_PAGE_BYTES = 8 * 1024 * 1024

_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_UNSATISFIABLE = 416


class GuardedRH(RequestsRH):
    """yt-dlp's HTTP handler, kept out of private networks and away from hosts that drip.

    The addresses that it checks come from pages: a redirect, or a file that a page names.
    """

    base_url = ""
    rules: Rules
    limits = Limits()
    partial = PartialFile()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._answers: list[Response] = []
        self._unread: dict[str, Response] = {}

    def close_answers(self) -> None:
        """Close what yt-dlp asked for and did not read to the end."""
        for answer in self._answers:
            answer.close()
        self._answers.clear()
        self._unread.clear()

    def _create_instance(self, *args, **kwargs):
        session = super()._create_instance(*args, **kwargs)
        session.max_redirects = MAX_REDIRECTS
        session.hooks["response"].append(self._check_redirect)
        for adapter in session.adapters.values():
            guard(adapter, self.rules)
        return session

    def _send(self, request: Request) -> Response:
        start, is_bounded = _range_of(request)
        if not self.partial.is_open:
            return self._ask(request)
        if start and self.partial.mark:
            request = request.copy()
            request.headers["If-Range"] = self.partial.mark
        response = self._ask_range(request)
        if response is not None and self.partial.goes_on(start, response.status, response.headers):
            return response
        if start and is_bounded:
            self.partial.discard()
            raise _refusal(Reason.CUT_OFF, "the host's file changed while it was fetched")
        if response is None or (start and response.status == 206):
            response = self._ask(_whole(request))
        self.partial.restart(response.status, response.headers)
        return response

    def _ask_range(self, request: Request) -> Response | None:
        """Ask; None where the host's file ends before the range begins."""
        try:
            return self._ask(request)
        except HTTPError as error:
            if error.status != _UNSATISFIABLE:
                raise
            error.close()
            return None

    def _ask(self, request: Request) -> Response:
        """Ask, or give the answer that was asked for before and not read: the page was the file."""
        is_plain = request.method == "GET" and "Range" not in request.headers
        if is_plain and request.url in self._unread:
            return self._unread[request.url]
        self._refuse(request.url)
        try:
            response = super()._send(request)
        except FetchError as failure:
            raise _refusal(failure.reason, failure.detail) from None
        except HTTPError as error:
            self._answers.append(error.response)
            raise
        self._answers.append(response)
        response._real_read = self._reader_of(response)
        if is_plain and response.status == 200:
            self._unread[response.url] = response
        return response

    def _check_redirect(self, response, **_):
        if response.is_redirect:
            self._refuse(response.headers["Location"], response.close)

    def _refuse(self, url: str, before_raising=lambda: None) -> None:
        may_reach_private = self.rules.may_reach_private is True
        objection = find_objection(url, self.base_url, may_reach_private=may_reach_private)
        if objection:
            before_raising()
            raise _refusal(Reason.FORBIDDEN, f"address refused: {objection}")

    def _reader_of(self, response: Response):
        """Return a `read` that returns what is there, and never a page without end."""
        raw, url = response.fp, response.url
        ends_at = time.monotonic() + self.limits.max_download_s

        def read(amount: int | None = None) -> bytes:
            self._unread.pop(url, None)
            if time.monotonic() > ends_at:
                raise FetchError(
                    Reason.TIMEOUT, f"not there after {self.limits.max_download_s:.0f} s"
                )
            if amount is not None:
                return raw.read1(amount, decode_content=True)
            parts, size = [], 0
            while part := read(CHUNK_BYTES):
                parts.append(part)
                size += len(part)
                if size > MAX_PAGE_BYTES:
                    raise FetchError(Reason.TOO_LARGE, f"a page of over {MAX_PAGE_BYTES} bytes")
            return b"".join(parts)

        return read


def _range_of(request: Request) -> tuple[int, bool]:
    """Return the first byte that is asked for, and whether a last one is named."""
    found = _RANGE.fullmatch(request.headers.get("Range") or "")
    return (int(found[1]), bool(found[2])) if found else (0, False)


def _whole(request: Request) -> Request:
    request = request.copy()
    for name in ("Range", "If-Range"):
        request.headers.pop(name, None)
    return request


def _refusal(reason: Reason, detail: str) -> RequestError:
    """Wrap a failure in a class that yt-dlp neither swallows nor tries again."""
    failure = FetchError(reason, detail)
    return RequestError(str(failure), cause=failure)
