"""Fetch a movie's trailer through yt-dlp: the first of its candidates that is available."""

import glob
import logging
import re
import threading
from collections.abc import Callable, Sequence
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from pipeline.core.errors import ConfigurationError, FetchError, ItemError, PausedError
from pipeline.core.outcomes import Reason, Status
from pipeline.core.records import Video
from pipeline.crawl.tmdb.trailer_ranking import FETCHED_SITES
from resources.clock import CLOCK, Clock
from resources.http.addresses import SCHEMES, is_direct
from resources.http.pacing import HOST_FAILURES, CircuitBreaker, RateLimiter, Turns, backoff_s
from resources.trailers.cooldown import Cooldown, InMemoryNotes
from resources.trailers.failures import (
    RefusedMediaError,
    RetryAfterError,
    classify_failure,
    requested_wait_s,
)
from resources.trailers.fetched_trailer import (
    Attempt,
    FetchedTrailer,
    Inspect,
    NoTrailerError,
    PostponedError,
)
from resources.trailers.options import TrailerLimits

if TYPE_CHECKING:  # it imports yt-dlp, which takes half a second
    from resources.trailers.downloader import Downloader

LOG = logging.getLogger("marquee")

YOUTUBE_HOSTS = ("youtube.com", "youtu.be")
YOUTUBE_GUEST_PER_S = 0.08
YOUTUBE_ACCOUNT_PER_S = 0.15
"""Videos: 288 and 540 an hour. Source: yt-dlp's wiki, page "Extractors": YouTube allows guests
about 300 videos an hour and accounts about 2,000; 5 to 10 s between two are advised."""

MEDIA_PAUSE_S = 5.0
"""Wait before a fresh extraction where the host refused a video's data."""

TRIES = 3
"""Attempts at one video before the movie waits for another run."""

_KEY = re.compile(r"[A-Za-z0-9_-]{1,64}")
_OPENING = threading.Lock()
_RETRIED = (*HOST_FAILURES, Reason.CUT_OFF)
_COOLDOWN = (Reason.BOT_CHECK, Reason.RATE_LIMITED)

_T = TypeVar("_T")


class TrailerHost:
    """A host of videos by key; safe to share between threads.

    Args:
        url_template: An http(s) address with `{key}` in it.
        requests_per_s: Videos per second; None: on YouTube what it allows guests, or accounts where
            there are cookies; elsewhere no limit.
        turns: Turns of that rate, where other processes share it.
        limits: Of a trailer and of its download.
        cooldown: What the host requires after a bot check or a rate limit.
        jar: Cookies to send, from `resources.trailers.cookies`; None for none.
        tries: Attempts in a row at one video where the failure is transient.
        give_up_after: Failures in a row, over all movies, after which the host counts as down.
        may_reach_private: Whether pages may lead into private networks; None: only where the host
            lies in one itself.
        trusts_home: Whether the host of the template may lie in a private network.
        plugins: Folder of yt-dlp plugins; None for none.
        clock: For waits, pauses and cooldowns.

    Raises:
        ConfigurationError: The template is not such an address.
    """

    def __init__(
        self,
        url_template: str,
        *,
        requests_per_s: float | None = None,
        turns: Turns | None = None,
        limits: TrailerLimits | None = None,
        cooldown: Cooldown | None = None,
        jar: CookieJar | None = None,
        tries: int = TRIES,
        give_up_after: int = 20,
        may_reach_private: bool | None = None,
        trusts_home: bool = True,
        plugins: Path | None = None,
        clock: Clock = CLOCK,
    ):
        parts = urlsplit(url_template)
        if "{key}" not in url_template or parts.scheme not in SCHEMES or not parts.hostname:
            raise ConfigurationError(
                f"TRAILER_URL_TEMPLATE is {url_template!r}; it must be an http(s) address with "
                "{key} in the place of the video's key."
            )
        self._template = url_template
        self._host = parts.hostname
        self._limits = limits or TrailerLimits()
        self._cooldown = cooldown or Cooldown(InMemoryNotes(), url_template)
        self._jar = jar
        self._may_reach_private = may_reach_private
        self._trusts_home = trusts_home
        self._plugins = plugins
        self._tries = tries
        youtubes_pace = YOUTUBE_GUEST_PER_S if jar is None else YOUTUBE_ACCOUNT_PER_S
        default_pace = youtubes_pace if self.is_youtube else None
        self._clock = clock
        rate_per_s = default_pace if requests_per_s is None else requests_per_s
        self._pace = RateLimiter(rate_per_s, shared=turns, clock=clock)
        self._breaker = CircuitBreaker(parts.netloc, give_up_after, clock=clock)
        self._own = threading.local()
        self._opened: list[Downloader] = []

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
        """Fetch the first candidate that is available.

        The next one is tried after a final failure (gone, private, no usable video, …), where one
        premieres later, and where it is unclear whether one is gone. Any other
        transient failure ends the fetch instead, so that a better trailer is not lost to a short
        outage.

        Args:
            candidates: In order of preference.
            to_folder: Staging folder; partial files stay in it and are resumed next time.
            stem: Beginning of the files' names.
            inspect: Reads a fetched file's facts; raises `ItemError` where it is unusable.

        Raises:
            NoTrailerError: None is available; it lists the attempts.
            PausedError: The host is in a cooldown; the movie was not tried.
            SourceError: The host is down.
        """
        tried: list[Attempt] = []
        for video in candidates:
            try:
                paths = self._fetch_one(video, to_folder, stem)
                info = inspect(paths[0]) if inspect else None
            except ItemError as error:
                tried.append(Attempt.of(video.key, error))
                is_of_video = isinstance(error, PostponedError) or error.reason is Reason.LIVE
                if error.reason.status is Status.WILL_RETRY and not is_of_video:
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

    def _fetch_one(self, video: Video, folder: Path, stem: str) -> tuple[Path, Path | None]:
        if video.site.lower() not in FETCHED_SITES:
            raise FetchError(Reason.NOT_LISTED, f"its host {video.site} is not supported")
        if not _KEY.fullmatch(video.key):
            raise FetchError(Reason.MALFORMED, "its key cannot be part of an address")
        url = self._template.replace("{key}", video.key)
        start = str(folder / f"{stem}.{video.key}").replace("%", "%%")
        downloader = self._open_downloader()
        try:
            paths = self._download(downloader, url, video.key, f"{start}.%(format_id)s.%(ext)s")
        except FetchError as failure:
            raise self._note(failure) from None
        finally:
            downloader.close_responses()
        self._breaker.note(None)
        return paths

    def _download(
        self, downloader: "Downloader", url: str, key: str, template: str
    ) -> tuple[Path, Path | None]:
        """Extract and download; once more where the host refuses the data that it described."""

        def download() -> tuple[Path, Path | None]:
            found = self._extract(downloader, url, key)
            return self._run(
                downloader, lambda: downloader.fetch(found, template), key, of_media=True
            )

        try:
            return download()
        except RefusedMediaError as failure:
            LOG.debug("%s; it is extracted again", failure.detail)
        self._clock.sleep(MEDIA_PAUSE_S)
        downloader.close_responses()
        return download()

    def _extract(self, downloader: "Downloader", url: str, key: str) -> dict[str, Any]:
        """Extract what the host has of a video; retry transient failures after a wait."""
        attempt = 0
        while True:
            self._check_cooldown()
            self._breaker.check(is_retry=attempt > 0)
            self._pace.wait()
            self._check_cooldown()
            attempt += 1
            try:
                return self._run(downloader, lambda: downloader.extract(url), key)
            except FetchError as failure:
                if attempt == self._tries or not self._wait_after(failure, attempt):
                    raise

    def _wait_after(self, failure: FetchError, attempt: int) -> bool:
        """Wait before another attempt; False where there is none."""
        if isinstance(failure, RetryAfterError):
            if failure.is_short:
                self._pace.pause(failure.wait_s)
            elif failure.reason not in _COOLDOWN:
                self._breaker.pause(failure.wait_s)
            return failure.is_short
        if failure.reason in _RETRIED:
            self._clock.sleep(backoff_s(attempt))
        return failure.reason in _RETRIED

    def _run(
        self, downloader: "Downloader", act: Callable[[], _T], key: str, *, of_media: bool = False
    ) -> _T:
        """Call yt-dlp and turn its failures into ours."""
        from yt_dlp.utils import YoutubeDLError

        try:
            return act()
        except FetchError:
            raise
        except (YoutubeDLError, OSError, ValueError) as error:
            failure = classify_failure(
                error,
                of_youtube=self.is_youtube,
                key=key,
                of_media=of_media,
                is_withheld=downloader.is_withheld,
            )
            wait_s = requested_wait_s(error)
        if wait_s is not None and failure.reason in (Reason.RATE_LIMITED, Reason.SERVER_ERROR):
            raise RetryAfterError(failure, wait_s)
        raise failure

    def _note(self, failure: FetchError) -> FetchError:
        """Count a failure, begin a cooldown if the host requires one, and return what to raise."""
        if failure.reason not in _COOLDOWN:
            self._breaker.note(None if isinstance(failure, PostponedError) else failure.reason)
            return failure
        self._breaker.note(None)  # it works, and requires a cooldown
        with _OPENING:
            is_new = self._cooldown.current() is None
            period = self._cooldown.begin(failure.reason, getattr(failure, "wait_s", None))
        if is_new:
            LOG.warning("%s", period.message)
        return FetchError(failure.reason, f"{failure.detail}; {period.message}")

    def _check_cooldown(self) -> None:
        period = self._cooldown.current()
        if period:
            raise PausedError(period.reason, period.message)

    def _open_downloader(self) -> "Downloader":
        """Return this thread's own downloader: yt-dlp must not be shared.

        One at a time: yt-dlp loads its extractors when it is first opened, and a second thread that
        opens it meanwhile finds none and would reject every trailer.
        """
        if hasattr(self._own, "downloader"):
            return self._own.downloader
        with _OPENING:
            from resources.trailers.downloader import open_downloader

            self._own.downloader = open_downloader(
                self._template,
                self._limits,
                extractors=("youtube",) if self.is_youtube else ("generic",),
                is_near=is_direct(self._host),
                jar=self._jar,
                may_reach_private=self._may_reach_private,
                trusts_home=self._trusts_home,
                plugins=self._plugins,
                clock=self._clock,
            )
            self._opened.append(self._own.downloader)
        return self._own.downloader


def _remove(folder: Path, start: str) -> None:
    for leftover in folder.glob(f"{glob.escape(start)}.*"):
        leftover.unlink(missing_ok=True)
