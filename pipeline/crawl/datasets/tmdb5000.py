"""Read Kaggle's "TMDB 5000": movies and credits with lists as JSON, and an optional crosswalk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.crawl.datasets.cell_parsers import parse_imdb_id, parse_number, parse_youtube_id
from pipeline.crawl.datasets.csv_tables import open_main_table
from pipeline.crawl.datasets.dump_rows import ParsedRows
from pipeline.crawl.datasets.format_check import check_format
from pipeline.crawl.datasets.joined_tables import open_joined_table
from pipeline.crawl.datasets.list_parsers import parse_json_list
from pipeline.crawl.datasets.row_parsing import ColumnParsers
from pipeline.crawl.datasets.tmdb_format import (
    Fields,
    add_credits,
    add_extras,
    read_movies,
    tmdb_columns,
    youtube_trailers,
)

KIND = "tmdb5000"
MOVIES = ("movies.csv", "tmdb_5000_movies.csv")
CREDITS = ("credits.csv", "tmdb_5000_credits.csv")
CROSSWALK = ("crosswalk.csv",)

CREDIT_COLUMNS: ColumnParsers = {"cast": parse_json_list, "crew": parse_json_list}
CROSSWALK_COLUMNS: ColumnParsers = {
    "imdb_id": parse_imdb_id,
    "youtube_id_movielens": parse_youtube_id,
    "youtube_id_trailer_genres": parse_youtube_id,
    "movieId": parse_number,
    "trailer_seconds": parse_number,
}
TRAILER_COLUMNS = ("youtube_id_movielens", "youtube_id_trailer_genres")
OWN_COLUMNS = ("movieId", "trailer_seconds")


def read(path: Path) -> ParsedRows:
    """Read the dump.

    Args:
        path: Its folder, or its table of movies.

    Raises:
        DumpError: It is no such dump, or the download is damaged.
    """
    columns = {**tmdb_columns(parse_json_list), "keywords": _parse_keywords}
    table = open_main_table(path, KIND, MOVIES, ("id", *columns))
    check_format(table, KIND, columns)
    credits = open_joined_table(path, CREDITS, "movie_id", CREDIT_COLUMNS)
    crosswalk = open_joined_table(path, CROSSWALK, "tmdb_id", CROSSWALK_COLUMNS)
    return read_movies(KIND, table, columns, [(credits, add_credits), (crosswalk, _add_crosswalk)])


def _parse_keywords(text: str) -> dict[str, list] | None:
    keywords = parse_json_list(text)
    return {"keywords": keywords} if keywords else None


def _add_crosswalk(fields: Fields, known: Mapping[str, Any]) -> None:
    """Add the ids of other sites: IMDb's, and YouTube's as trailers."""
    if "imdb_id" in known:
        fields["imdb_id"] = known["imdb_id"]
    trailers = youtube_trailers(known[column] for column in TRAILER_COLUMNS if column in known)
    if trailers["results"]:
        fields["videos"] = trailers
    add_extras(fields, KIND, {name: known[name] for name in OWN_COLUMNS if name in known})
