"""The files of the page: nothing in them is of the store, so that they are served without a key."""

import re
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

FOLDER = Path(__file__).with_name("page")
PAGE = FOLDER / "page.html"

KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript"}

PATH = re.compile(r"/|/films/\d+/page|/static/[a-z_]+\.(css|js)")
"""Paths of the page and its files."""


async def _show_page(_: Request) -> FileResponse:
    return FileResponse(PAGE, media_type=KINDS[".html"])


async def _show_file(request: Request) -> FileResponse:
    name = request.path_params["name"]
    if not PATH.fullmatch(f"/static/{name}") or not (FOLDER / name).is_file():
        raise HTTPException(404)
    return FileResponse(FOLDER / name, media_type=KINDS[Path(name).suffix])


ROUTES = (
    Route("/", _show_page),
    Route("/films/{tmdb_id:int}/page", _show_page),
    Route("/static/{name}", _show_file),
)
