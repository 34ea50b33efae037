"""Parse the text of one cell into a value of its column's type; None where it is empty."""

import re
from datetime import date

from pipeline.core.errors import DumpError, RecordError
from pipeline.core.movie_ids import IMDB_ID, MAX_ID, YOUTUBE_ID, format_imdb_id
from pipeline.crawl import dates
from pipeline.crawl.datasets.dump_rows import RejectionReason
from pipeline.crawl.json_values import FIRST_YEAR, LAST_YEAR, MAX_RUNTIME_MIN, MAX_SCORE
from pipeline.crawl.monetary_amounts import MonetaryAmount, parse_amount
from pipeline.crawl.stand_ins import SPREADSHEET_ERRORS

_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")
_WHOLE = re.compile(r"([0-9]{1,15})(\.0{1,4})?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_US_DATE = re.compile(r"[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}")
_IMDB_NUMBER = re.compile(r"([0-9]{1,10})(\.0)?")
_MAX_SHOWN = 60


class CellError(DumpError):
    """A cell has not the format of its column; carries the reason for which its row is rejected."""

    def __init__(
        self,
        expected: str,
        text: str,
        reason: RejectionReason = RejectionReason.MALFORMED,
        *,
        place: str = "",
    ) -> None:
        shown = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"
        super().__init__(f"{place}expected {expected}, got {shown!r}")
        self.expected, self.text, self.reason = expected, text, reason

    def at(self, place: str) -> "CellError":
        """Return the same error with the cell's place in its message."""
        return CellError(self.expected, self.text, self.reason, place=f"{place}: ")


def parse_number(text: str) -> int | float | None:
    """Parse a number, a whole one as int.

    Example:
        >>> parse_number("81.0"), parse_number("8.2e-05"), parse_number("")
        (81, 8.2e-05, None)
    """
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise CellError("a number", text)
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def parse_float(text: str) -> float | None:
    """Parse a number that is a float even where it is whole."""
    number = parse_number(text)
    return None if number is None else float(number)


def parse_score(text: str) -> float | None:
    """Parse a score from 0 to 10.

    Example:
        >>> parse_score("7"), parse_score("")
        (7.0, None)
    """
    score = parse_float(text)
    if score is not None and not 0 <= score <= MAX_SCORE:
        raise CellError("a score from 0 to 10", text)
    return score


def parse_runtime(text: str) -> int | float | None:
    """Parse a runtime in minutes; 0 means unknown."""
    minutes = parse_positive(text)
    if minutes is not None and minutes > MAX_RUNTIME_MIN:
        raise CellError("a runtime in minutes", text)
    return minutes


def parse_positive(text: str) -> int | float | None:
    """Parse an amount or a duration; 0 means unknown.

    Example:
        >>> parse_positive("30000000.0"), parse_positive("0")
        (30000000, None)
    """
    number = parse_number(text)
    if number is not None and number < 0:
        raise CellError("a number of 0 or more", text)
    return number or None


def parse_count(text: str) -> int | None:
    """Parse a whole number of 0 or more; spreadsheets write `5415.0`.

    Example:
        >>> parse_count("5415.0"), parse_count("0")
        (5415, 0)
    """
    if not text:
        return None
    found = _WHOLE.fullmatch(text)
    if not found:
        raise CellError("a whole number", text)
    return int(found[1])


def parse_id(text: str) -> int | None:
    """Parse an id: a whole number from 1 on."""
    number = parse_count(text)
    if number is not None and not 1 <= number <= MAX_ID:
        raise CellError("an id above 0", text)
    return number


def parse_year(text: str) -> int | None:
    """Parse a year of release.

    Example:
        >>> parse_year("2009.0")
        2009
    """
    year = parse_count(text)
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        raise CellError("a year", text)
    return year


def parse_date(text: str) -> str | None:
    """Parse a day, written as ISO or US dates are, into an ISO date.

    Example:
        >>> parse_date("1995-10-30"), parse_date("10/30/1995")
        ('1995-10-30', '1995-10-30')
    """
    if not text:
        return None
    try:
        if _ISO_DATE.fullmatch(text):
            return _format_release(date.fromisoformat(text), text)
        if _US_DATE.fullmatch(text):
            month, day, year = map(int, text.split("/"))
            return _format_release(date(year, month, day), text)
    except ValueError as error:
        raise CellError("a day of the calendar", text) from error
    raise CellError("a date such as 1995-10-30 or 10/30/1995", text)


def _format_release(day: date, text: str) -> str:
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise CellError(f"a date from {FIRST_YEAR} to {LAST_YEAR}", text)
    return day.isoformat()


def parse_named_date(text: str) -> str | None:
    """Parse a day with its month's English name into an ISO date.

    Example:
        >>> parse_named_date("Dec 18, 2009")
        '2009-12-18'
    """
    if not text:
        return None
    day = (
        dates.parse_us_date(text)
        if re.fullmatch(r"[A-Z][a-z]{2} [0-9]{1,2}, [0-9]{4}", text)
        else None
    )
    if day is None:
        raise CellError("a date such as Dec 18, 2009", text)
    return _format_release(day, text)


def parse_any_currency(text: str) -> MonetaryAmount | None:
    """Parse an amount with its currency; 0 means unknown."""
    if not text:
        return None
    try:
        return parse_amount(text)
    except RecordError as error:
        raise CellError("an amount such as $9,693", text) from error


def parse_dollars(text: str) -> float | None:
    """Parse US dollars; $0 means unknown.

    Example:
        >>> parse_dollars("$425,000,000"), parse_dollars("$0")
        (425000000.0, None)
    """
    if not text:
        return None
    if len(text) > _MAX_SHOWN:
        raise CellError("an amount such as $9,693", text)
    amount = parse_any_currency(text)
    if amount and amount.currency != "USD":
        raise CellError("US dollars", text)
    return amount.amount if amount else None


def parse_flag(text: str) -> bool | None:
    """Parse True or False, in any case of letters."""
    if not text:
        return None
    if text.lower() not in ("true", "false"):
        raise CellError("True or False", text)
    return text.lower() == "true"


def parse_text(text: str) -> str | None:
    """Return the text, None where it is empty."""
    return text or None


def parse_imdb_id(text: str) -> str | None:
    """Parse `tt…`."""
    if text and not IMDB_ID.fullmatch(text):
        raise CellError("an IMDb id such as tt0114709", text)
    return text or None


def parse_imdb_number(text: str) -> str | None:
    """Parse IMDb's number into its id: at least seven digits.

    Example:
        >>> parse_imdb_number("0114709"), parse_imdb_number("12345678")
        ('tt0114709', 'tt12345678')
    """
    if not text:
        return None
    found = _IMDB_NUMBER.fullmatch(text)
    if not found or int(found[1]) == 0:
        raise CellError("IMDb's number such as 0114709", text)
    return format_imdb_id(int(found[1]))


def parse_youtube_id(text: str) -> str | None:
    """Parse an id of YouTube: eleven letters, digits, `-` or `_`."""
    if text.lower() in SPREADSHEET_ERRORS:
        raise CellError("a YouTube id (a spreadsheet evaluated one that begins with -)", text)
    if text and not YOUTUBE_ID.fullmatch(text):
        raise CellError("a YouTube id of 11 characters", text)
    return text or None
