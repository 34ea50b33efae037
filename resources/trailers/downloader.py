"""yt-dlp as we use it: quiet, http(s) only, bounded, two plain files instead of one merged.

Importing this takes half a second, so only a function of `resources.trailers.trailer_host` does.
"""

import glob
import logging
import re
from functools import partial
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any, cast

import yt_dlp
from yt_dlp.globals import plugin_dirs

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.core.versions import hash_json
from resources.clock import CLOCK, Clock
from resources.http.pacing import backoff_s
from resources.http.redaction import redact
from resources.http.transport import CHUNK_BYTES
from resources.http.wire import HEAD_BYTES, MAX_REDIRECTS, ConnectionRules
from resources.trailers.guarded_transport import GuardedRH
from resources.trailers.js_runtime import find_deno
from resources.trailers.options import TrailerLimits, check_size, check_video, reject_too_large
from resources.trailers.partial_file import PartialFile

LOG = logging.getLogger("marquee.trailers")

LISTS = ("playlist", "multi_video", "compat_list")
PLAIN = ("http", "https")
FRAGMENTED = ("m3u8", "m3u8_native", "http_dash_segments")
"""Protocols that yt-dlp itself speaks, over our handler; the others would start a program."""

_UNUSABLE = re.compile(r"\bsabr\b|only images are available|missing a url", re.IGNORECASE)
"""What yt-dlp remarks where YouTube offers formats that it cannot download."""

NO_FFMPEG = "marquee-starts-no-ffmpeg"
"""A path where none is: the program opens URLs by itself, past every guard."""


class QuietLogger:
    """Log yt-dlp's messages for debugging: its errors become reasons, not errors of the run."""

    @staticmethod
    def debug(message: str) -> None:
        """Log a message."""
        LOG.debug("%s", redact(str(message)))

    info = warning = error = debug


def choose_plugins(folder: Path | None) -> None:
    """Have yt-dlp load the plugins of this folder, and no others.

    By default it runs whatever lies in the user's configuration folders and on Python's path. It
    loads plugins once a process, when the first downloader is opened.

    Args:
        folder: Holds a folder or an archive for each plugin; None for no plugin.
    """
    plugin_dirs.value = [str(folder)] if folder else []


def choose_formats(max_height_px: int) -> str:
    """Return yt-dlp's format selector: up to this height, else, by `format_sort`, the lowest.

    Video and sound come as two files where the host has them apart, else as one file: merging would
    need the ffmpeg program. A file of unknown height is taken.

    Example:
        >>> choose_formats(480)
        '(bv[height<=480]/bv,ba)/b[height<=?480]/b'
    """
    return f"(bv[height<={max_height_px}]/bv,ba)/b[height<=?{max_height_px}]/b"


class Downloader(yt_dlp.YoutubeDL):
    """A yt-dlp whose only request handler is the guarded one."""

    def __init__(self, params: dict, handler: type[GuardedRH], jar: CookieJar | None = None):
        self._handler = handler
        self._url = ""
        self.is_withheld = False  # whether formats were remarked that cannot be downloaded
        if jar is not None:
            self.cookiejar: Any = jar
        super().__init__(cast(Any, params))

    def build_request_director(self, handlers, preferences=None):  # noqa: ARG002
        """Build it with our handler instead of those that reach files, FTP and sockets."""
        ours: Any = [self._handler]  # the stubs expect instances; yt-dlp makes them
        return super().build_request_director(ours, preferences)

    def report_warning(self, message, *args, **options):
        """Log a warning, and note one about formats that cannot be downloaded."""
        self._note_remark(message)
        super().report_warning(message, *args, **options)

    def write_debug(self, message, *args, **options):
        """Log a message of debugging; of some clients YouTube's refusal stands in one alone."""
        self._note_remark(message)
        super().write_debug(message, *args, **options)

    def _note_remark(self, message: object) -> None:
        self.is_withheld = self.is_withheld or bool(_UNUSABLE.search(str(message)))

    def extract(self, url: str) -> dict[str, Any]:
        """Extract what the host has of one video; nothing is downloaded yet.

        Raises:
            YoutubeDLError, OSError, FetchError: See `resources.trailers.failures`.
        """
        if url != self._url:  # yt-dlp makes a remark about a video once
            self._url, self.is_withheld = url, False
        found: Any = self.extract_info(url, download=False, process=False)
        for _ in range(MAX_REDIRECTS):
            if (found or {}).get("_type") != "url":
                break
            found = self.extract_info(
                found["url"], ie_key=found.get("ie_key"), download=False, process=False
            )
        if not found or found.get("_type") == "url":
            raise FetchError(Reason.WRONG_TYPE, "expected a video, found none")
        _reject_list(found)
        check_video(found, self._handler.limits)  # a premiere has no formats yet
        for item in (found, *(found.get("formats") or ())):
            if item.get("format_id"):  # names a file, and may be any text of the host
                item["format_id"] = hash_json(item["format_id"])
        return found

    def fetch(self, found: dict[str, Any], template: str) -> tuple[Path, Path | None]:
        """Download what was extracted into files named by a yt-dlp output template.

        Returns:
            The video, and the sound where it is apart.

        Raises:
            YoutubeDLError, OSError, FetchError: See `resources.trailers.failures`.
        """
        params: dict[str, Any] = self.params  # pyright: ignore[reportAssignmentType]  # one dictionary
        params["outtmpl"]["default"] = template
        result: Any = self.process_ie_result(found, download=True)  # pyright: ignore[reportArgumentType]  # its own
        return _find_files(result)

    def close_responses(self) -> None:
        """Close the responses of the last video that were not read to their end."""
        director: Any = self._request_director  # pyright: ignore[reportAttributeAccessIssue]  # not in the stubs
        for handler in director.handlers.values():
            handler.close_responses()

    def close(self) -> None:
        """Close everything."""
        self.close_responses()
        super().close()

    def process_ie_result(self, ie_result, download=True, extra_info=None):
        """Process one video; a list is rejected wherever it comes up."""
        _reject_list(ie_result)
        return super().process_ie_result(ie_result, download, extra_info)

    def dl(self, name, info, subtitle=False, test=False):
        """Download one file; a partial one is resumed where it is provably the same file."""
        protocol = info.get("protocol")
        if protocol not in (*PLAIN, *FRAGMENTED):
            raise FetchError(Reason.FORBIDDEN, f"its protocol {protocol} is not supported")
        reject_too_large(info.get("filesize"), self._handler.limits)
        if protocol in FRAGMENTED:
            _remove_fragments(Path(name))
            return super().dl(name, info, subtitle, test)
        self._handler.partial.begin(Path(name))
        try:
            return super().dl(name, info, subtitle, test)
        finally:
            self._handler.partial.end()


def open_downloader(
    base_url: str,
    limits: TrailerLimits,
    *,
    extractors: tuple[str, ...],
    is_near: bool,
    jar: CookieJar | None = None,
    may_reach_private: bool | None = None,
    trusts_home: bool = True,
    plugins: Path | None = None,
    clock: Clock = CLOCK,
) -> Downloader:
    """Open a downloader; it keeps connections and extractors, and belongs to one thread.

    Args:
        base_url: The configured address, whose host may lie in a private network.
        limits: Of a trailer and of its download.
        extractors: Names of the extractors that may be used.
        is_near: Whether the host is on this machine or network.
        jar: Cookies to send, shared by all threads; None for none.
        may_reach_private: See `resources.http.wire.ConnectionRules`.
        trusts_home: Whether the host of `base_url` may lie in a private network.
        plugins: Folder of yt-dlp plugins; None for none.
        clock: For waits between two attempts.
    """
    choose_plugins(plugins)
    max_bytes = limits.max_bytes + HEAD_BYTES
    rules = ConnectionRules(
        base_url, limits.max_download_s, max_bytes, may_reach_private, trusts_home
    )
    own = {"rules": rules, "limits": limits, "partial": PartialFile()}
    params = _params(limits, clock)
    params["allowed_extractors"] = list(extractors)
    if is_near:
        params["proxy"] = ""
    return Downloader(params, type("TrailerRH", (GuardedRH,), own), jar)


def _params(limits: TrailerLimits, clock: Clock) -> dict:
    deno = find_deno()
    return {
        "quiet": True,
        "no_warnings": True,
        "noprogress": True,
        "logger": QuietLogger,
        "cachedir": False,
        "noplaylist": True,
        "js_runtimes": {"deno": {"path": str(deno)} if deno else {}},
        "remote_components": [],
        "format": choose_formats(limits.max_height_px),
        # The original sound before dubs; H.264 before newer codecs: a decoder may skip its
        # non-reference frames.
        "format_sort": ["lang", f"res:{limits.max_height_px}", "vcodec:h264", "acodec:aac"],
        "fixup": "never",
        "external_downloader": "native",
        "ffmpeg_location": NO_FFMPEG,
        "updatetime": False,
        "socket_timeout": limits.timeout_s,
        "buffersize": 4 * CHUNK_BYTES,
        "noresizebuffer": True,
        "retries": 1,
        "fragment_retries": 1,
        "retry_sleep_functions": dict.fromkeys(("http", "fragment"), partial(_wait, clock)),
        "extractor_retries": 0,
        "skip_unavailable_fragments": False,
        "match_filter": lambda info, **_: check_video(info, limits),
        "progress_hooks": [lambda state: check_size(state, limits)],
    }


def _wait(clock: Clock, n: int) -> float:
    """Wait before the next attempt; the 0 returned keeps yt-dlp from waiting itself."""
    clock.sleep(backoff_s(n + 1))
    return 0.0


def _reject_list(found: Any) -> None:
    if found.get("_type") in LISTS:
        raise FetchError(Reason.WRONG_TYPE, "expected one video, found a list of videos")


def _find_files(info: dict | None) -> tuple[Path, Path | None]:
    """Return the video's file, and the sound's where it is apart."""
    downloads = (info or {}).get("requested_downloads") or []
    files = [(Path(item["filepath"]), item.get("vcodec")) for item in downloads]
    files = [(path, codec) for path, codec in files if path.is_file() and path.stat().st_size]
    videos = [path for path, codec in files if codec != "none"]
    sounds = [path for path, codec in files if codec == "none"]
    if not videos:
        what = "only sound" if sounds else "no video file"
        raise FetchError(Reason.WRONG_TYPE, f"expected a video, got {what}")
    return videos[0], (sounds[0] if sounds else None)


def _remove_fragments(path: Path) -> None:
    """Remove what is left of a fragmented file: fragments carry no mark to prove their version."""
    for pattern in (".part*", ".ytdl*"):
        for leftover in path.parent.glob(glob.escape(path.name) + pattern):
            leftover.unlink(missing_ok=True)
