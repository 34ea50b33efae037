"""Read MovieLens' trailers: `ml-youtube.csv`, joined to IMDb and TMDB by `links.csv`."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.cell_parsers import CellError, parse_id, parse_youtube_id
from pipeline.crawl.datasets.csv_tables import Row, Table, open_main_table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.links import LINKS, Link, Links, open_links, read_links
from pipeline.crawl.datasets.row_parsing import (
    DuplicateDetector,
    extras_key,
    keep_unmapped,
    parse_cell,
    parse_rows,
)
from pipeline.crawl.datasets.titles import restore_article
from pipeline.crawl.datasets.tmdb_format import youtube_trailers
from pipeline.crawl.json_values import FIRST_YEAR, LAST_YEAR

KIND = "movielens"
TRAILERS = ("ml-youtube.csv",)
COLUMNS = ("youtubeId", "movieId", "title")

_YEAR = re.compile(r"(?P<title>.*?)\s*\((?P<year>[0-9]{4})\)", re.DOTALL)
_OTHER_TITLES = re.compile(r"(\s+\([^()]*\))+$")
_MAX_NAMED, _MAX_SHOWN = 3, 100


def read(path: Path) -> ParsedRows:
    """Read the dump: one trailer a row.

    A video of several movies is rejected for each of them. An id of TMDB or IMDb that `links.csv`
    has for several movies is left out; then the other one identifies the movie.

    Args:
        path: Its folder, or its table of trailers, with `links.csv` beside it.

    Raises:
        DumpError: It is no such dump, or the download is damaged.
    """
    table = open_main_table(path, KIND, TRAILERS, COLUMNS)
    links = open_links(path)
    if links is None:
        raise DumpError(
            f"{table.path} lacks {LINKS[0]} beside it, which identifies the trailers' movies. "
            f"Put the {LINKS[0]} of a MovieLens download into the same folder."
        )
    return _read_rows(table, links)


def split_title(text: str) -> tuple[str, int | None]:
    """Split MovieLens' title into the US title and the year.

    Alternative titles after it are dropped, and the article moves to the front.

    Example:
        >>> split_title("City of Lost Children, The (Cité des enfants perdus, La) (1995)")
        ('The City of Lost Children', 1995)
    """
    found = _YEAR.fullmatch(text.strip())
    title, year = (found["title"], int(found["year"])) if found else (text.strip(), None)
    if year is not None and not FIRST_YEAR <= year <= LAST_YEAR:
        title, year = text.strip(), None
    return restore_article(_OTHER_TITLES.sub("", title)), year


def _read_rows(table: Table, link_table: Table) -> ParsedRows:
    links = read_links(link_table)
    yield from links.rejected
    movies = _unambiguous(links)
    sharers = _find_shared_videos(table)
    duplicates = DuplicateDetector()
    yield from parse_rows(table, lambda row: _parse_row(row, movies, sharers, duplicates))


def _unambiguous(links: Links) -> Mapping[int, Link]:
    """Remove from each link the ids that several movies have."""
    tmdb_ids, imdb_ids = links.repeated_tmdb_ids(), links.repeated_imdb_ids()
    return {
        link.movielens_id: Link(
            link.movielens_id,
            None if link.imdb_id in imdb_ids else link.imdb_id,
            None if link.tmdb_id in tmdb_ids else link.tmdb_id,
        )
        for link in links.by_movielens_id.values()
    }


def _find_shared_videos(table: Table) -> dict[str, dict[str, str]]:
    """Return the places of each video that several movies have: place by movie."""
    places: dict[str, dict[str, str]] = {}
    for row in table.read_rows():
        if isinstance(row, Row):
            movies = places.setdefault(row.cells["youtubeId"], {})
            movies.setdefault(row.cells["movieId"], row.where)
    return {youtube_id: movies for youtube_id, movies in places.items() if len(movies) > 1}


def _parse_row(
    row: Row,
    movies: Mapping[int, Link],
    sharers: Mapping[str, Mapping[str, str]],
    duplicates: DuplicateDetector,
) -> AcceptedRow | RejectedRow:
    youtube_id = _parse_video(row)
    movielens_id = parse_cell(row.cells, "movieId", parse_id)
    if youtube_id is None or movielens_id is None:
        missing = "movieId" if youtube_id else "youtubeId"
        reason = RejectionReason.NO_ID if youtube_id else RejectionReason.EMPTY
        return RejectedRow(
            row.where, reason, f"{row.cells['title'][:_MAX_SHOWN]}: {missing} is empty"
        )
    if youtube_id in sharers:
        others = [place for place in sharers[youtube_id].values() if place != row.where]
        detail = f"{row.cells['title'][:_MAX_SHOWN]}: {youtube_id} is also another movie's, at "
        return RejectedRow(
            row.where, RejectionReason.AMBIGUOUS, detail + ", ".join(others[:_MAX_NAMED])
        )
    rejected = duplicates.check(movielens_id, row)
    if rejected:
        return rejected
    link = movies.get(movielens_id, Link(movielens_id))
    title, year = split_title(row.cells["title"])
    fields = _to_tmdb_format(row, youtube_id, link, title)
    return AcceptedRow(row.where, fields, link.tmdb_id, link.imdb_id, title, year)


def _parse_video(row: Row) -> str | None:
    """Parse the YouTube id; the message contains the title, which identifies the movie."""
    try:
        return parse_youtube_id(row.cells["youtubeId"])
    except CellError as error:
        raise error.at(row.cells["title"][:_MAX_SHOWN]) from error


def _to_tmdb_format(row: Row, youtube_id: str, link: Link, title: str) -> dict[str, Any]:
    known = {"id": link.tmdb_id, "imdb_id": link.imdb_id, "title": title}
    fields: dict[str, Any] = {name: value for name, value in known.items() if value}
    fields["videos"] = youtube_trailers([youtube_id])
    # The original title, with year and alternative titles, is kept too: splitting is a guess.
    fields |= keep_unmapped(KIND, row.cells, ("youtubeId",))
    fields[extras_key(KIND)]["movieId"] = link.movielens_id
    return fields
