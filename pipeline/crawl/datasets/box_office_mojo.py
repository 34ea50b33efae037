"""Read Box Office Mojo's table of grosses: titles with a year, and no ids."""

import re
from pathlib import Path

from pipeline.crawl.datasets.cell_parsers import parse_positive, parse_text, parse_year
from pipeline.crawl.datasets.csv_tables import Row, open_main_table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
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
MILLION = 1_000_000

_IN_MILLIONS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]")


def parse_gross(text: str) -> float | None:
    """Parse a gross in US dollars; 0 means unknown.

    Above a billion the table has millions, with a comma and one decimal.

    Source:
        Five of the table's 3,387 rows, among them `1,131.6` for the foreign gross of "Star Wars:
        The Force Awakens".

    Example:
        >>> parse_gross("652000000"), parse_gross("1,131.6")
        (652000000.0, 1131600000.0)
    """
    if _IN_MILLIONS.fullmatch(text):
        return round(float(text.replace(",", "")) * MILLION, 2)
    gross = parse_positive(text)
    return None if gross is None else float(gross)


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
    return parse_rows(open_main_table(path, KIND, GROSSES, COLUMNS), _parse_row)


def _parse_row(row: Row) -> AcceptedRow | RejectedRow:
    known = parse_cells(row.cells, COLUMNS)
    year = known.get("year")
    if "title" not in known or year is None:
        return RejectedRow(row.where, RejectionReason.NO_ID, "title or year is empty")
    title = known["title"].removesuffix(f"({year})").strip() or known["title"]
    domestic, foreign = known.get("domestic_gross"), known.get("foreign_gross")
    if domestic is None and foreign is None:
        return RejectedRow(row.where, RejectionReason.EMPTY, f"{title}: no figure is known")
    worldwide = domestic + foreign if domestic and foreign else None
    fields = {
        "title": title,
        BOX_OFFICE_KEY: usd_figures(KIND, worldwide=worldwide, domestic=domestic),
        **keep_unmapped(KIND, row.cells, {"domestic_gross"}),
    }
    return AcceptedRow(row.where, {k: v for k, v in fields.items() if v}, title=title, year=year)
