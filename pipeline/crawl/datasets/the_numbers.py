"""Read The Numbers' table of budgets: amounts such as "$425,000,000", and no ids."""

import re
from pathlib import Path

from pipeline.crawl.datasets.cell_parsers import parse_dollars, parse_named_date, parse_text
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

KIND = "the-numbers"
BUDGETS = ("the_numbers_budgets.csv", "tn.movie_budgets.csv")
COLUMNS: ColumnParsers = {
    "release_date": parse_named_date,
    "movie": parse_text,
    "production_budget": parse_dollars,
    "domestic_gross": parse_dollars,
    "worldwide_gross": parse_dollars,
}
YEAR_ONLY = "-12-31"
"""The day that the table has where only the year is known.

Source:
    181 of the table's 5,782 rows are released on a December 31, and 6 on a December 30.
"""


def read(path: Path) -> ParsedRows:
    """Read the dump; `id` repeats from 1 to 100 and identifies no movie.

    Args:
        path: Its folder, or its table.

    Raises:
        DumpError: It is no such dump, or the download is damaged.
    """
    table = open_main_table(path, KIND, BUDGETS, COLUMNS)
    check_format(table, KIND, COLUMNS)
    return parse_rows(table, _parse_row)


def fix_title_encoding(text: str) -> str:
    r"""Fix a title whose UTF-8 was decoded as Latin-1; others are returned unchanged.

    Example:
        >>> titles = ("At Worldâ\x80\x99s End", "DÃ©jÃ Vu", "Ri¢hie Ri¢h")
        >>> [fix_title_encoding(title) for title in titles]
        ['At World’s End', 'Déjà Vu', 'Ri¢hie Ri¢h']
    """
    # The second byte of "à" is a no-break space there, which was stripped as a space.
    for candidate in (text, re.sub(r"Ã(?= |$)", "Ã\xa0", text)):
        try:
            return candidate.encode("latin-1").decode("utf-8")
        except UnicodeError:
            continue
    return text


def _parse_row(row: Row) -> AcceptedRow | RejectedRow:
    known = parse_cells(row.cells, COLUMNS)
    title, released = fix_title_encoding(known.get("movie", "")), known.get("release_date")
    if not title or not released:
        return RejectedRow(row.where, RejectionReason.NO_ID, "title or date is empty")
    budget, domestic = known.get("production_budget"), known.get("domestic_gross")
    figures = usd_figures(
        KIND, worldwide=known.get("worldwide_gross"), domestic=domestic, budget=budget
    )
    if not figures:
        return RejectedRow(row.where, RejectionReason.EMPTY, f"{title}: no figure is known")
    fields = {"title": title, BOX_OFFICE_KEY: figures}
    if not released.endswith(YEAR_ONLY):
        fields["release_date"] = released
    if budget:
        fields["budget"] = budget
    fields |= keep_unmapped(KIND, row.cells, set(COLUMNS) - {"release_date"})
    return AcceptedRow(row.where, fields, title=title, year=int(released[:4]))
