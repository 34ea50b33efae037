"""Reads Kaggle's "TMDB 5000": movies with lists as JSON, credits, a crosswalk if there is one."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.crawl.datasets.cells import read_imdb_id, read_number, read_youtube_id
from pipeline.crawl.datasets.lists import read_json_list
from pipeline.crawl.datasets.rows import Rows
from pipeline.crawl.datasets.shaping import Readers
from pipeline.crawl.datasets.sides import open_side
from pipeline.crawl.datasets.tables import open_main_table
from pipeline.crawl.datasets.tmdb_shape import (
    Fields,
    add_credits,
    keep_own,
    list_trailers,
    name_columns,
    read_movies,
)

KIND = "tmdb5000"
MOVIES = ("movies.csv", "tmdb_5000_movies.csv")
CREDITS = ("credits.csv", "tmdb_5000_credits.csv")
CROSSWALK = ("crosswalk.csv",)

CREDIT_COLUMNS: Readers = {"cast": read_json_list, "crew": read_json_list}
CROSSWALK_COLUMNS: Readers = {
    "imdb_id": read_imdb_id,
    "youtube_id_movielens": read_youtube_id,
    "youtube_id_trailer_genres": read_youtube_id,
    "movieId": read_number,
    "trailer_seconds": read_number,
}
TRAILER_COLUMNS = ("youtube_id_movielens", "youtube_id_trailer_genres")
OWN_COLUMNS = ("movieId", "trailer_seconds")


def read(path: Path) -> Rows:
    """Read the dump.

    Args:
        path: Its folder, or its table of movies.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    columns = {**name_columns(read_json_list), "keywords": _read_keywords}
    table = open_main_table(path, KIND, MOVIES, ("id", *columns))
    credits = open_side(path, CREDITS, "movie_id", CREDIT_COLUMNS)
    crosswalk = open_side(path, CROSSWALK, "tmdb_id", CROSSWALK_COLUMNS)
    return read_movies(KIND, table, columns, [(credits, add_credits), (crosswalk, _add_crosswalk)])


def _read_keywords(text: str) -> dict[str, list] | None:
    keywords = read_json_list(text)
    return {"keywords": keywords} if keywords else None


def _add_crosswalk(fields: Fields, known: Mapping[str, object]) -> None:
    """Add the other sites' ids: IMDb's, and YouTube's as trailers."""
    if "imdb_id" in known:
        fields["imdb_id"] = known["imdb_id"]
    trailers = list_trailers(known[column] for column in TRAILER_COLUMNS if column in known)
    if trailers["results"]:
        fields["videos"] = trailers
    keep_own(fields, KIND, {name: known[name] for name in OWN_COLUMNS if name in known})
