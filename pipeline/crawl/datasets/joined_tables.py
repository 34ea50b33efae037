"""Joins a dump's second tables to its main one, row by row and without holding them whole."""

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
    """A second table, in any order; where it has the main one's, next to nothing is held.

    Args:
        table: The table; None where the dump comes without it.
        id_column: Whose movie a row is about.
        readers: What reads the other columns.
    """

    def __init__(self, table: Table | None, id_column: str, readers: ColumnParsers):
        self._rows = table.read_rows() if table else iter(())
        self._id_column, self._readers = id_column, readers
        self._early: dict[int, Row] = {}
        self._repeats = DuplicateDetector()
        self._refused: list[RejectedRow] = []

    def find(self, tmdb_id: int) -> dict[str, object]:
        """Return what the table says of a movie; nothing where it has no usable row."""
        while tmdb_id not in self._early:
            row = next(self._rows, None)
            if row is None:
                return {}
            self._note(row)
        row = self._early.pop(tmdb_id)
        try:
            return parse_cells(row.cells, self._readers)
        except CellError as error:
            self._refused.append(RejectedRow(row.where, error.reason, str(error)))
            return {}

    def pop_rejected(self) -> Iterator[RejectedRow]:
        """Return the rows that were refused since the last time."""
        refused, self._refused = self._refused, []
        yield from refused

    def finish(self) -> Iterator[RejectedRow]:
        """Return what is still refused: also the rows whose movie has no row in the main table."""
        for row in self._rows:
            self._note(row)
        yield from self.pop_rejected()
        for tmdb_id, row in self._early.items():
            detail = f"{self._id_column} {tmdb_id} is no movie that the main table gives"
            yield RejectedRow(row.where, RejectionReason.UNKNOWN_MOVIE, detail)

    def _note(self, row: Row | RejectedRow) -> None:
        refused = row if isinstance(row, RejectedRow) else self._keep(row)
        if refused:
            self._refused.append(refused)

    def _keep(self, row: Row) -> RejectedRow | None:
        try:
            tmdb_id = parse_cell(row.cells, self._id_column, parse_id)
        except CellError as error:
            return RejectedRow(row.where, error.reason, str(error))
        if tmdb_id is None:
            return RejectedRow(row.where, RejectionReason.NO_ID, f"{self._id_column} is empty")
        refused = self._repeats.refuse(tmdb_id, row)
        if refused is None:
            self._early[tmdb_id] = row
        return refused


def open_joined_table(
    path: Path, names: tuple[str, ...], id_column: str, readers: ColumnParsers
) -> JoinedTable:
    """Open a table that a dump may come without.

    Raises:
        DumpError: It is there and lacks a column.
    """
    found = find_file(path, names)
    table = open_table(found, (id_column, *readers)) if found else None
    return JoinedTable(table, id_column, readers)
