"""TMDB's image host: posters by path and width.

What belongs here: addresses. What does not: whether the bytes are a picture (see
`pipeline.media.poster`).
"""

import re
from collections.abc import Sequence

from pipeline.errors import FetchError
from pipeline.outcomes import Reason
from resources.http import HttpClient

SIZES = ("w92", "w154", "w185", "w342", "w500", "w780", "original")
"""Widths that TMDB keeps. Source: TMDB's `/configuration`."""

POSTER_WIDTH_PX = 500
"""Width that is fetched: enough for every backbone (224 px) and for seed 000's 400×600."""

_PATH = re.compile(r"/[A-Za-z0-9_-]+\.[A-Za-z0-9]+")


class ImageHost:
    """The host of posters.

    Args:
        http: Client of the base address, such as `https://image.tmdb.org/t/p`.
        sizes: As `/configuration` lists them.
    """

    def __init__(self, http: HttpClient, sizes: Sequence[str] = SIZES):
        self._http = http
        self._sizes = tuple(sizes)

    def poster_url(self, path: str, width_px: int = POSTER_WIDTH_PX) -> str:
        """Give the address of the narrowest size that is at least `width_px` wide.

        Raises:
            FetchError: `path` is not one that TMDB gives.
        """
        return self._http.base_url + self._locate(path, width_px)

    def fetch_poster(self, path: str, width_px: int = POSTER_WIDTH_PX) -> bytes:
        """Fetch a poster's file.

        Raises:
            FetchError: Why it could not be had; `WRONG_TYPE` where a page came instead.
            SourceError: The whole host is down.
        """
        body = self._http.get_bytes(self._locate(path, width_px))
        if not body:
            raise FetchError(Reason.CUT_OFF, f"an empty body came for {path}")
        if body[:64].lstrip()[:1] == b"<":
            raise FetchError(Reason.WRONG_TYPE, f"a picture was wanted and a page came for {path}")
        return body

    def _locate(self, path: str, width_px: int) -> str:
        if not _PATH.fullmatch(path):
            raise FetchError(Reason.MALFORMED, f"{path[:60]!r} is not a path of a poster")
        return f"/{choose_size(self._sizes, width_px)}{path}"


def choose_size(sizes: Sequence[str], width_px: int) -> str:
    """Choose the narrowest size that is wide enough, else the original.

    Example:
        >>> choose_size(SIZES, 500), choose_size(SIZES, 400), choose_size(SIZES, 2000)
        ('w500', 'w500', 'original')
    """
    widths = [int(size[1:]) for size in sizes if re.fullmatch(r"w[0-9]+", size)]
    wide_enough = [width for width in widths if width >= width_px]
    return f"w{min(wide_enough)}" if wide_enough else "original"
