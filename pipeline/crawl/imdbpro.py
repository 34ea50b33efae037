"""Reads IMDbPro's box-office page; what is not that page is told apart, never read as "no revenue".

What belongs here: what the page means. What does not: asking for it (see `resources.imdbpro`) and
what becomes of foreign money.

Source:
    Layout as six public readers of the page have it; it may change without notice.
"""

import re
from dataclasses import dataclass

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.errors import CredentialError, RecordError, SourceError
from pipeline.outcomes import Reason

SUMMARY = "div#box_office_summary"
FIGURE = "div.a-column.a-span5.a-text-right.a-span-last"
ROWS = {
    "budget": "budget_summary",
    "opening": "opening_wknd_summary",
    "gross_domestic": "gross_usa_summary",
    "gross_worldwide": "gross_world_summary",
}
"""Class of the row that holds each figure; an unknown figure has no row."""

PAGE_WITHOUT_SUMMARY = "div#box_office_details, table#box_office_mojo, span.empty_mojo_table"
"""What stands on a box-office page of a movie of which no figure is known."""

LOGIN = "form[name=signIn], input#ap_email, input#ap_password, a[href*='/login/ap']"
BLOCKING = "form[action*=validateCaptcha], div#captcha-container, input#captchacharacters"

CURRENCIES = {"$": "USD", "£": "GBP", "€": "EUR", "¥": "JPY", "₹": "INR", "₩": "KRW", "₽": "RUB"}
"""ISO 4217 code of each sign. Signs with a country before them (`CA$`) are read by `PREFIXES`."""

PREFIXES = {"US": "USD", "CA": "CAD", "C": "CAD", "A": "AUD", "AU": "AUD", "NZ": "NZD", "HK": "HKD",
            "NT": "TWD", "MX": "MXN", "R": "BRL", "SG": "SGD", "CN": "CNY"}  # fmt: skip

_MONEY = re.compile(
    r"(?P<prefix>[A-Z]{0,3})\s*(?P<sign>[$£€¥₹₩₽]?)\s*(?P<amount>[0-9]{1,3}(,[0-9]{3})+|[0-9]+)"
    r"(\s*\(estimated\))?"
)


@dataclass(frozen=True)
class Money:
    """An amount, in units of a currency by its ISO 4217 code."""

    amount: float
    currency: str


@dataclass(frozen=True)
class BoxOffice:
    """The four figures of the summary; None where IMDbPro does not know one."""

    budget: Money | None = None
    opening: Money | None = None
    gross_domestic: Money | None = None
    gross_worldwide: Money | None = None


def parse_box_office(html: str | bytes) -> BoxOffice:
    """Read `/title/{tt}/boxoffice`.

    Raises:
        CredentialError: It is the page that asks to log in.
        SourceError: It is the page that asks whether one is a robot.
        RecordError: It is neither that nor a box-office page as known: the layout has changed.

    Example:
        >>> page = '''<div id="box_office_summary"><div class="budget_summary">
        ... <div class="a-column a-span5 a-text-right a-span-last">£430,000</div></div></div>'''
        >>> parse_box_office(page).budget
        Money(amount=430000.0, currency='GBP')
    """
    page = LexborHTMLParser(html)
    summary = page.css_first(SUMMARY)
    if summary is None:
        _tell_what_it_is(page)
        return BoxOffice()
    figures = {name: _read_row(summary, css_class) for name, css_class in ROWS.items()}
    if not any(figures.values()) and re.search(r"[$£€¥₹₩₽]\s*[0-9]", summary.text()):
        raise RecordError(
            Reason.MALFORMED,
            "the box-office summary holds money in no known row: IMDbPro's layout has changed",
        )
    return BoxOffice(**figures)


def parse_money(text: str) -> Money | None:
    """Read an amount with its currency; None where it is zero, which means unknown.

    Raises:
        RecordError: It is not money as known; a guess would be worse.

    Example:
        >>> parse_money("¥800,000,000"), parse_money("CA$1,000").currency, parse_money("$0")
        (Money(amount=800000000.0, currency='JPY'), 'CAD', None)
    """
    found = _MONEY.fullmatch(" ".join(text.split()))
    currency = found and _read_currency(found["prefix"], found["sign"])
    if not currency:
        raise RecordError(
            Reason.MALFORMED, f"an amount such as $9,693 was wanted, got {text.strip()[:40]!r}"
        )
    amount = float(found["amount"].replace(",", ""))
    return Money(amount, currency) if amount > 0 else None


def _read_currency(prefix: str, sign: str) -> str | None:
    if prefix and sign:
        return PREFIXES.get(prefix)
    return CURRENCIES.get(sign) if sign else (prefix if len(prefix) == 3 else None)


def _read_row(summary: LexborNode, css_class: str) -> Money | None:
    row = summary.css_first(f".{css_class}")
    if row is None:
        return None
    figure = row.css_first(FIGURE)
    if figure is None:
        raise RecordError(
            Reason.MALFORMED, f"the row {css_class} has no figure: IMDbPro's layout has changed"
        )
    return parse_money(figure.text())


def _tell_what_it_is(page: LexborHTMLParser) -> None:
    """Return only where the page is a box-office page without figures."""
    if page.css_first(BLOCKING) is not None:
        raise SourceError(
            "IMDbPro asks whether we are a robot. Open it in the browser that the cookie is from, "
            "answer, and try again later and slower."
        )
    title = page.css_first("title")
    is_login = title is not None and re.search(r"\b(sign|log)[ -]?in\b", title.text(), re.I)
    if is_login or page.css_first(LOGIN) is not None:
        raise CredentialError(
            "IMDbPro answers with its login page: the session has ended. "
            "Log in and set IMDBPRO_COOKIE to the new cookie, or unset it to do without IMDbPro."
        )
    if page.css_first(PAGE_WITHOUT_SUMMARY) is None:
        raise RecordError(
            Reason.MALFORMED,
            "a box-office page was wanted and another came: IMDbPro's layout has changed",
        )
