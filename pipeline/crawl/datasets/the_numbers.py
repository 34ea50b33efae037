"""Reads The Numbers' table of budgets: text such as "$425,000,000", and no ids."""

import re
from pathlib import Path

from pipeline.crawl.datasets.cells import read_dollars, read_named_date, read_text
from pipeline.crawl.datasets.rows import Refused, RowReason, Rows, Taken
from pipeline.crawl.datasets.shaping import Readers, keep_rest, read_cells, take_rows
from pipeline.crawl.datasets.tables import Row, open_main_table
from pipeline.crawl.datasets.tmdb_shape import BOX_OFFICE, list_figures

KIND = "the-numbers"
BUDGETS = ("the_numbers_budgets.csv", "tn.movie_budgets.csv")
COLUMNS: Readers = {
    "release_date": read_named_date,
    "movie": read_text,
    "production_budget": read_dollars,
    "domestic_gross": read_dollars,
    "worldwide_gross": read_dollars,
}
YEAR_ONLY = "-12-31"
"""The day that stands where only the year is known.

Source:
    181 of the table's 5,782 rows are released on a December 31, and 6 on a December 30.
"""


def read(path: Path) -> Rows:
    """Read the dump; `id` counts from 1 to 100 again and again and names no movie.

    Args:
        path: Its folder, or its table.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    return take_rows(open_main_table(path, KIND, BUDGETS, COLUMNS), _take)


def mend_title(text: str) -> str:
    r"""Undo that UTF-8 was read as Latin-1; leave other titles as they are.

    Example:
        >>> mend_title("At Worldâ\x80\x99s End"), mend_title("DÃ©jÃ Vu"), mend_title("Ri¢hie Ri¢h")
        ('At World’s End', 'Déjà Vu', 'Ri¢hie Ri¢h')
    """
    # The second byte of "à" is an unbreakable space there, which was taken for space and dropped.
    for candidate in (text, re.sub(r"Ã(?= |$)", "Ã\xa0", text)):
        try:
            return candidate.encode("latin-1").decode("utf-8")
        except UnicodeError:
            continue
    return text


def _take(row: Row) -> Taken | Refused:
    known = read_cells(row.cells, COLUMNS)
    title, released = mend_title(known.get("movie", "")), known.get("release_date")
    if not title or not released:
        return Refused(row.where, RowReason.NO_ID, "title or date is empty")
    budget, domestic = known.get("production_budget"), known.get("domestic_gross")
    figures = list_figures(
        KIND, worldwide=known.get("worldwide_gross"), domestic=domestic, budget=budget
    )
    if not figures:
        return Refused(row.where, RowReason.EMPTY, f"{title}: no figure is known")
    fields = {"title": title, BOX_OFFICE: figures}
    if not released.endswith(YEAR_ONLY):
        fields["release_date"] = released
    if budget:
        fields["budget"] = budget
    fields |= keep_rest(KIND, row.cells, set(COLUMNS) - {"release_date"})
    return Taken(row.where, fields, title=title, year=int(released[:4]))
