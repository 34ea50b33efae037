"""IMDbPro's box-office pages: a summary, a table that a script fetches, and the way in.

What belongs here: pages. What does not: figures (see `box_office`).
"""

from datetime import date, timedelta
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route

from resources.studio.catalogue import Catalogue

COOKIE = "session=studio"
ROWS = (
    ("budget_summary", "Budget", "budget"),
    ("opening_wknd_summary", "Opening Weekend (US)", "opening_weekend"),
    ("gross_usa_summary", "Gross (US &amp; Canada)", "gross_usa"),
    ("gross_world_summary", "Gross (World)", "gross_world"),
)
"""Class of a row, its label, and the figure in it."""
WEEKS = 6
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
        ]

    async def _show_summary(self, request: Request) -> Response:
        imdb_id = request.path_params["imdb_id"]
        if not _is_logged_in(request):
            return HTMLResponse(_page("Log in", "<form id='login_form'>Please log in.</form>"))
        if not self._catalogue.has_imdb_id(imdb_id):
            return HTMLResponse(_page("Not found", "<p>No such title.</p>"), 404)
        figures = self._catalogue.box_office(imdb_id)
        return HTMLResponse(_page(escape(imdb_id), write_summary(figures)))

    async def _show_table(self, request: Request) -> Response:
        imdb_id = request.path_params["imdb_id"]
        if not _is_logged_in(request) or "referer" not in request.headers:
            return HTMLResponse("<div class='blocked'></div>")
        return HTMLResponse(write_table(self._catalogue.box_office(imdb_id)))


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
    """Write the summary; an unknown figure has no row.

    Args:
        figures: As `box_office.make_box_office` gives them; None where nothing is known.

    Example:
        >>> "gross_world_summary" in write_summary({"currency": "$", "gross_world": 9693})
        True
        >>> "summary" in write_summary(None).removeprefix("<div id='box_office_summary'>")
        False
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
