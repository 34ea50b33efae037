"""Reads Kaggle's "The Movies Dataset": movies with lists as Python prints them, credits,
keywords.
"""

from collections.abc import Mapping
from pathlib import Path

from pipeline.crawl.datasets.cells import read_flag, read_imdb_id, read_text
from pipeline.crawl.datasets.links import LinkSide, open_links
from pipeline.crawl.datasets.lists import read_python_list, read_python_mapping
from pipeline.crawl.datasets.rows import Rows
from pipeline.crawl.datasets.shaping import Readers
from pipeline.crawl.datasets.sides import open_side
from pipeline.crawl.datasets.tables import open_main_table
from pipeline.crawl.datasets.tmdb_shape import (
    Fields,
    add_credits,
    keep_own,
    name_columns,
    read_movies,
)

KIND = "movies-dataset"
MOVIES = ("movies_metadata.csv", "movies_metadata_sample.csv")
CREDITS = ("credits.csv", "credits_partial.csv", "credits_sample.csv")
KEYWORDS = ("keywords.csv", "keywords_partial.csv", "keywords_sample.csv")

COLUMNS: Readers = {
    **name_columns(read_python_list),
    "adult": read_flag,
    "belongs_to_collection": read_python_mapping,
    "imdb_id": read_imdb_id,
    "poster_path": read_text,
    "video": read_flag,
}
CREDIT_COLUMNS: Readers = {"cast": read_python_list, "crew": read_python_list}
KEYWORD_COLUMNS: Readers = {"keywords": read_python_list}


def read(path: Path) -> Rows:
    """Read the dump.

    Args:
        path: Its folder, or its table of movies.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    table = open_main_table(path, KIND, MOVIES, ("id", *COLUMNS))
    credits = open_side(path, CREDITS, "id", CREDIT_COLUMNS)
    keywords = open_side(path, KEYWORDS, "id", KEYWORD_COLUMNS)
    links = LinkSide(open_links(path))
    return read_movies(
        KIND,
        table,
        COLUMNS,
        [(credits, add_credits), (keywords, _add_keywords), (links, _add_link)],
    )


def _add_keywords(fields: Fields, known: Mapping[str, object]) -> None:
    if known:
        fields["keywords"] = dict(known)


def _add_link(fields: Fields, known: Mapping[str, object]) -> None:
    """Add the ids of `links.csv`; what the table of movies says itself goes first."""
    if known.get("imdb_id"):
        fields.setdefault("imdb_id", known["imdb_id"])
    keep_own(fields, KIND, {name: known[name] for name in ("movieId",) if name in known})
