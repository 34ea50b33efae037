"""Reads Kaggle's "IMDB 5000": one table, with money of the US and likes of Facebook."""

import re
from pathlib import Path

from pipeline.crawl.datasets.cells import (
    CellError,
    read_positive,
    read_score,
    read_text,
    read_year,
)
from pipeline.crawl.datasets.imdb_names import COUNTRY_CODES, GENRES, LANGUAGE_CODES
from pipeline.crawl.datasets.rows import Refused, RowReason, Rows, Taken
from pipeline.crawl.datasets.shaping import (
    Readers,
    Repeats,
    keep_rest,
    read_cells,
    take_rows,
)
from pipeline.crawl.datasets.tables import Row, open_main_table
from pipeline.crawl.datasets.tmdb_shape import (
    BOX_OFFICE,
    list_certification,
    list_figures,
    list_names,
)

KIND = "imdb5000"
MOVIES = ("movie_metadata.csv",)
IMDB_SCORE = "marquee_imdb_score"
HOME = "USA"
"""The country whose movies' budgets are in US dollars; others are in their own currency."""

_LINK = re.compile(r"https?://(?:www\.)?imdb\.com/title/(tt[0-9]{7,10})(?:[/?].*)?")


def read(path: Path) -> Rows:
    """Read the dump.

    `gross` is the US gross and never becomes a revenue; `title_year` is a year and never becomes a
    release date; people have no ids, so they stay under the dump's own key.

    Args:
        path: Its folder, or its table.

    Raises:
        DumpError: It is no such dump, or its download is damaged.
    """
    table = open_main_table(path, KIND, MOVIES, COLUMNS)
    repeats = Repeats()
    return take_rows(table, lambda row: _take(row, repeats))


def _read_link(text: str) -> str | None:
    if not text:
        return None
    found = _LINK.fullmatch(text)
    if not found:
        raise CellError("an address of IMDb's such as http://www.imdb.com/title/tt0499549/", text)
    return found[1]


def _read_names(text: str) -> list[str] | None:
    """Read names between upright lines; each counts once."""
    names = (name.strip() for name in text.split("|"))
    return list(dict.fromkeys(name for name in names if name)) or None


COLUMNS: Readers = {
    "movie_title": read_text,
    "movie_imdb_link": _read_link,
    "title_year": read_year,
    "duration": read_positive,
    "genres": _read_names,
    "plot_keywords": _read_names,
    "content_rating": read_text,
    "country": read_text,
    "language": read_text,
    "gross": read_positive,
    "budget": read_positive,
    "imdb_score": read_score,
}
KEPT_AS_TEXT = ("title_year", "genres", "country", "language")
"""Columns that TMDB has other words for: read, and kept as they stand beside it."""


def _take(row: Row, repeats: Repeats) -> Taken | Refused:
    known = read_cells(row.cells, COLUMNS)
    imdb_id, title, year = (known.get(n) for n in ("movie_imdb_link", "movie_title", "title_year"))
    if not imdb_id and not (title and year):
        return Refused(row.where, RowReason.NO_ID, "neither a link to IMDb nor title and year")
    refused = repeats.refuse(imdb_id or (title, year), row)
    if refused:
        return refused
    fields = {name: value for name, value in _shape(known).items() if value}
    fields |= keep_rest(KIND, row.cells, set(COLUMNS) - set(KEPT_AS_TEXT))
    return Taken(row.where, fields, imdb_id=imdb_id, title=title or "", year=year)


def _shape(known: dict) -> dict[str, object]:
    country = COUNTRY_CODES.get(known.get("country"))
    language = LANGUAGE_CODES.get(known.get("language"))
    rating, keywords = known.get("content_rating"), known.get("plot_keywords")
    return {
        "title": known.get("movie_title"),
        "imdb_id": known.get("movie_imdb_link"),
        "runtime": known.get("duration"),
        "genres": list_names(GENRES.get(name, name) for name in known.get("genres", ())),
        "keywords": {"keywords": list_names(keywords)} if keywords else None,
        "release_dates": list_certification(rating) if rating else None,
        "production_countries": [{"iso_3166_1": country}] if country else None,
        "spoken_languages": [{"iso_639_1": language}] if language else None,
        "budget": known.get("budget") if known.get("country") == HOME else None,
        IMDB_SCORE: known.get("imdb_score"),
        BOX_OFFICE: _list_money(known),
    }


def _list_money(known: dict) -> list[dict]:
    figures = list_figures(KIND, domestic=known.get("gross"), budget=known.get("budget"))
    if "budget" in known and known.get("country") != HOME:
        figures[0]["budget"]["currency"] = None
    return figures
