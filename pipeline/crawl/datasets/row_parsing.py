"""Parse rows: each cell by its column's parser; other columns are kept under the dump's key."""

from array import array
from collections.abc import Callable, Container, Hashable, Mapping
from typing import Any, TypeVar

from pipeline.crawl.datasets.cell_parsers import CellError
from pipeline.crawl.datasets.csv_tables import Row, Table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason

ColumnParsers = Mapping[str, Callable[[str], object]]
"""A parser for each column, which returns None for an empty cell."""

Value = TypeVar("Value")

_MAX_NAMED = 5


def parse_rows(table: Table, parse: Callable[[Row], AcceptedRow | RejectedRow]) -> ParsedRows:
    """Yield what `parse` returns for each row; a malformed cell rejects its row alone."""
    for row in table.read_rows():
        if isinstance(row, RejectedRow):
            yield row
            continue
        try:
            yield parse(row)
        except CellError as error:
            yield RejectedRow(row.where, error.reason, str(error))


def extras_key(kind: str) -> str:
    """Return the key of the fields that TMDB does not have.

    Example:
        >>> extras_key("box-office-mojo")
        'marquee_box_office_mojo'
    """
    return f"marquee_{kind.replace('-', '_')}"


def parse_cells(cells: Mapping[str, str], parsers: ColumnParsers) -> dict[str, Any]:
    """Parse the columns that have a parser; missing and empty cells are left out.

    Raises:
        CellError: A cell is malformed; the message contains its column.
    """
    values = {column: parse_cell(cells, column, parse) for column, parse in parsers.items()}
    return {column: value for column, value in values.items() if value is not None}


def parse_cell(cells: Mapping[str, str], column: str, parse: Callable[[str], Value]) -> Value:
    """Parse one cell; an absent column counts as an empty cell.

    Raises:
        CellError: It is malformed; the message contains its column.
    """
    try:
        return parse(cells.get(column, ""))
    except CellError as error:
        raise error.at(column) from error


def keep_unmapped(kind: str, cells: Mapping[str, str], mapped: Container[str]) -> dict[str, dict]:
    """Return the texts of all other non-empty columns, under the dump's own key.

    Example:
        >>> keep_unmapped("tmdb5000", {"id": "7", "seat": "4"}, {"id"})
        {'marquee_tmdb5000': {'seat': '4'}}
    """
    rest = {column: text for column, text in cells.items() if text and column not in mapped}
    return {extras_key(kind): rest} if rest else {}


class DuplicateDetector:
    """Detects duplicate rows; the first one is accepted."""

    def __init__(self) -> None:
        self._first: dict[Hashable, tuple[str, array]] = {}

    def check(self, key: Hashable, row: Row) -> RejectedRow | None:
        """Return the rejection of a row whose key occurred before; None for the first one."""
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
        detail = f"{key}: differs from {where}, which is accepted, in {named}"
        return RejectedRow(row.where, RejectionReason.DUPLICATE, detail)
