"""Read Box Office Mojo's table of grosses: titles with a year, and no ids."""

import re
from pathlib import Path

from pipeline.crawl.datasets.cell_parsers import CellError, parse_positive, parse_text, parse_year
from pipeline.crawl.datasets.csv_tables import Row, open_main_table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.format_check import check_format
from pipeline.crawl.datasets.row_parsing import (
    ColumnParsers,
    keep_unmapped,
    parse_cells,
    parse_rows,
)
from pipeline.crawl.datasets.tmdb_format import usd_figures
from pipeline.crawl.merging import BOX_OFFICE_KEY

KIND = "box-office-mojo"
GROSSES = ("box_office_mojo_gross.csv", "bom.movie_gross.csv")
THOUSAND, MILLION = 1_000, 1_000_000

LARGE_GROSS_USD = 100_000_000
"""Of a movie with a domestic gross above it, a foreign gross of a few thousands has no unit."""

_IN_MILLIONS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]+")


def parse_gross(text: str) -> float | None:
    """Parse a gross in US dollars; 0 means unknown.

    Above a billion the table has millions with decimals. A table that was saved again has lost
    their comma; so it is the part of a dollar, which no gross has, that tells them apart.

    Raises:
        CellError: It is neither whole dollars nor millions above a billion.

    Source:
        Five of the table's 3,387 rows, among them `1,131.6` for the foreign gross of "Star Wars:
        The Force Awakens".

    Example:
        >>> parse_gross("652000000"), parse_gross("1,131.6"), parse_gross("1131.6")
        (652000000.0, 1131600000.0, 1131600000.0)
    """
    has_comma = bool(_IN_MILLIONS.fullmatch(text))
    number = parse_positive(text.replace(",", "") if has_comma else text)
    if number is None:
        return None
    is_millions = has_comma or not float(number).is_integer()
    if is_millions and not THOUSAND <= number < 10 * THOUSAND:
        raise CellError("whole US dollars, or millions above a billion such as 1,131.6", text)
    return round(float(number) * MILLION, 2) if is_millions else float(number)


COLUMNS: ColumnParsers = {
    "title": parse_text,
    "domestic_gross": parse_gross,
    "foreign_gross": parse_gross,
    "year": parse_year,
}


def read(path: Path) -> ParsedRows:
    """Read the dump; the worldwide gross is the sum, where both terms are known.

    Args:
        path: Its folder, or its table.

    Raises:
        DumpError: It is no such dump, or the download is damaged.
    """
    table = open_main_table(path, KIND, GROSSES, COLUMNS)
    check_format(table, KIND, COLUMNS)
    return parse_rows(table, _parse_row)


def _parse_row(row: Row) -> AcceptedRow | RejectedRow:
    known = parse_cells(row.cells, COLUMNS)
    year = known.get("year")
    if "title" not in known or year is None:
        return RejectedRow(row.where, RejectionReason.NO_ID, "title or year is empty")
    title = known["title"].removesuffix(f"({year})").strip() or known["title"]
    domestic, foreign = known.get("domestic_gross"), known.get("foreign_gross")
    if domestic is None and foreign is None:
        return RejectedRow(row.where, RejectionReason.EMPTY, f"{title}: no figure is known")
    if domestic and foreign and _has_no_unit(domestic, foreign):
        raise CellError("a foreign gross with a unit", row.cells["foreign_gross"])
    worldwide = domestic + foreign if domestic and foreign else None
    fields = {
        "title": title,
        BOX_OFFICE_KEY: usd_figures(KIND, worldwide=worldwide, domestic=domestic),
        **keep_unmapped(KIND, row.cells, {"domestic_gross"}),
    }
    return AcceptedRow(row.where, {k: v for k, v in fields.items() if v}, title=title, year=year)


def _has_no_unit(domestic: float, foreign: float) -> bool:
    """Return whether a foreign gross may be millions of which the decimals were lost."""
    return domestic > LARGE_GROSS_USD and THOUSAND <= foreign < 10 * THOUSAND
