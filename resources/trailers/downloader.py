"""yt-dlp as we use it: quiet, http(s) only, bounded, two plain files instead of one merged.

Importing this takes half a second, so only a function of `resources.trailers.trailer_host` does.
"""

import glob
import logging
from dataclasses import dataclass, field
from pathlib import Path

import yt_dlp

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.versions import hash_json
from resources.http.pacing import tell_backoff_s
from resources.http.redaction import redact
from resources.http.transport import CHUNK_BYTES, MAX_REDIRECTS
from resources.http.wire import HEAD_BYTES, rules_of
from resources.trailers.guarded_transport import GuardedRH
from resources.trailers.js_runtime import find_deno
from resources.trailers.limits import Limits, check_size, check_video, refuse_large
from resources.trailers.partial_file import PartialFile

LOG = logging.getLogger("marquee.trailers")

LISTS = ("playlist", "multi_video", "compat_list")
PLAIN = ("http", "https")
IN_PARTS = ("m3u8", "m3u8_native", "http_dash_segments")
"""Protocols that yt-dlp itself speaks, over our handler; the others would start a program."""

NO_FFMPEG = "marquee-starts-no-ffmpeg"
"""A place where none is: the program opens addresses by itself, past every guard."""


class Whisper:
    """Takes what yt-dlp says: an error becomes a reason, so none of it is an error of the run."""

    @staticmethod
    def debug(message: str) -> None:
        """Note it for who looks."""
        LOG.debug("%s", redact(str(message)))

    info = warning = error = debug


@dataclass(frozen=True)
class Way:
    """How a host is reached.

    Attributes:
        base_url: The configured host, which may lie in a private network.
        extractors: Names of the extractors that may be used.
        is_near: Whether the host is on this machine or network.
        jar: Cookies to send, shared by all threads; None for none.
        may_reach_private: See `resources.http.wire.Rules`.
    """

    base_url: str
    extractors: tuple[str, ...]
    is_near: bool
    jar: object = field(default=None, repr=False)
    may_reach_private: bool | None = None


def choose_formats(lines: int) -> str:
    """Return yt-dlp's choice of files: at most so many lines, else, by `format_sort`, the fewest.

    Video and sound come as two files where the host has them apart, else as one file: merging would
    need the ffmpeg program. A file whose lines the host does not tell is taken.

    Example:
        >>> choose_formats(480)
        '(bv[height<=480]/bv,ba)/b[height<=?480]/b'
    """
    return f"(bv[height<={lines}]/bv,ba)/b[height<=?{lines}]/b"


class Downloader(yt_dlp.YoutubeDL):
    """A yt-dlp whose only way out is the guarded handler."""

    def __init__(self, params: dict, handler: type[GuardedRH], jar: object = None):
        self._handler = handler
        if jar is not None:
            self.cookiejar = jar
        super().__init__(params)

    def build_request_director(self, _handlers, preferences=None):
        """Build it with our handler instead of those that reach files, FTP and sockets."""
        return super().build_request_director([self._handler], preferences)

    def extract(self, url: str) -> dict:
        """Ask the host what it has of one video; nothing is fetched yet.

        Raises:
            YoutubeDLError, OSError, FetchError: See `resources.trailers.failures`.
        """
        found = self.extract_info(url, download=False, process=False)
        for _ in range(MAX_REDIRECTS):
            if (found or {}).get("_type") != "url":
                break
            found = self.extract_info(
                found["url"], ie_key=found.get("ie_key"), download=False, process=False
            )
        if not found or found.get("_type") == "url":
            raise FetchError(Reason.WRONG_TYPE, "a video was wanted, no video is there")
        _refuse_list(found)
        for item in (found, *(found.get("formats") or ())):
            if item.get("format_id"):  # names a file, and may be whatever the host says it is
                item["format_id"] = hash_json(item["format_id"])
        return found

    def download(self, found: dict, template: str) -> tuple[Path, Path | None]:
        """Fetch what was found into files named by a yt-dlp output template.

        Returns:
            The video, and the sound where it is apart.

        Raises:
            YoutubeDLError, OSError, FetchError: See `resources.trailers.failures`.
        """
        self.params["outtmpl"]["default"] = template
        return _find_files(self.process_ie_result(found, download=True))

    def forget(self) -> None:
        """Close what was asked for the last video and not read to its end."""
        for handler in self._request_director.handlers.values():
            handler.close_answers()

    def close(self) -> None:
        """Close everything."""
        self.forget()
        super().close()

    def process_ie_result(self, ie_result, download=True, extra_info=None):
        """Process one video; a list of them is refused wherever it comes up."""
        _refuse_list(ie_result)
        return super().process_ie_result(ie_result, download, extra_info)

    def dl(self, name, info, subtitle=False, test=False):
        """Fetch one file; what was begun is gone on with where it is provably the same file."""
        protocol = info.get("protocol")
        if protocol not in (*PLAIN, *IN_PARTS):
            raise FetchError(Reason.FORBIDDEN, f"it comes by {protocol}, which is not fetched")
        refuse_large(info.get("filesize"), self._handler.limits)
        if protocol in IN_PARTS:
            _remove_parts(Path(name))
            return super().dl(name, info, subtitle, test)
        self._handler.partial.begin(Path(name))
        try:
            return super().dl(name, info, subtitle, test)
        finally:
            self._handler.partial.end()


def open_downloader(way: Way, limits: Limits) -> Downloader:
    """Open one; it keeps connections and extractors, and belongs to one thread."""
    handler = type(
        "TrailerRH",
        (GuardedRH,),
        {
            "base_url": way.base_url,
            "rules": rules_of(
                way.base_url,
                max_answer_s=limits.max_download_s,
                max_answer_bytes=limits.max_bytes + HEAD_BYTES,
                may_reach_private=way.may_reach_private,
            ),
            "limits": limits,
            "partial": PartialFile(),
        },
    )
    return Downloader(_params(way, limits), handler, way.jar)


def _params(way: Way, limits: Limits) -> dict:
    deno = find_deno()
    return {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": Whisper,
        "cachedir": False,
        "noplaylist": True,
        "allowed_extractors": list(way.extractors),
        "js_runtimes": {"deno": {"path": str(deno)} if deno else {}},
        "remote_components": [],
        "format": choose_formats(limits.lines),
        # H.264 before newer codecs: a decoder may skip its non-reference frames
        "format_sort": [f"res:{limits.lines}", "vcodec:h264", "acodec:aac"],
        "fixup": "never",
        "external_downloader": "native",
        "ffmpeg_location": NO_FFMPEG,
        "updatetime": False,
        "socket_timeout": limits.timeout_s,
        "buffersize": 4 * CHUNK_BYTES,
        "noresizebuffer": True,
        "retries": 1,
        "fragment_retries": 1,
        "retry_sleep_functions": {"http": _pause_s, "fragment": _pause_s},
        "extractor_retries": 0,
        "skip_unavailable_fragments": False,
        "match_filter": lambda info, **_: check_video(info, limits),
        "progress_hooks": [lambda state: check_size(state, limits)],
        **({"proxy": ""} if way.is_near else {}),
    }


def _pause_s(n: int) -> float:
    return tell_backoff_s(n + 1)


def _refuse_list(found: dict) -> None:
    if found.get("_type") in LISTS:
        raise FetchError(Reason.WRONG_TYPE, "one video was wanted, a list of videos is there")


def _find_files(info: dict | None) -> tuple[Path, Path | None]:
    """Tell the video's file from the sound's."""
    downloads = (info or {}).get("requested_downloads") or []
    files = [(Path(item["filepath"]), item.get("vcodec")) for item in downloads]
    files = [(path, codec) for path, codec in files if path.is_file() and path.stat().st_size]
    videos = [path for path, codec in files if codec != "none"]
    sounds = [path for path, codec in files if codec == "none"]
    if not videos:
        what = "only sound" if sounds else "no video file"
        raise FetchError(Reason.WRONG_TYPE, f"a video was wanted, {what} came")
    return videos[0], (sounds[0] if sounds else None)


def _remove_parts(path: Path) -> None:
    """Remove what is left of a file in parts: parts carry no mark to prove that they still fit."""
    for pattern in (".part*", ".ytdl*"):
        for leftover in path.parent.glob(glob.escape(path.name) + pattern):
            leftover.unlink(missing_ok=True)
