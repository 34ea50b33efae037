"""Read Kaggle's "The Movies Dataset": movies, credits and keywords, lists as Python prints them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline.crawl.datasets.cell_parsers import parse_flag, parse_imdb_id, parse_text
from pipeline.crawl.datasets.csv_tables import open_main_table
from pipeline.crawl.datasets.dump_rows import ParsedRows
from pipeline.crawl.datasets.format_check import check_format
from pipeline.crawl.datasets.joined_tables import open_joined_table
from pipeline.crawl.datasets.links import JoinedLinks, open_links
from pipeline.crawl.datasets.list_parsers import parse_python_list, parse_python_mapping
from pipeline.crawl.datasets.row_parsing import ColumnParsers
from pipeline.crawl.datasets.tmdb_format import (
    Fields,
    add_credits,
    add_extras,
    read_movies,
    tmdb_columns,
)

KIND = "movies-dataset"
MOVIES = ("movies_metadata.csv", "movies_metadata_sample.csv")
CREDITS = ("credits.csv", "credits_partial.csv", "credits_sample.csv")
KEYWORDS = ("keywords.csv", "keywords_partial.csv", "keywords_sample.csv")

COLUMNS: ColumnParsers = {
    **tmdb_columns(parse_python_list),
    "adult": parse_flag,
    "belongs_to_collection": parse_python_mapping,
    "imdb_id": parse_imdb_id,
    "poster_path": parse_text,
    "video": parse_flag,
}
CREDIT_COLUMNS: ColumnParsers = {"cast": parse_python_list, "crew": parse_python_list}
KEYWORD_COLUMNS: ColumnParsers = {"keywords": parse_python_list}


def read(path: Path) -> ParsedRows:
    """Read the dump.

    Args:
        path: Its folder, or its table of movies.

    Raises:
        DumpError: It is no such dump, or the download is damaged.
    """
    table = open_main_table(path, KIND, MOVIES, ("id", *COLUMNS))
    check_format(table, KIND, COLUMNS)
    credits = open_joined_table(path, CREDITS, "id", CREDIT_COLUMNS)
    keywords = open_joined_table(path, KEYWORDS, "id", KEYWORD_COLUMNS)
    links = JoinedLinks(open_links(path))
    return read_movies(
        KIND,
        table,
        COLUMNS,
        [(credits, add_credits), (keywords, _add_keywords), (links, _add_link)],
    )


def _add_keywords(fields: Fields, known: Mapping[str, Any]) -> None:
    if known:
        fields["keywords"] = dict(known)


def _add_link(fields: Fields, known: Mapping[str, Any]) -> None:
    """Add the ids of `links.csv`; those of the table of movies take precedence."""
    if known.get("imdb_id"):
        fields.setdefault("imdb_id", known["imdb_id"])
    add_extras(fields, KIND, {name: known[name] for name in ("movieId",) if name in known})
