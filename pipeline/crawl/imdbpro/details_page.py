"""Parse IMDbPro's details page into the columns of reference implementation 000's table.

No label and no input of a model is read here.

Source:
    Layout as public readers of the page have it; it may change without notice.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from pipeline.crawl.imdbpro.login_walls import raise_for_wall
from pipeline.crawl.imdbpro.page_text import drop_see_more, layout_error, read_node_text

HEADING = "#title_heading span"
CERTIFICATE, RUNNING_TIME, GENRES = "#certificate", "#running_time", "#genres"
SUMMARY, RATING = "#title_summary", "#rating_breakdown span.a-size-medium"
RANKING = "#ranking_graph_container"
PLACES = ", ".join((CERTIFICATE, RUNNING_TIME, GENRES, SUMMARY, "#rating_breakdown", RANKING))
"""Any of these identifies the details page; each may be missing for one movie."""

_PAGE = "the details page"
_MAX_RATING = 10.0
_RUNNING_TIME = re.compile(
    r"((?P<hours>[0-9]{1,2})\s*(h|hr|hrs|hours?))?\s*((?P<minutes>[0-9]{1,4})\s*(m|mins?|minutes?))?"
)


@dataclass(frozen=True)
class Details:
    """Details of a title; None, "" or () where unknown.

    Attributes:
        certificate: Such as `PG-13`.
        rating: IMDb's, 0 to 10: known only after release, never an input.
        has_ranking: Whether the page has a graph of its rank.
    """

    title: str
    certificate: str = ""
    running_time_min: int | None = None
    genres: tuple[str, ...] = ()
    summary: str = ""
    rating: float | None = None
    has_ranking: bool = False


def parse_title_details(html: str | bytes) -> Details:
    """Parse `/title/{tt}/details`.

    Raises:
        CredentialError, SourceError: See `login_walls`.
        RecordError: It is no details page of the known layout, or a number cannot be read.

    Example:
        >>> parse_title_details('''<h1 id=title_heading><span>The Innocents</span></h1>
        ... <span id=running_time>1h 40min</span>''').running_time_min
        100
    """
    page = LexborHTMLParser(html)
    title = read_node_text(page, HEADING)
    if not title or page.css_first(PLACES) is None:
        raise_for_wall(page, "a details page")
    return Details(
        title=title,
        certificate=read_node_text(page, CERTIFICATE),
        running_time_min=_read_minutes(read_node_text(page, RUNNING_TIME)),
        genres=tuple(
            name for part in read_node_text(page, GENRES).split(",") if (name := part.strip())
        ),
        summary=drop_see_more(read_node_text(page, SUMMARY)),
        rating=_read_rating(read_node_text(page, RATING)),
        has_ranking=page.css_first(RANKING) is not None,
    )


def _read_minutes(text: str) -> int | None:
    """Parse "1h 40min", "100 min" or "2 hr"."""
    found = _RUNNING_TIME.fullmatch(text.lower())
    if found is None:
        raise layout_error(_PAGE, f"{text[:30]!r} is no running time")
    minutes = 60 * int(found["hours"] or 0) + int(found["minutes"] or 0)
    return minutes or None


def _read_rating(text: str) -> float | None:
    """Parse "7.5" or "7.5 / 10"; None for an empty text or a dash."""
    number = text.partition("/")[0].strip()
    if number in ("", "-", "–", "—"):
        return None
    if not re.fullmatch(r"[0-9]{1,2}([.,][0-9]+)?", number):
        raise layout_error(_PAGE, f"{text[:30]!r} is no rating")
    rating = float(number.replace(",", "."))
    if rating > _MAX_RATING:
        raise layout_error(_PAGE, f"{text[:30]!r} is no rating")
    return rating or None
