"""Fetches a movie's trailer through yt-dlp: the first of its candidates that can be had.

What belongs here: candidates, pauses, files. What does not: the order of the candidates (see
`pipeline.crawl.trailers`), and whether the file is a usable video (see `pipeline.media.trailer`).
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.errors import ConfigurationError, FetchError
from pipeline.outcomes import Reason, Status
from pipeline.records import Video
from resources.addresses import SCHEMES, is_direct
from resources.pacing import Breaker, Pace

YOUTUBE_HOSTS = ("youtube.com", "youtu.be")
YOUTUBE_REQUESTS_PER_S = 0.15
"""One video in about 7 s: YouTube gives a guest some 300 videos an hour."""

PAUSE_S = 15 * 60
"""How long no video is asked for after a bot check or a rate limit."""

_OPENING = threading.Lock()
_PAUSING = (Reason.BOT_CHECK, Reason.RATE_LIMITED)


@dataclass(frozen=True)
class FetchedTrailer:
    """A trailer's files, complete, still in the staging folder.

    Attributes:
        path: Video, with its sound where `audio_path` is None.
        audio_path: Sound alone, where the host keeps it apart.
        key: The video that was taken.
        tried: The videos before it, and why each could not be had.
    """

    path: Path
    audio_path: Path | None
    key: str
    tried: tuple[tuple[str, Reason], ...] = ()


class TrailerHost:
    """A host of videos by key; safe to share between threads.

    Args:
        url_template: An http(s) address with `{key}` in it.
        requests_per_s: Videos per second; None: YouTube's pace on YouTube, else no limit.
        max_bytes: Per file.
        max_duration_s: Where the host tells the duration beforehand.
        timeout_s: For connecting, and for every wait for the next bytes.
        max_download_s: Whole time for one file.
        pause_s: How long the whole queue rests after a bot check, or a rate limit of YouTube.
        give_up_after: Failures in a row, over all movies, after which the host counts as down.

    Raises:
        ConfigurationError: The template is not such an address.
    """

    def __init__(
        self,
        url_template: str,
        *,
        requests_per_s: float | None = None,
        max_bytes: int = 300 * 1024 * 1024,
        max_duration_s: float = 15 * 60,
        timeout_s: float = 20.0,
        max_download_s: float = 600.0,
        pause_s: float = PAUSE_S,
        give_up_after: int = 20,
    ):
        parts = urlsplit(url_template)
        if "{key}" not in url_template or parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigurationError(
                f"TRAILER_URL_TEMPLATE is {url_template!r}; it must be an http(s) address with "
                "{key} in the place of the video's key."
            )
        self._template = url_template
        self._host = parts.hostname
        self._limits = (max_bytes, max_duration_s, timeout_s, max_download_s)
        self._pause_s = pause_s
        self._resume_at = 0.0
        self._why_paused = Reason.RATE_LIMITED
        default_pace = YOUTUBE_REQUESTS_PER_S if self.is_youtube else None
        self._pace = Pace(default_pace if requests_per_s is None else requests_per_s)
        self._breaker = Breaker(parts.netloc, give_up_after)
        self._own = threading.local()
        self._opened: list = []

    @property
    def is_youtube(self) -> bool:
        """Whether the template leads to YouTube."""
        return any(self._host == host or self._host.endswith(f".{host}") for host in YOUTUBE_HOSTS)

    def fetch(self, candidates: Sequence[Video], to_folder: Path, stem: str) -> FetchedTrailer:
        """Fetch the first candidate that can be had.

        The next one is tried when one will never be had (gone, private, …). A failure that passes
        ends the attempt instead, so that a better trailer is not given up for a bad minute.

        Args:
            candidates: In the order in which they are wanted.
            to_folder: Staging folder; unfinished files stay in it and are gone on with next time.
            stem: Beginning of the files' names.

        Raises:
            FetchError: None could be had; the reason is the passing failure, else the first
                candidate's, and the detail names them all.
            SourceError: The host is down.
        """
        tried: list[tuple[str, Reason]] = []
        first: FetchError | None = None
        for video in candidates:
            try:
                path, audio_path = self._fetch_one(video.key, to_folder, stem)
            except FetchError as error:
                tried.append((video.key, error.reason))
                first = first or error
                if error.reason.status is Status.RETRY:
                    raise FetchError(error.reason, _tell(tried, error)) from None
            else:
                return FetchedTrailer(path, audio_path, video.key, tuple(tried))
        if first is None:
            raise FetchError(Reason.NOT_LISTED, "no trailer is listed")
        raise FetchError(first.reason, _tell(tried, first))

    def close(self) -> None:
        """Close all connections; no thread may be fetching."""
        for downloader in self._opened:
            downloader.close()
        self._opened.clear()
        self._own = threading.local()
        self._pace.close()

    def _fetch_one(self, key: str, folder: Path, stem: str) -> tuple[Path, Path | None]:
        from yt_dlp.utils import YoutubeDLError

        from resources.trailer_failures import classify_failure

        self._check_pause()
        self._breaker.check()
        self._pace.wait()
        downloader = self._open_downloader()
        start = str(folder / f"{stem}.{key}").replace("%", "%%")
        url = self._template.replace("{key}", key)
        try:
            found = _find_files(downloader.fetch(url, f"{start}.%(format_id)s.%(ext)s"))
        except FetchError as error:
            failure = error
        except (YoutubeDLError, OSError, ValueError) as error:
            failure = classify_failure(error)
        else:
            self._breaker.note(None)
            return found
        self._note(failure.reason)
        if failure.reason.status is not Status.RETRY:
            for leftover in folder.glob(f"{stem}.{key}.*"):
                leftover.unlink(missing_ok=True)
        raise failure

    def _note(self, reason: Reason) -> None:
        if reason is Reason.BOT_CHECK or (reason in _PAUSING and self.is_youtube):
            self._why_paused = reason
            self._resume_at = time.time() + self._pause_s
        self._breaker.note(reason)

    def _check_pause(self) -> None:
        if time.time() < self._resume_at:
            clock = time.strftime("%H:%M:%S", time.localtime(self._resume_at))
            raise FetchError(self._why_paused, f"all trailers pause until {clock}")

    def _open_downloader(self):
        """Give this thread's own: yt-dlp is not made to be shared.

        One at a time: yt-dlp loads its extractors at the first opening, and a second thread that
        opens meanwhile finds none and would refuse every trailer.
        """
        if hasattr(self._own, "downloader"):
            return self._own.downloader
        with _OPENING:
            from resources.downloader import Limits, open_downloader

            self._own.downloader = open_downloader(
                self._template,
                ["youtube"] if self.is_youtube else ["generic"],
                Limits(*self._limits),
                is_near=is_direct(self._host),
            )
            self._opened.append(self._own.downloader)
        return self._own.downloader


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


def _tell(tried: list[tuple[str, Reason]], error: FetchError) -> str:
    keys = ", ".join(f"{key} {reason.value}" for key, reason in tried)
    return f"{error.detail} (tried: {keys})"
