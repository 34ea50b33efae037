"""IMDbPro's pages: the box office's summary, a table that a script fetches, details, the way in."""

from collections.abc import Mapping
from datetime import date, timedelta
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from resources.studio.access import COOKIE
from resources.studio.catalogue.catalogue import Catalogue

ROWS = (
    ("budget_summary", "Budget", "budget"),
    ("opening_wknd_summary", "Opening Weekend (US)", "opening_weekend"),
    ("gross_usa_summary", "Gross (US &amp; Canada)", "gross_usa"),
    ("gross_world_summary", "Gross (World)", "gross_world"),
)
"""Class of a row, its label, and the figure in it."""
WEEKS = 6
SHORT_CHARS = 200
ROBOTS = "User-agent: *\nDisallow: /inbox\nCrawl-delay: 0\n"


class ImdbProPages:
    """The routes under `/imdbpro`."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        """List the routes."""
        return [
            Route("/imdbpro/robots.txt", _show_robots),
            Route("/imdbpro/title/{imdb_id}/boxoffice", self._show_summary),
            Route("/imdbpro/title/{imdb_id}/boxoffice/_ajax", self._show_table),
            Route("/imdbpro/title/{imdb_id}/details", self._show_details),
        ]

    async def _show_summary(self, request: Request) -> Response:
        imdb_id = request.path_params["imdb_id"]
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        figures = self._catalogue.box_office(imdb_id)
        return HTMLResponse(_page(escape(imdb_id), write_summary(figures)))

    async def _show_table(self, request: Request) -> Response:
        imdb_id = request.path_params["imdb_id"]
        if not _is_logged_in(request) or "referer" not in request.headers:
            return HTMLResponse("<div class='blocked'></div>")
        return HTMLResponse(write_table(self._catalogue.box_office(imdb_id)))

    async def _show_details(self, request: Request) -> Response:
        refusal = self._refuse(request)
        if refusal is not None:
            return refusal
        tmdb_id = self._catalogue.find(request.path_params["imdb_id"])
        body = write_details(self._catalogue.details(tmdb_id))
        return HTMLResponse(_page("Details", body))

    def _refuse(self, request: Request) -> Response | None:
        if not _is_logged_in(request):
            return HTMLResponse(_page("Log in", "<form id='login_form'>Please log in.</form>"))
        if not self._catalogue.has_imdb_id(request.path_params["imdb_id"]):
            return HTMLResponse(_page("Not found", "<p>No such title.</p>"), 404)
        return None


async def _show_robots(_request: Request) -> Response:
    return PlainTextResponse(ROBOTS)


def _is_logged_in(request: Request) -> bool:
    return COOKIE in [part.strip() for part in request.headers.get("cookie", "").split(";")]


def _page(title: str, body: str) -> str:
    return f"<!doctype html><html><head><title>{title}</title></head><body>{body}</body></html>"


def write_money(amount: float, currency: str) -> str:
    """Write an amount as the pages do.

    Example:
        >>> write_money(430000, "£")
        '£430,000'
    """
    return f"{currency}{round(amount):,}"


def write_summary(figures: dict | None) -> str:
    """Write the summary of `details.make_box_office`'s figures; an unknown one has no row.

    Example:
        >>> "gross_world_summary" in write_summary({"currency": "$", "gross_world": 9693})
        True
    """
    rows = [
        f"<div class='a-row {row}'><div class='a-fixed-right-grid'>"
        f"<div class='a-column a-span7'>{label}</div>"
        f"<div class='a-column a-span5 a-text-right a-span-last'>"
        f" {write_money(figures[name], figures['currency'])} </div></div></div>"
        for row, label, name in ROWS
        if figures and figures.get(name) is not None
    ]
    return f"<div id='box_office_summary'>{''.join(rows)}</div>"


def write_table(figures: dict | None) -> str:
    """Write the weekly table, or the mark that there is none."""
    if not figures or not figures.get("gross_usa") or not figures.get("opening_weekend"):
        return "<div id='box_office_details'><span class='empty_mojo_table'>No data</span></div>"
    rows, to_date, gross = [], 0, figures["opening_weekend"]
    day = date.fromisoformat(figures["release_date"])
    for week in range(WEEKS):
        to_date = min(to_date + gross, figures["gross_usa"])
        theatres = max(40, 2400 - 350 * week)
        cells = (
            (day.isoformat(), f"{day:%b %d, %Y}"),
            (gross, write_money(gross, figures["currency"])),
            ("", ""),
            (-35.0 if week else "", "-35.0%" if week else ""),
            (theatres, f"{theatres:,}"),
            (gross // theatres, write_money(gross // theatres, figures["currency"])),
            (to_date, write_money(to_date, figures["currency"])),
        )
        written = "".join(f"<td data-sort-value='{key}'>{text}</td>" for key, text in cells)
        rows.append(f"<tr>{written}</tr>")
        day, gross = day + timedelta(days=7), round(gross * 0.65)
    return (
        "<div id='box_office_details'><table id='box_office_mojo'><tbody>"
        f"{''.join(rows)}</tbody></table></div>"
    )


def write_details(movie: Mapping) -> str:
    """Write the details of a movie as TMDB has it; what is unknown has no place on the page.

    Example:
        >>> "1h 40min" in write_details({"title": "The Innocents", "runtime": 100})
        True
    """
    genres = ", ".join(genre["name"] for genre in movie.get("genres") or ())
    overview, votes = escape(movie.get("overview") or ""), movie.get("vote_average")
    minutes = movie.get("runtime") or 0
    parts = (
        ("certificate", escape(_certificate(movie))),
        ("running_time", f"{minutes // 60}h {minutes % 60}min" if minutes else ""),
        ("genres", escape(genres)),
        ("title_summary", _shorten(overview)),
        ("rating_breakdown", f"<span class='a-size-medium'>{votes:.1f}</span>" if votes else ""),
    )
    shown = "".join(f"<div id='{place}'> {text} </div>" for place, text in parts if text)
    title = escape(movie.get("title") or "")
    return (
        f"<h1 id='title_heading'><span>{title}</span></h1>{shown}"
        "<div id='ranking_graph_container'></div>"
    )


def _certificate(movie: Mapping) -> str:
    releases = (movie.get("release_dates") or {}).get("results") or ()
    listed = [one for place in releases for one in place.get("release_dates") or ()]
    return next((one["certification"] for one in listed if one.get("certification")), "")


def _shorten(text: str) -> str:
    """Write a long text behind a button, as IMDbPro does: its beginning, then all of it."""
    if len(text) <= SHORT_CHARS:
        return text
    short = text[:SHORT_CHARS]
    return f"<span>{short} ...</span><a>See more</a><span>{text}</span>\n<a>See less</a>"
