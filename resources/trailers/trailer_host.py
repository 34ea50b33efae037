"""Fetches a movie's trailer through yt-dlp: the first of its candidates that can be had."""

import glob
import logging
import re
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.core.errors import ConfigurationError, FetchError, ItemError, PausedError
from pipeline.core.outcomes import Reason, Status
from pipeline.core.records import Video
from pipeline.crawl.tmdb.trailer_ranking import FETCHED_SITES
from resources.http.addresses import SCHEMES, is_direct
from resources.http.pacing import HOST_FAILURES, Breaker, Pace, tell_backoff_s
from resources.trailers.cooldown import OwnNotes, Pauses
from resources.trailers.failures import AskedToWaitError, classify_failure, tell_wait_s
from resources.trailers.fetched_trailer import Attempt, FetchedTrailer, NoTrailerError
from resources.trailers.limits import Limits

LOG = logging.getLogger("marquee")

YOUTUBE_HOSTS = ("youtube.com", "youtu.be")
YOUTUBE_REQUESTS_PER_S = 0.15
"""One video in about 7 s: YouTube gives a guest some 300 videos an hour."""

TRIES = 3
"""How often one video is asked for before the movie waits for another run."""

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPENING = threading.Lock()
_AGAIN = (*HOST_FAILURES, Reason.CUT_OFF)
_PAUSING = (Reason.BOT_CHECK, Reason.RATE_LIMITED)

Inspect = Callable[[Path], object]


class TrailerHost:
    """A host of videos by key; safe to share between threads.

    Args:
        url_template: An http(s) address with `{key}` in it.
        requests_per_s: Videos per second; None: YouTube's pace on YouTube, else no limit.
        limits: What a trailer may be, and how long one is waited for.
        pauses: Where the rests are noted that the host wants after a bot check or a rate limit.
        jar: Cookies to send, from `resources.trailers.cookies`; None for none.
        tries: How often one video is asked for in a row where the failure passes.
        give_up_after: Failures in a row, over all movies, after which the host counts as down.
        may_reach_private: Whether pages may lead into private networks; None: only where the host
            lies in one itself.

    Raises:
        ConfigurationError: The template is not such an address.
    """

    def __init__(
        self,
        url_template: str,
        *,
        requests_per_s: float | None = None,
        limits: Limits | None = None,
        pauses: Pauses | None = None,
        jar: object = None,
        tries: int = TRIES,
        give_up_after: int = 20,
        may_reach_private: bool | None = None,
    ):
        parts = urlsplit(url_template)
        if "{key}" not in url_template or parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigurationError(
                f"TRAILER_URL_TEMPLATE is {url_template!r}; it must be an http(s) address with "
                "{key} in the place of the video's key."
            )
        self._template = url_template
        self._host = parts.hostname
        self._limits = limits or Limits()
        self._pauses = pauses or Pauses(OwnNotes(), url_template)
        self._jar = jar
        self._may_reach_private = may_reach_private
        self._tries = tries
        default_pace = YOUTUBE_REQUESTS_PER_S if self.is_youtube else None
        self._pace = Pace(default_pace if requests_per_s is None else requests_per_s)
        self._breaker = Breaker(parts.netloc, give_up_after)
        self._own = threading.local()
        self._opened: list = []

    @property
    def is_youtube(self) -> bool:
        """Whether the template leads to YouTube."""
        return any(self._host == host or self._host.endswith(f".{host}") for host in YOUTUBE_HOSTS)

    def fetch(
        self,
        candidates: Sequence[Video],
        to_folder: Path,
        stem: str,
        inspect: Inspect | None = None,
    ) -> FetchedTrailer:
        """Fetch the first candidate that can be had.

        The next one is tried when one will never be had (gone, private, no usable video, …). A
        failure that passes ends the attempt instead, so that a better trailer is not given up for a
        bad minute.

        Args:
            candidates: In the order in which they are wanted.
            to_folder: Staging folder; unfinished files stay in it and are gone on with next time.
            stem: Beginning of the files' names.
            inspect: Looks into a fetched file; raises `ItemError` where it is of no use.

        Raises:
            NoTrailerError: None could be had; it tells what became of each.
            PausedError: The host rests; the movie was not tried.
            SourceError: The host is down.
        """
        tried: list[Attempt] = []
        for video in candidates:
            try:
                paths = self._fetch_one(video, to_folder, stem)
                info = inspect(paths[0]) if inspect else None
            except ItemError as error:
                tried.append(Attempt(video.key, error.reason, error.detail))
                if error.reason.status is Status.WILL_RETRY:
                    break
                _remove(to_folder, f"{stem}.{video.key}")
            else:
                return FetchedTrailer(*paths, video.key, tuple(tried), info)
        raise NoTrailerError(tried)

    def close(self) -> None:
        """Close all connections; no thread may be fetching."""
        for downloader in self._opened:
            downloader.close()
        self._opened.clear()
        self._own = threading.local()
        self._pace.close()

    def _fetch_one(self, video: Video, folder: Path, stem: str) -> tuple[Path, Path | None]:
        if video.site.lower() not in FETCHED_SITES:
            raise FetchError(Reason.NOT_LISTED, f"it is at {video.site}, which is not asked")
        if not _KEY.fullmatch(video.key):
            raise FetchError(Reason.MALFORMED, "its key cannot stand in an address")
        url = self._template.replace("{key}", video.key)
        start = str(folder / f"{stem}.{video.key}").replace("%", "%%")
        downloader = self._open_downloader()
        try:
            found = self._extract(downloader, url)
            paths = self._ask(lambda: downloader.download(found, f"{start}.%(format_id)s.%(ext)s"))
        except FetchError as failure:
            raise self._note(failure) from None
        finally:
            downloader.forget()
        self._breaker.note(None)
        return paths

    def _extract(self, downloader, url: str) -> dict:
        """Ask what the host has of a video, again after a while where the failure passes."""
        attempt = 0
        while True:
            self._check_pause()
            self._breaker.check(is_let_in=attempt > 0)
            self._pace.wait()
            self._check_pause()
            attempt += 1
            try:
                return self._ask(lambda: downloader.extract(url))
            except FetchError as failure:
                if attempt == self._tries or not self._wait_after(failure, attempt):
                    raise

    def _wait_after(self, failure: FetchError, attempt: int) -> bool:
        """Wait before another try; False where there is to be none."""
        if isinstance(failure, AskedToWaitError):
            if failure.is_short:
                self._pace.pause(failure.wait_s)
            elif failure.reason not in _PAUSING:
                self._breaker.pause(failure.wait_s)
            return failure.is_short
        if failure.reason in _AGAIN:
            time.sleep(tell_backoff_s(attempt))
        return failure.reason in _AGAIN

    def _ask(self, act: Callable[[], object]):
        """Have yt-dlp do something; its failures become ours."""
        from yt_dlp.utils import YoutubeDLError

        try:
            return act()
        except FetchError:
            raise
        except (YoutubeDLError, OSError, ValueError) as error:
            failure = classify_failure(error, of_youtube=self.is_youtube)
            wait_s = tell_wait_s(error)
        if wait_s is not None and failure.reason in (Reason.RATE_LIMITED, Reason.SERVER_ERROR):
            raise AskedToWaitError(failure, wait_s)
        raise failure

    def _note(self, failure: FetchError) -> FetchError:
        """Count a failure, and begin a rest where the host wants one; give what to raise."""
        if failure.reason not in _PAUSING:
            self._breaker.note(failure.reason)
            return failure
        self._breaker.note(None)  # it lives, and rests
        with _OPENING:
            is_new = self._pauses.current() is None
            pause = self._pauses.begin(failure.reason, getattr(failure, "wait_s", None))
        if is_new:
            LOG.warning("%s", pause.tell())
        return FetchError(failure.reason, f"{failure.detail}; {pause.tell()}")

    def _check_pause(self) -> None:
        pause = self._pauses.current()
        if pause:
            raise PausedError(pause.reason, pause.tell())

    def _open_downloader(self):
        """Return this thread's own: yt-dlp is not made to be shared.

        One at a time: yt-dlp loads its extractors at the first opening, and a second thread that
        opens meanwhile finds none and would refuse every trailer.
        """
        if hasattr(self._own, "downloader"):
            return self._own.downloader
        with _OPENING:
            from resources.trailers.downloader import Way, open_downloader

            names = ("youtube",) if self.is_youtube else ("generic",)
            is_near = is_direct(self._host)
            way = Way(self._template, names, is_near, self._jar, self._may_reach_private)
            self._own.downloader = open_downloader(way, self._limits)
            self._opened.append(self._own.downloader)
        return self._own.downloader


def _remove(folder: Path, start: str) -> None:
    for leftover in folder.glob(f"{glob.escape(start)}.*"):
        leftover.unlink(missing_ok=True)
