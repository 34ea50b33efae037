"""Reads MovieLens' trailers: `ml-youtube.csv`, joined to IMDb and TMDB by `links.csv`."""

import re
from collections.abc import Mapping
from pathlib import Path

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.cell_parsers import (
    FIRST_YEAR,
    LAST_YEAR,
    CellError,
    parse_id,
    parse_youtube_id,
)
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

KIND = "movielens"
TRAILERS = ("ml-youtube.csv",)
COLUMNS = ("youtubeId", "movieId", "title")

_YEAR = re.compile(r"(?P<title>.*?)\s*\((?P<year>[0-9]{4})\)", re.DOTALL)
_OTHER_TITLES = re.compile(r"(\s+\([^()]*\))+$")
_MAX_NAMED, _MAX_SHOWN = 3, 100


def read(path: Path) -> ParsedRows:
    """Read the dump: one trailer a row.

    A video that stands for several movies is refused for each of them. An id of TMDB or IMDb that
    `links.csv` gives to several movies is left out; then the other one finds the movie.

    Args:
        path: Its folder, or its table of trailers, with `links.csv` beside it.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    table = open_main_table(path, KIND, TRAILERS, COLUMNS)
    links = open_links(path)
    if links is None:
        raise DumpError(
            f"{table.path} has no {LINKS[0]} beside it, which says whose trailers these are. "
            f"Put the {LINKS[0]} of a MovieLens download into the same folder."
        )
    return _read_rows(table, links)


def split_title(text: str) -> tuple[str, int | None]:
    """Split MovieLens' title: the title that is used in the US, and the year.

    Other titles behind it are left out, and the article goes to the front.

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
    yield from links.refused
    movies = _certain(links)
    sharers = _find_shared_videos(table)
    repeats = DuplicateDetector()
    yield from parse_rows(table, lambda row: _take(row, movies, sharers, repeats))


def _certain(links: Links) -> Mapping[int, Link]:
    """Leave out of each link the ids that stand beside several movies."""
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
    """Return where each video stands that stands for several movies: place by movie."""
    places: dict[str, dict[str, str]] = {}
    for row in table.read_rows():
        if isinstance(row, Row):
            movies = places.setdefault(row.cells["youtubeId"], {})
            movies.setdefault(row.cells["movieId"], row.where)
    return {youtube_id: movies for youtube_id, movies in places.items() if len(movies) > 1}


def _take(
    row: Row,
    movies: Mapping[int, Link],
    sharers: Mapping[str, Mapping[str, str]],
    repeats: DuplicateDetector,
) -> AcceptedRow | RejectedRow:
    youtube_id = _read_video(row)
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
    refused = repeats.refuse(movielens_id, row)
    if refused:
        return refused
    link = movies.get(movielens_id, Link(movielens_id))
    title, year = split_title(row.cells["title"])
    return AcceptedRow(row.where, _shape(row, youtube_id, link, title), link.tmdb_id, link.imdb_id,
                 title, year)  # fmt: skip


def _read_video(row: Row) -> str | None:
    """Read the YouTube id; the message names the movie, whose id says little to a person."""
    try:
        return parse_youtube_id(row.cells["youtubeId"])
    except CellError as error:
        wanted = f"{row.cells['title'][:_MAX_SHOWN]}: {error.wanted}"
        raise CellError(wanted, error.text, error.reason) from error


def _shape(row: Row, youtube_id: str, link: Link, title: str) -> dict[str, object]:
    known = {"id": link.tmdb_id, "imdb_id": link.imdb_id, "title": title}
    fields = {name: value for name, value in known.items() if value}
    fields["videos"] = youtube_trailers([youtube_id])
    # The title as it stands, with its year and other titles, goes along: splitting is a guess.
    fields |= keep_unmapped(KIND, row.cells, ("youtubeId",))
    fields[extras_key(KIND)]["movieId"] = link.movielens_id
    return fields
