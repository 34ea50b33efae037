"""The sources of a movie's trailer: the user's own folder first, then the trailer host."""

import logging
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline.core.errors import ConfigurationError, ItemError, PausedError
from pipeline.core.records import MovieRecord, Video
from pipeline.crawl.tmdb.trailer_ranking import FETCHED_SITES, rank_trailers
from resources.settings import TRAILER_URL_TEMPLATE, Settings
from resources.trailers.cooldown import Cooldown, Notes
from resources.trailers.fetched_trailer import Attempt, FetchedTrailer, Inspect, NoTrailerError
from resources.trailers.options import TrailerLimits, maximum_height, reject_too_long
from resources.trailers.own_folder import TrailerFolder

if TYPE_CHECKING:  # they load a rate limiter, a decoder and an HTTP client; definitions need none
    from http.cookiejar import CookieJar

    from pipeline.media.trailer import TrailerInfo
    from resources.http.pacing import Turns
    from resources.trailers.trailer_host import TrailerHost

LOG = logging.getLogger("marquee")

REMEDY = "Replace it, or remove it from the folder."


@dataclass(frozen=True)
class TrailerRequest:
    """The movie whose trailer is requested.

    Attributes:
        tmdb_id, imdb_id: The movie.
        candidates: Its videos, in order of preference.
        elsewhere: Videos at hosts that are not supported, in words; empty where there are none.
    """

    tmdb_id: int
    imdb_id: str | None
    candidates: tuple[Video, ...]
    elsewhere: str = ""


def request_trailer(record: MovieRecord) -> TrailerRequest:
    """Return the request for a movie's trailer."""
    candidates = rank_trailers(record.videos, record.original_language, record.release_date)
    sites = Counter(v.site for v in record.videos if v.site.lower() not in FETCHED_SITES)
    counts = ", ".join(f"{count} at {site or 'no site'}" for site, count in sites.items())
    elsewhere = f"videos elsewhere are not fetched: {counts}" if counts else ""
    return TrailerRequest(record.tmdb_id, record.imdb_id, candidates, elsewhere)


class TrailerSources:
    """The user's own trailers, and the host, which is opened when a movie first needs it."""

    def __init__(
        self,
        open_host: "Callable[[], TrailerHost]",
        own: TrailerFolder | None = None,
        limits: TrailerLimits | None = None,
    ):
        self._open_host = open_host
        self._own = own
        self._limits = limits or TrailerLimits()
        self._host: TrailerHost | None = None
        self._opening = threading.Lock()

    @property
    def host(self) -> "TrailerHost":
        """The trailer host."""
        with self._opening:
            self._host = self._host or self._open_host()
            return self._host

    def close(self) -> None:
        """Close the host, if it was opened."""
        if self._host is not None:
            self._host.close()

    def fetch(self, request: TrailerRequest, to_folder: Path, probe: Inspect) -> FetchedTrailer:
        """Fetch a movie's trailer: the user's own where there is a usable one, else the host's.

        Args:
            request: The movie.
            to_folder: Staging folder.
            probe: Reads a file's facts, or raises `ItemError` where it is unusable.

        Raises:
            NoTrailerError: None is available; it lists the attempts.
            PausedError: The host is in a cooldown; the movie was not tried.
        """

        def inspect(path: Path) -> "TrailerInfo":
            info = probe(path)
            reject_too_long(info.duration_s or None, self._limits)
            return info

        tried: list[Attempt] = []
        keys = [video.key for video in request.candidates]
        own = self._own.find(request.tmdb_id, request.imdb_id, keys) if self._own else ()
        for trailer in own:
            copy = to_folder / f"{request.tmdb_id}.own"
            name = trailer.path.name
            try:
                info = inspect(trailer.copy(copy, self._limits))
            except ItemError as error:
                copy.unlink(missing_ok=True)
                detail = f"your own {name}: {error.detail}. {REMEDY}"
                LOG.warning("Movie %s, %s", request.tmdb_id, detail)
                tried.append(Attempt(name, error.reason, detail))
            else:
                return FetchedTrailer(copy, None, name, tuple(tried), info, is_own=True)
        return self._fetch_from_host(request, to_folder, inspect, tried)

    def _fetch_from_host(
        self, request: TrailerRequest, to_folder: Path, inspect: Inspect, tried: list[Attempt]
    ) -> FetchedTrailer:
        if not request.candidates:
            raise NoTrailerError(tried, request.elsewhere)
        try:
            fetched = self.host.fetch(request.candidates, to_folder, str(request.tmdb_id), inspect)
        except NoTrailerError as error:
            raise NoTrailerError([*tried, *error.tried], request.elsewhere) from None
        except PausedError as paused:
            if not tried:
                raise
            # the user's own file was tried and is unusable: that needs a row
            waiting = Attempt(request.candidates[0].key, paused.reason, str(paused))
            raise NoTrailerError([*tried, waiting], request.elsewhere) from None
        return replace(fetched, tried=(*tried, *fetched.tried))


def open_own_folder(settings: Settings) -> TrailerFolder | None:
    """Open the user's folder of trailers; None where none is set."""
    if not settings.trailers:
        return None
    return TrailerFolder(Path(settings.trailers).expanduser())


def open_cooldown(settings: Settings, notes: Notes, clock: Callable[[], float]) -> Cooldown:
    """Return the cooldowns of the host that the settings name."""
    return Cooldown(notes, settings.trailer_url_template or TRAILER_URL_TEMPLATE, clock)


def open_sources(
    settings: Settings,
    notes: Notes,
    clock: Callable[[], float],
    share_turns: Callable[[str], "Turns"] | None = None,
) -> TrailerSources:
    """Open what the settings name; the host is contacted when a movie first needs it.

    Args:
        settings: Folder, host, limits.
        notes: The ledger, which keeps cooldowns.
        clock: Seconds since the epoch.
        share_turns: Returns a host's turns, where other processes share its rate.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    limits = TrailerLimits(max_height_px=maximum_height(settings))
    cooldown = open_cooldown(settings, notes, clock)
    jar, plugins = _open_jar(settings), _find_plugins(settings)

    def open_host() -> "TrailerHost":
        from resources.trailers.trailer_host import TrailerHost

        template = settings.trailer_url_template or TRAILER_URL_TEMPLATE
        turns = share_turns(urlsplit(template).netloc) if share_turns else None
        return TrailerHost(
            template, turns=turns, limits=limits, cooldown=cooldown, jar=jar, plugins=plugins
        )

    return TrailerSources(open_host, open_own_folder(settings), limits)


def _find_plugins(settings: Settings) -> Path | None:
    if not settings.youtube_plugins:
        return None
    folder = Path(settings.youtube_plugins).expanduser()
    if not folder.is_dir():
        raise ConfigurationError(
            f"MARQUEE_YOUTUBE_PLUGINS is {folder}, which is no folder. It must hold a folder or an "
            "archive for each yt-dlp plugin."
        )
    return folder


def _open_jar(settings: Settings) -> "CookieJar | None":
    if not settings.youtube_cookies:
        return None
    from resources.trailers.cookies import open_jar, read_cookies

    return open_jar(read_cookies(Path(settings.youtube_cookies).expanduser()))
