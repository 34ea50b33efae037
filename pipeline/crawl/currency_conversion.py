"""Convert amounts to US dollars by yearly exchange rates from the user's own file."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pipeline.core.errors import ConfigurationError
from pipeline.crawl.monetary_amounts import USD, MonetaryAmount

RATE_COLUMNS = ("year", "currency", "usd_per_unit")

MAX_USD_PER_UNIT = 1e6

_CODE = re.compile(r"[A-Z]{3}")


@dataclass(frozen=True)
class Conversion:
    """An amount converted to US dollars, and its rate."""

    amount_usd: float
    usd_per_unit: float
    year: int


@dataclass(frozen=True)
class ExchangeRates:
    """Yearly rates: US dollars for one unit of a currency."""

    usd_per_unit: Mapping[tuple[int, str], float] = field(default_factory=dict)

    def convert(self, amount: MonetaryAmount, year: int | None) -> Conversion | None:
        r"""Convert an amount to US dollars of that year; None where the rate is unknown.

        Example:
            >>> rates = parse_rates("year,currency,usd_per_unit\n1961,GBP,2.8\n", "rates.csv")
            >>> rates.convert(MonetaryAmount(430000.0, "GBP"), 1961).amount_usd
            1204000.0
            >>> rates.convert(MonetaryAmount(430000.0, "GBP"), 1962) is None
            True
        """
        if year is None or (rate := self.usd_per_unit.get((year, amount.currency))) is None:
            return None
        return Conversion(round(amount.amount * rate, 2), rate, year)


def parse_rates(text: str, name: str) -> ExchangeRates:
    """Parse a CSV file of yearly rates with the columns `year,currency,usd_per_unit`.

    Args:
        text: The file's content.
        name: The file, for messages.

    Raises:
        ConfigurationError: The file has another format, or a line an impossible value; the message
            contains the line number.
    """
    rates: dict[tuple[int, str], float] = {}
    for number, cells in _read_lines(text, name):
        try:
            year, currency, rate = _read_rate(cells)
        except ValueError as error:
            raise ConfigurationError(
                f"MARQUEE_EXCHANGE_RATES: {name} line {number} requires a year, a currency such as "
                f"GBP and US dollars for one unit; {error}."
            ) from None
        if rates.setdefault((year, currency), rate) != rate:
            raise ConfigurationError(
                f"MARQUEE_EXCHANGE_RATES: {name} line {number} has another rate of {currency} in "
                f"{year} than a line above; keep one."
            )
    return ExchangeRates(rates)


def _read_lines(text: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """Return the lines below the header with their numbers; empty ones are skipped."""
    lines = csv.reader(text.removeprefix("\ufeff").splitlines())
    try:
        header = [cell.strip() for cell in next(lines, [])]
        if tuple(header) != RATE_COLUMNS:
            raise ConfigurationError(
                f"MARQUEE_EXCHANGE_RATES: {name} line 1 must be {','.join(RATE_COLUMNS)}, got "
                f"{','.join(header)[:80]!r}."
            )
        for cells in lines:
            if any(cell.strip() for cell in cells):
                yield lines.line_num, [cell.strip() for cell in cells]
    except csv.Error as error:
        raise ConfigurationError(
            f"MARQUEE_EXCHANGE_RATES: {name} line {lines.line_num} cannot be read ({error})."
        ) from None


def _read_rate(cells: list[str]) -> tuple[int, str, float]:
    """Parse one line; `ValueError` explains what is wrong with it."""
    if len(cells) != len(RATE_COLUMNS):
        raise ValueError(f"it has {len(cells)} columns")
    year, currency, rate = cells
    if not re.fullmatch(r"[12][0-9]{3}", year):
        raise ValueError(f"{year[:20]!r} is no year")
    if not _CODE.fullmatch(currency):
        raise ValueError(f"{currency[:20]!r} is no code of three capital letters")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", rate):
        raise ValueError(f"{rate[:20]!r} is no rate")
    usd_per_unit = float(rate)
    if not 0 < usd_per_unit < MAX_USD_PER_UNIT or (currency == USD and usd_per_unit != 1):
        raise ValueError(f"{rate[:20]!r} cannot be the rate of {currency}")
    return int(year), currency, usd_per_unit
