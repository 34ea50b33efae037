"""Read MovieLens' `links.csv`: the IMDb and TMDB ids of MovieLens' movies."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.crawl.datasets.cell_parsers import CellError, parse_id, parse_imdb_number
from pipeline.crawl.datasets.csv_tables import Row, Table, find_file, open_table
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason
from pipeline.crawl.datasets.row_parsing import DuplicateDetector, parse_cell

LINKS = ("links.csv",)
COLUMNS = ("movieId", "imdbId", "tmdbId")


@dataclass(frozen=True)
class Link:
    """One movie's ids; None where unknown."""

    movielens_id: int
    imdb_id: str | None = None
    tmdb_id: int | None = None


@dataclass
class Links:
    """The whole table, which is small, by MovieLens' ids."""

    by_movielens_id: dict[int, Link] = field(default_factory=dict)
    rejected: list[RejectedRow] = field(default_factory=list)

    def repeated_tmdb_ids(self) -> set[int]:
        """Return the TMDB ids of several movies: at most one of them is correct."""
        counts = Counter(link.tmdb_id for link in self.by_movielens_id.values() if link.tmdb_id)
        return {tmdb_id for tmdb_id, count in counts.items() if count > 1}

    def repeated_imdb_ids(self) -> set[str]:
        """Return the IMDb ids of several movies."""
        counts = Counter(link.imdb_id for link in self.by_movielens_id.values() if link.imdb_id)
        return {imdb_id for imdb_id, count in counts.items() if count > 1}


def open_links(path: Path) -> Table | None:
    """Open the table in a dump's folder; None where the dump lacks it.

    Raises:
        DumpError: It exists and lacks a column.
    """
    found = find_file(path, LINKS)
    return open_table(found, COLUMNS) if found else None


def read_links(table: Table) -> Links:
    """Read the table; malformed rows are rejected with a reason."""
    links = Links()
    duplicates = DuplicateDetector()
    for found in _read_each(table):
        if isinstance(found, RejectedRow):
            links.rejected.append(found)
            continue
        link, row = found
        rejected = duplicates.check(link.movielens_id, row)
        if rejected:
            links.rejected.append(rejected)
        else:
            links.by_movielens_id[link.movielens_id] = link
    return links


class JoinedLinks:
    """The table joined to one with TMDB's ids; ambiguous links are left out.

    Args:
        table: The table; None where the dump lacks it.
    """

    def __init__(self, table: Table | None):
        links = read_links(table) if table else Links()
        repeated = links.repeated_tmdb_ids()
        self._rejected = links.rejected
        self._by_tmdb_id = {
            link.tmdb_id: link
            for link in links.by_movielens_id.values()
            if link.tmdb_id and link.tmdb_id not in repeated
        }

    def find(self, tmdb_id: int) -> dict[str, object]:
        """Return `movieId` and `imdb_id`; empty where the movie is unknown."""
        link = self._by_tmdb_id.get(tmdb_id)
        return {"movieId": link.movielens_id, "imdb_id": link.imdb_id} if link else {}

    def pop_rejected(self) -> Iterator[RejectedRow]:
        """Yield the rows that were rejected, once."""
        rejected, self._rejected = self._rejected, []
        yield from rejected

    def finish(self) -> Iterator[RejectedRow]:
        """Yield the rest; links of movies that the dump lacks are not rejected."""
        yield from self.pop_rejected()


def _read_each(table: Table) -> Iterator[tuple[Link, Row] | RejectedRow]:
    for row in table.read_rows():
        if isinstance(row, RejectedRow):
            yield row
            continue
        try:
            movielens_id = parse_cell(row.cells, "movieId", parse_id)
            imdb_id = parse_cell(row.cells, "imdbId", parse_imdb_number)
            tmdb_id = parse_cell(row.cells, "tmdbId", parse_id)
        except CellError as error:
            yield RejectedRow(row.where, error.reason, str(error))
            continue
        if movielens_id is None:
            yield RejectedRow(row.where, RejectionReason.NO_ID, "movieId is empty")
        else:
            yield Link(movielens_id, imdb_id, tmdb_id), row
