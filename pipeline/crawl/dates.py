"""Parse and format dates as written in the United States."""

import re
from datetime import date

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_DATE = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.?\s+((?P<day>[0-9]{1,2})(,\s*|\s+))?(?P<year>[0-9]{4})"
)


def parse_us_date(text: str) -> date | None:
    """Parse "Sep 27, 1947"; "Dec 1947" is the first day of the month. None where it is neither.

    The names of months are English whatever the locale.

    Example:
        >>> parse_us_date("Sep 27, 1947"), parse_us_date("Dec 1947"), parse_us_date("Feb 30, 1947")
        (datetime.date(1947, 9, 27), datetime.date(1947, 12, 1), None)
    """
    found = _DATE.fullmatch(text.strip())
    month = found["month"][:3].lower() if found else ""
    if found is None or month not in MONTHS:
        return None
    try:
        return date(int(found["year"]), MONTHS.index(month) + 1, int(found["day"] or 1))
    except ValueError:
        return None


def format_us_date(day: date) -> str:
    """Format a date as "Feb 8, 1968".

    Example:
        >>> format_us_date(date(1968, 2, 8))
        'Feb 8, 1968'
    """
    return f"{MONTHS[day.month - 1].title()} {day.day}, {day.year}"
