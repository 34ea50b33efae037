"""Reads IMDbPro's details page: what the title is, as seed 000's table has it in its columns.

No label and no input of a model is read here; it is asked for only by who wants the page itself.

Source:
    Layout as public readers of the page have it; it may change without notice.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser

from pipeline.core.errors import RecordError
from pipeline.core.outcomes import Reason
from pipeline.crawl.imdbpro.login_walls import raise_for_wall
from pipeline.crawl.imdbpro.page_text import drop_see_more

HEADING = "#title_heading span"
CERTIFICATE, RUNNING_TIME, GENRES = "#certificate", "#running_time", "#genres"
SUMMARY, RATING = "#title_summary", "#rating_breakdown span.a-size-medium"
RANKING = "#ranking_graph_container"
PLACES = ", ".join((CERTIFICATE, RUNNING_TIME, GENRES, SUMMARY, "#rating_breakdown", RANKING))
"""Any of these makes it the details page; each may be missing for one movie."""

_MAX_RATING = 10.0
_RUNNING_TIME = re.compile(
    r"((?P<hours>[0-9]{1,2})\s*(h|hr|hrs|hours?))?\s*((?P<minutes>[0-9]{1,4})\s*(m|mins?|minutes?))?"
)


@dataclass(frozen=True)
class Details:
    """What the page says of a title; None, "" or () where it does not say.

    Attributes:
        certificate: Such as `PG-13`.
        rating: IMDb's, 0 to 10: known only after release, never an input.
        has_ranking: Whether a graph of its rank is shown.
    """

    title: str
    certificate: str = ""
    running_time_min: int | None = None
    genres: tuple[str, ...] = ()
    summary: str = ""
    rating: float | None = None
    has_ranking: bool = False


def parse_title_details(html: str | bytes) -> Details:
    """Read `/title/{tt}/details`.

    Raises:
        CredentialError, SourceError: See `imdbpro_walls`.
        RecordError: It is no details page as known, or a figure in it cannot be read.

    Example:
        >>> parse_title_details('''<h1 id=title_heading><span>The Innocents</span></h1>
        ... <span id=running_time>1h 40min</span>''').running_time_min
        100
    """
    page = LexborHTMLParser(html)
    title = _text(page, HEADING)
    if not title or page.css_first(PLACES) is None:
        raise_for_wall(page, "a details page")
    return Details(
        title=title,
        certificate=_text(page, CERTIFICATE),
        running_time_min=_read_minutes(_text(page, RUNNING_TIME)),
        genres=tuple(name for part in _text(page, GENRES).split(",") if (name := part.strip())),
        summary=drop_see_more(_text(page, SUMMARY)),
        rating=_read_rating(_text(page, RATING)),
        has_ranking=page.css_first(RANKING) is not None,
    )


def _text(page: LexborHTMLParser, selector: str) -> str:
    node = page.css_first(selector)
    return "" if node is None else " ".join(node.text().split())


def _read_minutes(text: str) -> int | None:
    """Read "1h 40min", "100 min" or "2 hr"."""
    found = _RUNNING_TIME.fullmatch(text.lower())
    if found is None:
        raise _drifted(f"{text[:30]!r} is no running time")
    minutes = 60 * int(found["hours"] or 0) + int(found["minutes"] or 0)
    return minutes or None


def _read_rating(text: str) -> float | None:
    """Read "7.5" or "7.5 / 10"; None where nothing stands or a dash."""
    number = text.partition("/")[0].strip()
    if number in ("", "-", "–", "—"):
        return None
    if not re.fullmatch(r"[0-9]{1,2}([.,][0-9]+)?", number):
        raise _drifted(f"{text[:30]!r} is no rating")
    rating = float(number.replace(",", "."))
    if rating > _MAX_RATING:
        raise _drifted(f"{text[:30]!r} is no rating")
    return rating or None


def _drifted(what: str) -> RecordError:
    return RecordError(Reason.MALFORMED, f"the details page: {what}; IMDbPro's layout has changed")
