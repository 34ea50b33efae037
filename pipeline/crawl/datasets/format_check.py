"""Check by its content whether a table is the dump that it is taken for."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.cell_parsers import CellError
from pipeline.crawl.datasets.csv_tables import Row, Table
from pipeline.crawl.datasets.list_parsers import ListError
from pipeline.crawl.datasets.row_parsing import ColumnParsers

SAMPLED_ROWS = 100
"""Rows at the beginning of a table that are looked at."""

MIN_CELLS = 3
"""Fewer cells that cannot be read, lists apart, may be faults of their rows."""


def check_format(table: Table, kind: str, parsers: ColumnParsers) -> None:
    """Refuse a table in which no cell of a column has this dump's format.

    Dumps of one site share names of columns: the header does not tell them apart.

    Args:
        table: A table whose header has been checked.
        kind: The dump that it is taken for.
        parsers: Parsers of its columns.

    Raises:
        DumpError: It is another dump.
    """
    rows = [row for row in islice(table.read_rows(), SAMPLED_ROWS) if isinstance(row, Row)]
    for column, parse in parsers.items():
        texts = [text for row in rows if (text := row.cells.get(column, ""))]
        errors = list(_failures(texts, parse))
        least = 1 if any(isinstance(error, ListError) for error in errors) else MIN_CELLS
        if errors and len(errors) == len(texts) >= least:
            raise DumpError(
                f"{table.path} is another dump than {kind}, with the same columns: of the first "
                f"{len(texts)} cells of {column} none can be read ({errors[0]}). Pass the original "
                "file; `marquee import kinds` lists the dumps that can be read."
            )


def _failures(texts: Iterable[str], parse: Callable[[str], object]) -> Iterator[CellError]:
    for text in texts:
        try:
            parse(text)
        except CellError as error:
            yield error
