"""Parse IMDbPro's box-office page; any other page is an error, never "no revenue".

Source:
    Layout as six public readers of the page have it; it may change without notice.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.crawl.imdbpro.login_walls import raise_for_wall
from pipeline.crawl.imdbpro.page_text import layout_error
from pipeline.crawl.monetary_amounts import SIGNS, MonetaryAmount, parse_amount

SUMMARY = "div#box_office_summary"
FIGURE = "div.a-column.a-span5.a-text-right.a-span-last"
ROWS = {
    "budget": "budget_summary",
    "opening": "opening_wknd_summary",
    "gross_domestic": "gross_usa_summary",
    "gross_worldwide": "gross_world_summary",
}
"""CSS class of each figure's row; an unknown figure has no row."""

PAGE_WITHOUT_SUMMARY = "div#box_office_details, table#box_office_mojo, span.empty_mojo_table"
"""Nodes of the box-office page of a movie without any known figure."""

_PAGE = "the box-office summary"
_WORLD = re.compile("world", re.IGNORECASE)
_ANY_AMOUNT = re.compile(rf"[{''.join(SIGNS)}]\s*[0-9]|\b[A-Z]{{3}}\s?[0-9]{{1,3}},[0-9]{{3}}")


@dataclass(frozen=True)
class BoxOffice:
    """The four figures of the summary; None where IMDbPro does not have one."""

    budget: MonetaryAmount | None = None
    opening: MonetaryAmount | None = None
    gross_domestic: MonetaryAmount | None = None
    gross_worldwide: MonetaryAmount | None = None

    @property
    def has_domestic_run(self) -> bool:
        """Whether a table of days can be expected: it lists the domestic run."""
        return bool(self.opening or self.gross_domestic)


def parse_box_office(html: str | bytes) -> BoxOffice:
    """Parse `/title/{tt}/boxoffice`.

    Raises:
        CredentialError: It is the login page.
        SourceError: It is a robot check, or a request for consent.
        RecordError: It is neither of these nor a box-office page of the known layout.

    Example:
        >>> page = '''<div id="box_office_summary"><div class="budget_summary">
        ... <div class="a-column a-span5 a-text-right a-span-last">£430,000</div></div></div>'''
        >>> parse_box_office(page).budget
        MonetaryAmount(amount=430000.0, currency='GBP')
    """
    page = LexborHTMLParser(html)
    summary = page.css_first(SUMMARY)
    if summary is None:
        if page.css_first(PAGE_WITHOUT_SUMMARY) is None:
            raise_for_wall(page, "a box-office page")
        return BoxOffice()
    figures = {name: _read_row(summary, css_class) for name, css_class in ROWS.items()}
    if not any(figures.values()) and _ANY_AMOUNT.search(summary.text()):
        raise layout_error(_PAGE, "an amount stands in no known row")
    if figures["gross_worldwide"] is None and _names_the_world_elsewhere(summary):
        raise layout_error(_PAGE, "it names a worldwide figure in no known row")
    return BoxOffice(**figures)


def _read_row(summary: LexborNode, css_class: str) -> MonetaryAmount | None:
    row = summary.css_first(f".{css_class}")
    if row is None:
        return None
    figure = row.css_first(FIGURE)
    if figure is None:
        raise layout_error(_PAGE, f"the row {css_class} has no figure")
    return parse_amount(figure.text())


def _names_the_world_elsewhere(summary: LexborNode) -> bool:
    """Return whether "world" is in the summary and in none of the known rows.

    Otherwise a renamed row among known ones would pass for an unknown worldwide gross.
    """
    known = [row.text() for name in ROWS.values() if (row := summary.css_first(f".{name}"))]
    return bool(_WORLD.search(summary.text())) and not any(map(_WORLD.search, known))
