"""yt-dlp as we use it: quiet, http(s) only, bounded, two plain files instead of one merged.

What belongs here: what is peculiar to yt-dlp. What does not: which video is tried (see
`resources.youtube`) and what a failure means (see `resources.trailer_failures`). Importing this
takes half a second, so only a function of `resources.youtube` does.
"""

import logging
import time
from dataclasses import dataclass

import yt_dlp
from yt_dlp.networking._requests import RequestsRH
from yt_dlp.networking.exceptions import RequestError

from pipeline.errors import FetchError
from pipeline.outcomes import Reason
from resources.addresses import find_objection
from resources.transport import MAX_REDIRECTS

LOG = logging.getLogger("marquee.trailers")


class Whisper:
    """Takes what yt-dlp says: an error becomes a reason, so none of it is an error of the run."""

    debug = info = warning = error = staticmethod(LOG.debug)


FORMATS = "(bv[height<=480]/wv,ba)/b[height<=480]/b"
"""Video and sound as two files where the host has them apart, else one file: merging would need
the ffmpeg program. 480 lines are twice what any backbone takes."""

SORTING = ("res:480", "vcodec:h264", "acodec:aac")
"""H.264 before newer codecs: a decoder may skip its non-reference frames."""

MAX_PAGE_BYTES = 8 * 1024 * 1024
CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class Limits:
    """What a trailer may be.

    Attributes:
        max_bytes: Per file.
        max_duration_s: Longer videos are not trailers.
        timeout_s: For connecting, and for every wait for the next bytes.
        max_download_s: Whole time for one file.
    """

    max_bytes: int = 300 * 1024 * 1024
    max_duration_s: float = 15 * 60
    timeout_s: float = 20.0
    max_download_s: float = 600.0


class GuardedRH(RequestsRH):
    """yt-dlp's HTTP handler, kept out of private networks and away from hosts that drip.

    The addresses that it checks come from pages: a redirect, or a file that a page names.
    """

    base_url = ""
    may_reach_private = False
    limits = Limits()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._answers = []

    def close_answers(self) -> None:
        """Close what yt-dlp asked for and did not read to the end."""
        for answer in self._answers:
            answer.close()
        self._answers.clear()

    def _create_instance(self, *args, **kwargs):
        session = super()._create_instance(*args, **kwargs)
        session.max_redirects = MAX_REDIRECTS
        session.hooks["response"].append(self._check_redirect)
        return session

    def _send(self, request):
        self._refuse(request.url)
        response = super()._send(request)
        self._answers.append(response)
        response._real_read = self._reader_of(response.fp)
        return response

    def _check_redirect(self, response, **_):
        if response.is_redirect:
            self._refuse(response.headers["Location"], response.close)

    def _refuse(self, url: str, before_raising=lambda: None) -> None:
        objection = find_objection(url, self.base_url, may_reach_private=self.may_reach_private)
        if objection:
            before_raising()
            refusal = FetchError(Reason.FORBIDDEN, f"address refused: {objection}")
            raise RequestError(str(refusal), cause=refusal)

    def _reader_of(self, raw):
        """Give a `read` that returns what is there, and never a page without end."""
        ends_at = time.monotonic() + self.limits.max_download_s

        def read(amount: int | None = None) -> bytes:
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


class Downloader(yt_dlp.YoutubeDL):
    """A yt-dlp whose only way out is the guarded handler."""

    def __init__(self, params: dict, handler: type[GuardedRH]):
        self._handler = handler
        super().__init__(params)

    def build_request_director(self, _handlers, preferences=None):
        """Build it with our handler instead of those that reach files, FTP and sockets."""
        return super().build_request_director([self._handler], preferences)

    def fetch(self, url: str, template: str) -> dict | None:
        """Fetch one video into files named by a yt-dlp output template.

        Raises:
            YoutubeDLError, OSError, FetchError: See `resources.trailer_failures`.
        """
        self.params["outtmpl"]["default"] = template
        try:
            return self.extract_info(url)
        finally:
            for handler in self._request_director.handlers.values():
                handler.close_answers()


def open_downloader(
    base_url: str, extractors: list[str], limits: Limits, *, is_near: bool
) -> Downloader:
    """Open one; it keeps connections and extractors, and belongs to one thread.

    Args:
        base_url: The configured host, which may lie in a private network.
        extractors: Names of the extractors that may be used.
        limits: What a trailer may be.
        is_near: Whether the host is on this machine or network.
    """
    handler = type(
        "TrailerRH",
        (GuardedRH,),
        {"base_url": base_url, "may_reach_private": is_near, "limits": limits},
    )
    params = {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": Whisper,
        "cachedir": False,
        "noplaylist": True,
        "allowed_extractors": extractors,
        "format": FORMATS,
        "format_sort": list(SORTING),
        "fixup": "never",
        "updatetime": False,
        "socket_timeout": limits.timeout_s,
        "buffersize": 4 * CHUNK_BYTES,
        "noresizebuffer": True,
        "retries": 1,
        "fragment_retries": 1,
        "extractor_retries": 0,
        "skip_unavailable_fragments": False,
        "match_filter": lambda info, **_: check_video(info, limits),
        "progress_hooks": [lambda state: check_size(state, limits)],
        **({"proxy": ""} if is_near else {}),
    }
    return Downloader(params, handler)


def check_video(info: dict, limits: Limits) -> None:
    """Refuse what the host itself says is no trailer, before anything is fetched.

    Raises:
        FetchError: `LIVE` or `TOO_LONG`.
    """
    if info.get("is_live") or info.get("live_status") in ("is_live", "is_upcoming", "post_live"):
        raise FetchError(Reason.LIVE, f"live status {info.get('live_status') or 'is_live'}")
    duration_s = info.get("duration")
    if duration_s is not None and duration_s > limits.max_duration_s:
        raise FetchError(
            Reason.TOO_LONG, f"{duration_s:.0f} s, more than {limits.max_duration_s:.0f} s"
        )


def check_size(state: dict, limits: Limits) -> None:
    """Stop a file that is, or will be, too large.

    Raises:
        FetchError: `TOO_LARGE`.
    """
    expected = state.get("total_bytes") or state.get("total_bytes_estimate") or 0
    size = max(expected, state.get("downloaded_bytes") or 0)
    if size > limits.max_bytes:
        raise FetchError(Reason.TOO_LARGE, f"{size:.0f} bytes, more than {limits.max_bytes} bytes")
