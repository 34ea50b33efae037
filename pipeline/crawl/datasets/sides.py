"""Joins a dump's second tables to its main one, row by row and without holding them whole."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.crawl.datasets.cells import CellError, read_id
from pipeline.crawl.datasets.rows import Refused, RowReason
from pipeline.crawl.datasets.shaping import Readers, Repeats, read_cell, read_cells
from pipeline.crawl.datasets.tables import Row, Table, find_file, open_table


class Side:
    """A second table, in any order; where it has the main one's, next to nothing is held.

    Args:
        table: The table; None where the dump comes without it.
        id_column: Whose movie a row is about.
        readers: What reads the other columns.
    """

    def __init__(self, table: Table | None, id_column: str, readers: Readers):
        self._rows = table.read_rows() if table else iter(())
        self._id_column, self._readers = id_column, readers
        self._early: dict[int, Row] = {}
        self._repeats = Repeats()
        self._refused: list[Refused] = []

    def find(self, tmdb_id: int) -> dict[str, object]:
        """Return what the table says of a movie; nothing where it has no usable row."""
        while tmdb_id not in self._early:
            row = next(self._rows, None)
            if row is None:
                return {}
            self._note(row)
        row = self._early.pop(tmdb_id)
        try:
            return read_cells(row.cells, self._readers)
        except CellError as error:
            self._refused.append(Refused(row.where, error.reason, str(error)))
            return {}

    def give_refused(self) -> Iterator[Refused]:
        """Return the rows that were refused since the last time."""
        refused, self._refused = self._refused, []
        yield from refused

    def finish(self) -> Iterator[Refused]:
        """Return what is still refused: also the rows whose movie has no row in the main table."""
        for row in self._rows:
            self._note(row)
        yield from self.give_refused()
        for tmdb_id, row in self._early.items():
            detail = f"{self._id_column} {tmdb_id} is no movie that the main table gives"
            yield Refused(row.where, RowReason.UNKNOWN_MOVIE, detail)

    def _note(self, row: Row | Refused) -> None:
        refused = row if isinstance(row, Refused) else self._keep(row)
        if refused:
            self._refused.append(refused)

    def _keep(self, row: Row) -> Refused | None:
        try:
            tmdb_id = read_cell(row.cells, self._id_column, read_id)
        except CellError as error:
            return Refused(row.where, error.reason, str(error))
        if tmdb_id is None:
            return Refused(row.where, RowReason.NO_ID, f"{self._id_column} is empty")
        refused = self._repeats.refuse(tmdb_id, row)
        if refused is None:
            self._early[tmdb_id] = row
        return refused


def open_side(path: Path, names: tuple[str, ...], id_column: str, readers: Readers) -> Side:
    """Open a table that a dump may come without.

    Raises:
        DumpError: It is there and lacks a column.
    """
    found = find_file(path, names)
    table = open_table(found, (id_column, *readers)) if found else None
    return Side(table, id_column, readers)
