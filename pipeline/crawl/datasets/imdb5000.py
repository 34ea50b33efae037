"""Read Kaggle's "IMDB 5000": one table, with US grosses and likes of Facebook."""

import re
from pathlib import Path
from typing import Any

from pipeline.core.movie_ids import IMDB_ID
from pipeline.crawl.datasets.cell_parsers import (
    CellError,
    parse_positive,
    parse_runtime,
    parse_score,
    parse_text,
    parse_year,
)
from pipeline.crawl.datasets.csv_tables import Row, open_main_table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.format_check import check_format
from pipeline.crawl.datasets.imdb_vocabulary import COUNTRY_CODES, GENRES, LANGUAGE_CODES
from pipeline.crawl.datasets.row_parsing import (
    ColumnParsers,
    DuplicateDetector,
    keep_unmapped,
    parse_cells,
    parse_rows,
)
from pipeline.crawl.datasets.tmdb_format import (
    name_objects,
    us_certification,
    usd_figures,
)
from pipeline.crawl.merging import BOX_OFFICE_KEY

KIND = "imdb5000"
MOVIES = ("movie_metadata.csv",)
IMDB_SCORE = "marquee_imdb_score"
HOME = "USA"
"""Country whose movies have budgets in US dollars; others are in their own currency."""

_LINK = re.compile(r"https?://(?:www\.)?imdb\.com/title/" + rf"({IMDB_ID.pattern})(?:[/?].*)?")


def read(path: Path) -> ParsedRows:
    """Read the dump.

    `gross` is the US gross and never becomes a revenue; `title_year` is a year and never becomes a
    release date; people have no ids, so they stay under the key of the dump.

    Args:
        path: Its folder, or its table.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    table = open_main_table(path, KIND, MOVIES, COLUMNS)
    check_format(table, KIND, COLUMNS)
    duplicates = DuplicateDetector()
    return parse_rows(table, lambda row: _parse_row(row, duplicates))


def _parse_link(text: str) -> str | None:
    if not text:
        return None
    found = _LINK.fullmatch(text)
    if not found:
        raise CellError("an address of IMDb such as http://www.imdb.com/title/tt0499549/", text)
    return found[1]


def _parse_names(text: str) -> list[str] | None:
    """Parse names between vertical bars; each counts once."""
    names = (name.strip() for name in text.split("|"))
    return list(dict.fromkeys(name for name in names if name)) or None


COLUMNS: ColumnParsers = {
    "movie_title": parse_text,
    "movie_imdb_link": _parse_link,
    "title_year": parse_year,
    "duration": parse_runtime,
    "genres": _parse_names,
    "plot_keywords": _parse_names,
    "content_rating": parse_text,
    "country": parse_text,
    "language": parse_text,
    "gross": parse_positive,
    "budget": parse_positive,
    "imdb_score": parse_score,
}
KEPT_AS_TEXT = ("title_year", "genres", "country", "language")
"""Columns that TMDB words differently: parsed, and also kept as text."""


def _parse_row(row: Row, duplicates: DuplicateDetector) -> AcceptedRow | RejectedRow:
    known = parse_cells(row.cells, COLUMNS)
    imdb_id, title, year = (known.get(n) for n in ("movie_imdb_link", "movie_title", "title_year"))
    if not imdb_id and not (title and year):
        return RejectedRow(
            row.where, RejectionReason.NO_ID, "neither a link to IMDb nor title and year"
        )
    rejected = duplicates.check(imdb_id or (title, year), row)
    if rejected:
        return rejected
    fields = {name: value for name, value in _to_tmdb_format(known).items() if value}
    fields |= keep_unmapped(KIND, row.cells, set(COLUMNS) - set(KEPT_AS_TEXT))
    return AcceptedRow(row.where, fields, imdb_id=imdb_id, title=title or "", year=year)


def _to_tmdb_format(known: dict[str, Any]) -> dict[str, object]:
    country = COUNTRY_CODES.get(known.get("country", ""))
    language = LANGUAGE_CODES.get(known.get("language", ""))
    rating, keywords = known.get("content_rating"), known.get("plot_keywords")
    return {
        "title": known.get("movie_title"),
        "imdb_id": known.get("movie_imdb_link"),
        "runtime": known.get("duration"),
        "genres": name_objects([str(GENRES.get(name, name)) for name in known.get("genres", ())]),
        "keywords": {"keywords": name_objects(keywords)} if keywords else None,
        "release_dates": us_certification(rating) if rating else None,
        "production_countries": [{"iso_3166_1": country}] if country else None,
        "spoken_languages": [{"iso_639_1": language}] if language else None,
        "budget": known.get("budget") if known.get("country") == HOME else None,
        IMDB_SCORE: known.get("imdb_score"),
        BOX_OFFICE_KEY: _list_figures(known),
    }


def _list_figures(known: dict[str, Any]) -> list[dict]:
    figures = usd_figures(KIND, domestic=known.get("gross"), budget=known.get("budget"))
    if "budget" in known and known.get("country") != HOME:
        figures[0]["budget"]["currency"] = None
    return figures
