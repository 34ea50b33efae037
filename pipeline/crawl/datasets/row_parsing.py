"""Shapes a row: each cell by its column's reader, the rest kept under the dump's own key."""

from array import array
from collections.abc import Callable, Container, Hashable, Mapping
from typing import TypeVar

from pipeline.crawl.datasets.cell_parsers import CellError
from pipeline.crawl.datasets.csv_tables import Row, Table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason

ColumnParsers = Mapping[str, Callable[[str], object]]
"""What reads each column; a reader gives None where a cell says nothing."""

Value = TypeVar("Value")

_MAX_NAMED = 5


def parse_rows(table: Table, take: Callable[[Row], AcceptedRow | RejectedRow]) -> ParsedRows:
    """Return what `take` makes of each row; a cell that cannot be read refuses its row alone."""
    for row in table.read_rows():
        if isinstance(row, RejectedRow):
            yield row
            continue
        try:
            yield take(row)
        except CellError as error:
            yield RejectedRow(row.where, error.reason, str(error))


def extras_key(kind: str) -> str:
    """Return the key for what TMDB has no field for.

    Example:
        >>> extras_key("box-office-mojo")
        'marquee_box_office_mojo'
    """
    return f"marquee_{kind.replace('-', '_')}"


def parse_cells(cells: Mapping[str, str], readers: ColumnParsers) -> dict[str, object]:
    """Read the columns that have a reader and are there; what says nothing is left out.

    Raises:
        CellError: A cell is not what its column promises; the message names the column.
    """
    values = {column: parse_cell(cells, column, read) for column, read in readers.items()}
    return {column: value for column, value in values.items() if value is not None}


def parse_cell(cells: Mapping[str, str], column: str, read: Callable[[str], Value]) -> Value:
    """Read one cell; None where the column is not there.

    Raises:
        CellError: It is not what the column promises; the message names the column.
    """
    try:
        return read(cells.get(column, ""))
    except CellError as error:
        raise CellError(f"{column}: {error.wanted}", error.text, error.reason) from error


def keep_unmapped(kind: str, cells: Mapping[str, str], mapped: Container[str]) -> dict[str, dict]:
    """Keep the text of every other column that says something, under the dump's own key.

    Example:
        >>> keep_unmapped("tmdb5000", {"id": "7", "seat": "4"}, {"id"})
        {'marquee_tmdb5000': {'seat': '4'}}
    """
    rest = {column: text for column, text in cells.items() if text and column not in mapped}
    return {extras_key(kind): rest} if rest else {}


class DuplicateDetector:
    """Tells rows that come a second time; the first one is the one that is taken."""

    def __init__(self):
        self._first: dict[Hashable, tuple[str, array]] = {}

    def refuse(self, key: Hashable, row: Row) -> RejectedRow | None:
        """Refuse a row whose key came before; None for the first one, which is remembered."""
        # Hashes and not texts: a dump of 45,000 rows is not held in memory for this.
        hashes = array("q", map(hash, row.cells.values()))
        if key not in self._first:
            self._first[key] = (row.where, hashes)
            return None
        where, first = self._first[key]
        pairs = zip(row.cells, first, hashes, strict=True)
        differing = [column for column, one, other in pairs if one != other]
        if not differing:
            return RejectedRow(row.where, RejectionReason.DUPLICATE, f"{key}: equal to {where}")
        named = ", ".join(differing[:_MAX_NAMED]) + (" …" if len(differing) > _MAX_NAMED else "")
        detail = f"{key}: differs from {where}, which is taken, in {named}"
        return RejectedRow(row.where, RejectionReason.DUPLICATE, detail)
