"""Parse IMDbPro's daily table: what a movie earned in its domestic run, by day or by week.

Source:
    Layout as public readers of the page have it; it may change without notice.
"""

import math
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.core.errors import RecordError
from pipeline.core.outcomes import Reason
from pipeline.crawl.dates import parse_us_date
from pipeline.crawl.imdbpro.login_walls import raise_for_wall
from pipeline.crawl.imdbpro.page_text import layout_error
from pipeline.crawl.monetary_amounts import parse_amount

TABLE = "table#box_office_mojo"
NO_DATA = "span.empty_mojo_table"
DETAILS = "div#box_office_details"
CELL = "td[data-sort-value]"
COLUMNS = (
    "date", "gross", "daily_change", "weekly_change", "theatres", "average", "gross_to_date",
)  # fmt: skip
"""Columns of a row, in order; the sort key of a cell is its value."""

_PAGE = "the table of days"
_EPOCH = re.compile(r"-?[0-9]{9,13}")


@dataclass(frozen=True)
class Day:
    """One row of the table; amounts in the table's currency, None where a cell is empty.

    Attributes:
        day: First day of the row's period.
        theatres: Number of theatres that showed the movie.
        gross, gross_to_date: In units of `Days.currency`.
    """

    day: date
    gross: float | None = None
    theatres: int | None = None
    gross_to_date: float | None = None


@dataclass(frozen=True)
class Days:
    """The table: its rows by date, and their currency where it shows one."""

    days: tuple[Day, ...] = ()
    currency: str | None = None

    @property
    def widest_theatres(self) -> int | None:
        """The largest number of theatres, or None where none is known."""
        return max((day.theatres for day in self.days if day.theatres), default=None)


def parse_days(html: str | bytes) -> Days:
    """Parse `/title/{tt}/boxoffice/_ajax`; no rows where the page states that there are none.

    Raises:
        CredentialError, SourceError: See `login_walls`.
        RecordError: `BOT_CHECK` where it holds neither the table nor its container, which means
            logged out or blocked; `MALFORMED` where the layout is unknown.

    Example:
        >>> cells = "".join(f"<td data-sort-value='{key}'>{key}</td>"
        ...     for key in ("1985-06-14", 2649832, "", "", 1100, 2409, 2649832))
        >>> parse_days(f"<table id=box_office_mojo><tr>{cells}</tr></table>").days[0].theatres
        1100
    """
    page = LexborHTMLParser(html)
    table = page.css_first(TABLE)
    if table is None:
        if page.css_first(NO_DATA) is None:
            _raise_for_page(page)
        return Days()
    rows = [cells for row in table.css("tr") if (cells := row.css(CELL))]
    if not rows:
        raise layout_error(_PAGE, "it has no cell with a data-sort-value")
    days = sorted((_read_day(cells) for cells in rows), key=lambda day: day.day)
    return Days(tuple(days), _read_currency(rows))


def _raise_for_page(page: LexborHTMLParser) -> None:
    """Raise the page's error: an empty container means a changed layout, none means blocked."""
    if page.css_first(DETAILS) is not None:
        raise layout_error(_PAGE, "its container holds neither rows nor a note that there are none")
    try:
        raise_for_wall(page, _PAGE)
    except RecordError as error:
        raise RecordError(
            Reason.BOT_CHECK,
            f"expected {_PAGE}, got a page without it: logged out or blocked",
        ) from error


def _read_day(cells: list[LexborNode]) -> Day:
    if len(cells) < len(COLUMNS):
        raise layout_error(_PAGE, f"a row has {len(cells)} cells, expected {len(COLUMNS)}")
    of = dict(zip(COLUMNS, cells, strict=False))
    theatres = _read_number(of["theatres"])
    return Day(
        day=_read_date(of["date"]),
        gross=_read_number(of["gross"]),
        theatres=None if theatres is None else int(theatres),
        gross_to_date=_read_number(of["gross_to_date"]),
    )


def _key(cell: LexborNode) -> str:
    return (cell.attributes.get("data-sort-value") or "").strip()


def _read_date(cell: LexborNode) -> date:
    """Parse the key as an ISO date, `20010105` or a time since 1970, else the visible text."""
    key = _key(cell)
    if _EPOCH.fullmatch(key):
        seconds = int(key) / (1000 if len(key.lstrip("-")) > 10 else 1)
        return datetime.fromtimestamp(seconds, UTC).date()
    for text in (key[:10], key):
        try:
            return date.fromisoformat(text)
        except ValueError:
            continue
    shown = parse_us_date(" ".join(cell.text().split()))
    if shown is None:
        raise layout_error(_PAGE, f"{key[:20]!r} is no date")
    return shown


def _read_number(cell: LexborNode) -> float | None:
    """Parse the key as a number; None for an empty one, a dash and zero, which mean unknown."""
    key = _key(cell).replace(",", "")
    if key in ("", "-", "–", "—", "n/a", "N/A", "null", "None"):
        return None
    try:
        number = float(key)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or abs(number) >= 1e15:
        raise layout_error(_PAGE, f"{key[:20]!r} is no number")
    return number if number > 0 else None


def _read_currency(rows: list[list[LexborNode]]) -> str | None:
    """Return the currency of the first visible amount; the keys carry none."""
    for cells in rows:
        try:
            amount = parse_amount(cells[COLUMNS.index("gross")].text())
        except RecordError:
            continue
        if amount:
            return amount.currency
    return None
