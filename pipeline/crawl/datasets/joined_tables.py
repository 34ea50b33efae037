"""Join a dump's additional tables to its main one, row by row and without loading them whole."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.crawl.datasets.cell_parsers import CellError, parse_id
from pipeline.crawl.datasets.csv_tables import Row, Table, find_file, open_table
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason
from pipeline.crawl.datasets.row_parsing import (
    ColumnParsers,
    DuplicateDetector,
    parse_cell,
    parse_cells,
)


class JoinedTable:
    """An additional table in any order; almost nothing is held in memory where the order is equal.

    Args:
        table: The table; None where the dump lacks it.
        id_column: Column with the id of a row's movie.
        parsers: Parsers of the other columns.
    """

    def __init__(self, table: Table | None, id_column: str, parsers: ColumnParsers):
        self._rows = table.read_rows() if table else iter(())
        self._id_column, self._parsers = id_column, parsers
        self._early: dict[int, Row] = {}
        self._duplicates = DuplicateDetector()
        self._rejected: list[RejectedRow] = []

    def find(self, tmdb_id: int) -> dict[str, object]:
        """Return the parsed cells of a movie's row; empty where it has no usable row."""
        while tmdb_id not in self._early:
            row = next(self._rows, None)
            if row is None:
                return {}
            self._note(row)
        row = self._early.pop(tmdb_id)
        try:
            return parse_cells(row.cells, self._parsers)
        except CellError as error:
            self._rejected.append(RejectedRow(row.where, error.reason, str(error)))
            return {}

    def pop_rejected(self) -> Iterator[RejectedRow]:
        """Yield the rows that were rejected since the last call."""
        rejected, self._rejected = self._rejected, []
        yield from rejected

    def finish(self) -> Iterator[RejectedRow]:
        """Yield the remaining rejected rows, also those whose movie is not in the main table."""
        for row in self._rows:
            self._note(row)
        yield from self.pop_rejected()
        for tmdb_id, row in self._early.items():
            detail = f"{self._id_column} {tmdb_id} is no movie of the main table"
            yield RejectedRow(row.where, RejectionReason.UNKNOWN_MOVIE, detail)

    def _note(self, row: Row | RejectedRow) -> None:
        rejected = row if isinstance(row, RejectedRow) else self._keep(row)
        if rejected:
            self._rejected.append(rejected)

    def _keep(self, row: Row) -> RejectedRow | None:
        try:
            tmdb_id = parse_cell(row.cells, self._id_column, parse_id)
        except CellError as error:
            return RejectedRow(row.where, error.reason, str(error))
        if tmdb_id is None:
            return RejectedRow(row.where, RejectionReason.NO_ID, f"{self._id_column} is empty")
        rejected = self._duplicates.check(tmdb_id, row)
        if rejected is None:
            self._early[tmdb_id] = row
        return rejected


def open_joined_table(
    path: Path, names: tuple[str, ...], id_column: str, parsers: ColumnParsers
) -> JoinedTable:
    """Open an additional table, which a dump may lack.

    Raises:
        DumpError: It exists and lacks a column.
    """
    found = find_file(path, names)
    table = open_table(found, (id_column, *parsers)) if found else None
    return JoinedTable(table, id_column, parsers)
