"""Reads Box Office Mojo's table of grosses: titles with a year and no ids."""

import re
from pathlib import Path

from pipeline.crawl.datasets.cells import read_positive, read_text, read_year
from pipeline.crawl.datasets.rows import Refused, RowReason, Rows, Taken
from pipeline.crawl.datasets.shaping import Readers, keep_rest, read_cells, take_rows
from pipeline.crawl.datasets.tables import Row, open_main_table
from pipeline.crawl.datasets.tmdb_shape import BOX_OFFICE, list_figures

KIND = "box-office-mojo"
GROSSES = ("box_office_mojo_gross.csv", "bom.movie_gross.csv")
MILLION = 1_000_000

_IN_MILLIONS = re.compile(r"[0-9]{1,3}(,[0-9]{3})+\.[0-9]")


def read_gross(text: str) -> float | None:
    """Read a gross in US dollars; 0 means unknown.

    Above a billion the table changes to millions, with a comma and one decimal.

    Source:
        Five of the table's 3,387 rows, among them `1,131.6` for the foreign gross of "Star Wars:
        The Force Awakens".

    Example:
        >>> read_gross("652000000"), read_gross("1,131.6")
        (652000000.0, 1131600000.0)
    """
    if _IN_MILLIONS.fullmatch(text):
        return round(float(text.replace(",", "")) * MILLION, 2)
    gross = read_positive(text)
    return None if gross is None else float(gross)


COLUMNS: Readers = {
    "title": read_text,
    "domestic_gross": read_gross,
    "foreign_gross": read_gross,
    "year": read_year,
}


def read(path: Path) -> Rows:
    """Read the dump; the worldwide gross is the sum, where both parts are known.

    Args:
        path: Its folder, or its table.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    return take_rows(open_main_table(path, KIND, GROSSES, COLUMNS), _take)


def _take(row: Row) -> Taken | Refused:
    known = read_cells(row.cells, COLUMNS)
    year = known.get("year")
    if "title" not in known or year is None:
        return Refused(row.where, RowReason.NO_ID, "title or year is empty")
    title = known["title"].removesuffix(f"({year})").strip() or known["title"]
    domestic, foreign = known.get("domestic_gross"), known.get("foreign_gross")
    if domestic is None and foreign is None:
        return Refused(row.where, RowReason.EMPTY, f"{title}: no figure is known")
    worldwide = domestic + foreign if domestic and foreign else None
    fields = {
        "title": title,
        BOX_OFFICE: list_figures(KIND, worldwide=worldwide, domestic=domestic),
        **keep_rest(KIND, row.cells, {"domestic_gross"}),
    }
    return Taken(row.where, {k: v for k, v in fields.items() if v}, title=title, year=year)
