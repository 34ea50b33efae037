"""TMDB's image host: its address, its sizes of posters, and posters by path and width."""

import logging
import re
import threading
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from pipeline.core.errors import FetchError
from pipeline.core.outcomes import Reason
from pipeline.crawl.tmdb.responses import Configuration
from resources.http.addresses import explain_rejection
from resources.http.client import HttpClient

LOG = logging.getLogger("marquee")

ORIGINAL = "original"

SIZES = ("w92", "w154", "w185", "w342", "w500", "w780", ORIGINAL)
"""Widths that TMDB keeps. Source: TMDB's `/configuration`."""

POSTER_WIDTH_PX = 500
"""Width that is fetched: enough for every backbone (224 px) and for 000's 400×600."""

REQUESTS_AT_ONCE = 16
"""Maximum number of parallel requests, whatever the number of threads."""

_WIDTH = re.compile(r"w([1-9][0-9]{1,3})")
_PATH = re.compile(r"/[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9]{1,10}")
_MAX_ADDRESS_CHARS = 200


class ImageHost:
    """The host of posters.

    Args:
        http: Client of the base address, such as `https://image.tmdb.org/t/p`.
        sizes: As `/configuration` lists them; what is no size there is passed over.
        at_once: Maximum number of parallel requests; other threads wait.
    """

    def __init__(
        self, http: HttpClient, sizes: Sequence[str] = SIZES, *, at_once: int = REQUESTS_AT_ONCE
    ):
        self._http = http
        self._sizes = tuple(sizes)
        self.at_once = at_once
        self._turns = threading.BoundedSemaphore(at_once)

    def poster_url(self, path: str, width_px: int = POSTER_WIDTH_PX) -> str:
        """Return the address of the narrowest size that is at least `width_px` wide.

        Raises:
            FetchError: `path` is not one of TMDB's.
        """
        _check_path(path)
        return f"{self._http.base_url}/{choose_size(self._sizes, width_px)}{path}"

    def fetch_poster(self, path: str, width_px: int = POSTER_WIDTH_PX) -> bytes:
        """Fetch a poster's file.

        Raises:
            FetchError: Why it failed; `WRONG_TYPE` where a page came instead.
            SourceError: The whole host is down.
        """
        _check_path(path)
        with self._turns:
            body = self._fetch(choose_size(self._sizes, width_px), path)
        if not body:
            raise FetchError(Reason.CUT_OFF, f"an empty body came for {path}")
        if body[:64].lstrip()[:1] == b"<":
            raise FetchError(Reason.WRONG_TYPE, f"a picture was wanted and a page came for {path}")
        return body

    def _fetch(self, size: str, path: str) -> bytes:
        try:
            return self._http.get_bytes(f"/{size}{path}")
        except FetchError as error:
            if error.reason is not Reason.GONE or size in SIZES:
                raise
        # A size that only this configuration knows must not make every poster gone.
        return self._http.get_bytes(f"/{ORIGINAL}{path}")


def find_image_host(
    image_url: str, ask: Callable[[], Configuration] | None, *, may_move: bool
) -> tuple[str, tuple[str, ...]]:
    """Request the address and the sizes of the images from the source, once.

    The response is checked, not trusted: sizes must look like sizes, and another host is used only
    where the operator has named none, by https, and on the public internet. If there is no
    response, the known address and sizes are used.

    Args:
        image_url: The address that is configured, or TMDB's known one.
        ask: Requests the configuration; None where the source has none.
        may_move: Whether the response may name another address than `image_url`.

    Returns:
        The base address and the sizes.

    Raises:
        SourceError: The source refuses the key, is in maintenance, or is not TMDB.
    """
    if ask is None:
        return image_url, SIZES
    try:
        found = ask()
    except FetchError as error:
        LOG.warning("TMDB does not say which sizes posters have (%s): the known ones hold.", error)
        return image_url, SIZES
    sizes = tuple(s for s in found.poster_sizes if s == ORIGINAL or _WIDTH.fullmatch(s))
    return (_follow(found.image_url, image_url) if may_move else image_url), sizes or SIZES


def choose_size(sizes: Sequence[str], width_px: int) -> str:
    """Choose the narrowest size that is wide enough, else the original.

    Example:
        >>> choose_size(SIZES, 500), choose_size(SIZES, 400), choose_size(SIZES, 2000)
        ('w500', 'w500', 'original')
    """
    widths = [int(found[1]) for size in sizes if (found := _WIDTH.fullmatch(size))]
    wide_enough = [width for width in widths if width >= width_px]
    return f"w{min(wide_enough)}" if wide_enough else ORIGINAL


def _check_path(path: str) -> None:
    if not _PATH.fullmatch(path):
        raise FetchError(Reason.MALFORMED, f"{path[:60]!r} is not a path of a poster")


def _follow(found: str, image_url: str) -> str:
    """Return the address that TMDB names if it is accepted, else the known one."""
    found = found.strip().rstrip("/")
    if found == image_url:
        return image_url
    if rejection := _explain_rejection(found, image_url):
        LOG.warning(
            "TMDB names %r as its image host, which is not used: %s. Posters come from %s; set "
            "TMDB_IMAGE_URL to have them from elsewhere.", found[:80], rejection, image_url,
        )  # fmt: skip
        return image_url
    LOG.info("TMDB names %s as its image host.", found)
    return found


def _explain_rejection(found: str, image_url: str) -> str:
    if not (found.isascii() and found.isprintable() and len(found) <= _MAX_ADDRESS_CHARS):
        return "the address cannot be read"
    if not found.startswith("https://"):
        return "it is not an https address"
    if rejection := explain_rejection(found, image_url, may_reach_private=False):
        return rejection
    parts = urlsplit(found)
    if not parts.hostname or parts.port not in (None, 443) or "?" in found or "#" in found:
        return "a base address has a host, and no port, query or fragment"
    return ""
