"""The studio's app: TMDB, the image host, IMDbPro and the trailer host, and its controls.

The controls, for tests and for people:

    GET  /_about    what catalogue this is
    GET, POST, DELETE /_faults   list, add and clear orders to fail (see `faults.Fault`)
    GET, DELETE /_stats          counts of requests since the last DELETE (see `Stats`)
    POST /_edit     {"tmdb_id": 90000001, "set": {"poster_path": "/new.jpg"}}
    POST /_delete   {"tmdb_id": 90000001}
    POST /_add      {"n": 3}
"""

import re
from collections import Counter
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from resources.studio.catalogue.catalogue import Catalogue
from resources.studio.servers.faults import Faults
from resources.studio.servers.imdbpro_pages import ImdbProPages
from resources.studio.servers.tmdb_api import POSTER_WIDTHS_PX, TmdbApi

VIDEO_TYPES = {".mp4": "video/mp4", ".webm": "video/webm", ".mkv": "video/x-matroska"}

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


def make_app(catalogue: Catalogue) -> ASGIApp:
    """Wire the whole studio for one catalogue."""
    app = Starlette()
    faults = Faults(app)
    stats = Stats(faults)
    app.router.routes += [
        *TmdbApi(catalogue).routes(),
        *ImdbProPages(catalogue).routes(),
        *_media_routes(catalogue),
        *_control_routes(catalogue, faults, stats),
    ]
    return stats


def _media_routes(catalogue: Catalogue) -> list[Route]:
    # Drawing and filming take time: plain functions, which Starlette runs in its threads.
    def show_poster(request: Request) -> Response:
        width_px = POSTER_WIDTHS_PX.get(request.path_params["size"])
        poster_path = f"/{request.path_params['name']}"
        poster = catalogue.poster(poster_path, width_px) if width_px else None
        if poster is None:
            return PlainTextResponse("no such image", 404)
        return Response(poster, media_type="image/jpeg")

    def show_trailer(request: Request) -> Response:
        path = catalogue.trailer(request.path_params["key"])
        if path is None:
            return PlainTextResponse("no such video", 404)
        return FileResponse(path, media_type=VIDEO_TYPES.get(path.suffix, "video/mp4"))

    return [
        Route("/t/p/{size}/{name}", show_poster),
        Route("/trailers/{key}.mp4", show_trailer),
    ]


def _control_routes(catalogue: Catalogue, faults: Faults, stats: Stats) -> list[Route]:
    def edit(order: dict) -> dict:
        catalogue.edit(order["tmdb_id"], order["set"])
        return catalogue.details(order["tmdb_id"])

    def delete(order: dict) -> dict:
        catalogue.delete(order["tmdb_id"])
        return {"deleted": order["tmdb_id"]}

    def add(order: dict) -> dict:
        return {"added": catalogue.add(order["n"])}

    async def about(_request: Request) -> Response:
        return JSONResponse({"studio": True} | catalogue.about())

    return [
        Route("/_about", about),
        Route("/_edit", _taking_orders(edit), methods=["POST"]),
        Route("/_delete", _taking_orders(delete), methods=["POST"]),
        Route("/_add", _taking_orders(add), methods=["POST"]),
        Route("/_faults", _fault_control(faults), methods=["GET", "POST", "DELETE"]),
        Route("/_stats", _stats_control(stats), methods=["GET", "DELETE"]),
    ]


def _taking_orders(obey: Callable[[dict], dict]) -> Callable:
    async def respond(request: Request) -> Response:
        order = await request.json()
        try:
            return JSONResponse(obey(order))
        except KeyError as error:
            return JSONResponse({"error": f"the order lacks {error}"}, 400)
        except LookupError as error:
            return JSONResponse({"error": str(error)}, 404)

    return respond


def _fault_control(faults: Faults) -> Callable:
    async def respond(request: Request) -> Response:
        if request.method == "DELETE":
            faults.clear()
        if request.method == "POST":
            orders = await request.json()
            try:
                faults.order(orders if isinstance(orders, list) else [orders])
            except (TypeError, re.error) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(faults.report())

    return respond


def _stats_control(stats: Stats) -> Callable:
    async def respond(request: Request) -> Response:
        if request.method == "DELETE":
            stats.clear()
        return JSONResponse(stats.report())

    return respond
