"""Counts requests, by path and by kind, GET and HEAD apart."""

import re
from collections import Counter

from starlette.types import ASGIApp, Receive, Scope, Send

KINDS = (
    ("details", r"/3/movie/\d+$"),
    ("tmdb", r"/3/"),
    ("image", r"/t/p/"),
    ("imdbpro", r"/imdbpro/"),
    ("trailer", r"/trailers/"),
)
"""Kind and how its paths begin; the first that matches counts."""


def kind_of(path: str) -> str:
    """Return which kind of request a path is.

    Example:
        >>> kind_of("/3/movie/597"), kind_of("/3/movie/changes"), kind_of("/favicon.ico")
        ('details', 'tmdb', 'other')
    """
    return next((kind for kind, pattern in KINDS if re.match(pattern, path)), "other")


class Stats:
    """Wraps an app and counts what reaches it; the studio's own `/_…` routes do not count."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._counts: Counter[tuple[str, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count one request and pass it on."""
        if scope["type"] == "http" and not scope["path"].startswith("/_"):
            self._counts[scope["path"], scope["method"]] += 1
        await self._app(scope, receive, send)

    def clear(self) -> None:
        """Start again from nothing."""
        self._counts.clear()

    def report(self) -> dict:
        """Return the counts.

        Returns:
            `total`, `kinds` (kind → method → count; every kind is there) and `paths` (path →
            method → count).
        """
        kinds: dict[str, Counter] = {kind: Counter() for kind, _ in KINDS} | {"other": Counter()}
        paths: dict[str, dict[str, int]] = {}
        for (path, method), count in self._counts.items():
            kinds[kind_of(path)][method] += count
            paths.setdefault(path, {})[method] = count
        shown = {
            kind: {"GET": counts["GET"], "HEAD": counts["HEAD"]} for kind, counts in kinds.items()
        }
        return {"total": self._counts.total(), "kinds": shown, "paths": paths}
