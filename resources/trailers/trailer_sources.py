"""Where a movie's trailer comes from: the user's own folder first, then the trailer host."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.core.errors import ItemError, PausedError
from pipeline.core.records import MovieRecord, Video
from pipeline.crawl.tmdb.trailer_ranking import FETCHED_SITES, rank_trailers
from resources.settings import TRAILER_URL_TEMPLATE, Settings
from resources.trailers.cooldown import Notes, Pauses
from resources.trailers.fetched_trailer import Attempt, FetchedTrailer, NoTrailerError
from resources.trailers.limits import Limits, refuse_long, trailer_lines
from resources.trailers.own_folder import OwnTrailer, TrailerFolder
from resources.trailers.trailer_host import TrailerHost

LOG = logging.getLogger("marquee")

REPLACE = "Replace it, or take it out of the folder."


@dataclass(frozen=True)
class Wanted:
    """Whose trailer is wanted.

    Attributes:
        tmdb_id, imdb_id: The movie.
        candidates: Its videos, the first choice first.
        elsewhere: Words on videos at hosts that are not asked; empty where there are none.
    """

    tmdb_id: int
    imdb_id: str | None
    candidates: tuple[Video, ...]
    elsewhere: str = ""


def want_trailer(record: MovieRecord) -> Wanted:
    """Say what is wanted for a movie."""
    candidates = rank_trailers(record.videos, record.original_language, record.release_date)
    sites = Counter(v.site for v in record.videos if v.site.lower() not in FETCHED_SITES)
    told = ", ".join(f"{count} at {site or 'no site'}" for site, count in sites.items())
    elsewhere = f"videos elsewhere are not fetched: {told}" if told else ""
    return Wanted(record.tmdb_id, record.imdb_id, candidates, elsewhere)


class TrailerSources:
    """The user's own trailers and the trailer host, as one.

    Args:
        open_host: Opens the host, when a movie first needs it.
        own: The user's own trailers, or None.
        limits: What a trailer may be.
    """

    def __init__(
        self,
        open_host: Callable[[], TrailerHost],
        own: TrailerFolder | None = None,
        limits: Limits | None = None,
    ):
        self._open_host = open_host
        self._own = own
        self._limits = limits or Limits()
        self._host: TrailerHost | None = None
        self._opening = threading.Lock()

    @property
    def host(self) -> TrailerHost:
        """The trailer host."""
        with self._opening:
            self._host = self._host or self._open_host()
            return self._host

    def close(self) -> None:
        """Close the host, if it was opened."""
        if self._host is not None:
            self._host.close()

    def fetch(
        self, wanted: Wanted, to_folder: Path, probe: Callable[[Path], object]
    ) -> FetchedTrailer:
        """Fetch a movie's trailer: the user's own where there is a usable one, else the host's.

        Args:
            wanted: Whose.
            to_folder: Staging folder.
            probe: Looks into a file: gives its facts, with `duration_s`, or raises `ItemError`.

        Raises:
            NoTrailerError: There is none that can be had; it tells what became of each.
            PausedError: The host rests; the movie was not tried.
        """

        def inspect(path: Path) -> object:
            info = probe(path)
            refuse_long(info.duration_s or None, self._limits)
            return info

        tried: list[Attempt] = []
        for trailer in self._find_own(wanted):
            try:
                return self._take_own(trailer, wanted, to_folder, inspect, tried)
            except ItemError as error:
                detail = f"your own {trailer.path.name}: {error.detail}. {REPLACE}"
                LOG.warning("Film %s, %s", wanted.tmdb_id, detail)
                tried.append(Attempt(trailer.path.name, error.reason, detail))
        return self._ask_host(wanted, to_folder, inspect, tried)

    def _find_own(self, wanted: Wanted) -> Sequence[OwnTrailer]:
        if self._own is None:
            return ()
        return self._own.find(wanted.tmdb_id, wanted.imdb_id, [v.key for v in wanted.candidates])

    def _take_own(self, trailer, wanted, to_folder, inspect, tried) -> FetchedTrailer:
        copy = to_folder / f"{wanted.tmdb_id}.own"
        try:
            info = inspect(self._own.take(trailer, copy))
        except ItemError:
            copy.unlink(missing_ok=True)
            raise
        return FetchedTrailer(copy, None, trailer.path.name, tuple(tried), info, is_own=True)

    def _ask_host(self, wanted, to_folder, inspect, tried) -> FetchedTrailer:
        if not wanted.candidates:
            raise NoTrailerError(tried, wanted.elsewhere)
        try:
            fetched = self.host.fetch(wanted.candidates, to_folder, str(wanted.tmdb_id), inspect)
        except NoTrailerError as error:
            raise NoTrailerError([*tried, *error.tried], wanted.elsewhere) from None
        except PausedError as pause:
            if not tried:
                raise
            # its own file was tried, and is of no use: that is worth a row
            waiting = Attempt(wanted.candidates[0].key, pause.reason, str(pause))
            raise NoTrailerError([*tried, waiting], wanted.elsewhere) from None
        return replace(fetched, tried=(*tried, *fetched.tried))


def open_own(settings: Settings, limits: Limits | None = None) -> TrailerFolder | None:
    """Look into the user's folder; None where there is none."""
    if not settings.trailers:
        return None
    return TrailerFolder(Path(settings.trailers).expanduser(), limits)


def open_pauses(settings: Settings, notes: Notes, clock: Callable[[], float]) -> Pauses:
    """Return the rests of the host that the settings name."""
    return Pauses(notes, settings.trailer_url_template or TRAILER_URL_TEMPLATE, clock)


def open_sources(settings: Settings, notes: Notes, clock: Callable[[], float]) -> TrailerSources:
    """Open what the settings name; the host is reached when a movie first needs it.

    Raises:
        ConfigurationError: A setting is wrong.
    """
    limits = Limits(lines=trailer_lines(settings))
    pauses = open_pauses(settings, notes, clock)
    jar = _open_jar(settings)

    def open_host() -> TrailerHost:
        template = settings.trailer_url_template or TRAILER_URL_TEMPLATE
        return TrailerHost(template, limits=limits, pauses=pauses, jar=jar)

    return TrailerSources(open_host, open_own(settings, limits), limits)


def _open_jar(settings: Settings) -> object:
    if not settings.youtube_cookies:
        return None
    from resources.trailers.cookies import open_jar, read_cookies

    return open_jar(read_cookies(Path(settings.youtube_cookies).expanduser()))
