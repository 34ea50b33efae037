"""Read reference implementation 000's table of IMDbPro, with amounts in their own currency.

Source: reference implementation 000, `IMDB_crawl_36k_rawdata.csv`.
"""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.cell_parsers import (
    CellError,
    parse_any_currency,
    parse_id,
    parse_imdb_id,
    parse_number,
)
from pipeline.crawl.datasets.csv_tables import Row, Table, open_table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.row_parsing import DuplicateDetector, parse_cell, parse_rows
from pipeline.crawl.dates import parse_us_date
from pipeline.crawl.imdbpro.csv_writer import AMOUNT_COLUMNS, COLUMNS, RAW
from pipeline.crawl.imdbpro.page_text import drop_see_more
from pipeline.crawl.merging import BOX_OFFICE_KEY
from pipeline.crawl.monetary_amounts import USD

KIND = "imdbpro-csv"

GENRE_NAMES = {"Sci-Fi": "Science Fiction", "Musical": "Music"}
"""TMDB's names of genres with another name at IMDb; the rest are equal, or IMDb's alone."""

CERTIFICATIONS = {"Not Rated": "NR", "Unrated": "NR"}
"""TMDB's spelling of certifications with another spelling in the table."""

COUNTS = {
    "IMDB Rating": "rating",
    "Voters": "votes",
    "N_Articles": "articles",
    "N_Theatres": "theatres",
}
"""Numbers without a field at TMDB, all known only after release: never an input."""

TEXTS = {
    "Awards Summary": "awards",
    "Production Company": "company",
    "Distributor": "distributor",
}
PEOPLE = {"Directors": "directors", "Writers": "writers", "Stars": "stars"}
"""Names without TMDB's ids: as credits they would replace those of a source with ids."""

_THEATRICAL = 3


def read(path: Path) -> ParsedRows:
    """Read the table.

    The worldwide gross is kept with its currency under `marquee_box_office` and not as TMDB's
    `revenue`, so that its source stays known. The original text of every cell is kept.

    Args:
        path: The file, or a folder in which no other file has its columns.

    Yields:
        `AcceptedRow` for each movie; `RejectedRow` for a row that cannot be read, has no id, or
            comes again.

    Raises:
        DumpError: There is no such file, there are several, or it lacks a column.
    """
    duplicates = DuplicateDetector()

    def parse(row: Row) -> AcceptedRow | RejectedRow:
        parsed = _parse_row(row)
        if isinstance(parsed, RejectedRow):
            return parsed
        return duplicates.check(parsed.tmdb_id or parsed.imdb_id, row) or parsed

    yield from parse_rows(_find_table(path), parse)


def _find_table(path: Path) -> Table:
    if not path.is_dir():
        return open_table(path, COLUMNS)
    found, wrong = [], ""
    for candidate in sorted([*path.glob("*.csv"), *path.glob("*.csv.gz")]):
        try:
            found.append(open_table(candidate, COLUMNS))
        except DumpError as error:
            wrong = f" {error}"
    if len(found) != 1:
        named = ", ".join(table.path.name for table in found) or "none"
        raise DumpError(
            f"{path} should hold one CSV file with the {len(COLUMNS)} columns of reference "
            f"implementation 000, found {named}.{wrong} Pass the path of the file itself."
        )
    return found[0]


def _parse_row(row: Row) -> AcceptedRow | RejectedRow:
    cells = row.cells
    tmdb_id = parse_cell(cells, "tmdb_id", parse_id)
    imdb_id = parse_cell(cells, "imdb_id", parse_imdb_id)
    if tmdb_id is None and imdb_id is None:
        detail = "neither tmdb_id nor imdb_id identifies the movie"
        return RejectedRow(row.where, RejectionReason.NO_ID, detail)
    released = parse_cell(cells, "Release Date", _parse_date)
    fields = {
        **({"id": tmdb_id} if tmdb_id else {}),
        **({"imdb_id": imdb_id} if imdb_id else {}),
        **({"release_date": released} if released else {}),
        **_list_texts(cells, released),
        **_list_amounts(cells),
        **_list_other(cells),
        RAW: {column: cells[column] for column in COLUMNS if cells[column]},
    }
    year = int(released[:4]) if released else None
    return AcceptedRow(row.where, fields, tmdb_id=tmdb_id, imdb_id=imdb_id, year=year)


def _parse_date(text: str) -> str | None:
    """Parse "Sep 27, 1947" or "Dec 1947" into an ISO date; the latter is the first of the month."""
    day = parse_us_date(text) if text else None
    if text and day is None:
        raise CellError("a date such as Sep 27, 1947 or Dec 1947", text)
    return day.isoformat() if day else None


def _list_texts(cells: Mapping[str, str], released: str | None) -> dict[str, object]:
    genres = [GENRE_NAMES.get(name, name) for name in _names(cells["keyword_tag"])]
    texts = {
        "overview": drop_see_more(cells["Summary"]),
        "genres": [{"name": name} for name in dict.fromkeys(genres)],
        "release_dates": _certify(cells["MPAA"], released),
    }
    return {name: value for name, value in texts.items() if value}


def _names(text: str) -> list[str]:
    return [name for item in text.split(",") if (name := item.strip())]


def _certify(text: str, released: str | None) -> dict | None:
    if not text:
        return None
    release = {"certification": CERTIFICATIONS.get(text, text), "type": _THEATRICAL}
    if released:
        release["release_date"] = f"{released}T00:00:00.000Z"
    return {"results": [{"iso_3166_1": "US", "release_dates": [release]}]}


def _list_amounts(cells: Mapping[str, str]) -> dict[str, object]:
    amounts = {
        kind: amount
        for kind, column in AMOUNT_COLUMNS.items()
        if (amount := parse_cell(cells, column, parse_any_currency))
    }
    if not amounts:
        return {}
    figures = {kind: asdict(amount) for kind, amount in amounts.items()}
    budget = amounts.get("budget")
    in_usd = {"budget": budget.amount} if budget and budget.currency == USD else {}
    return {**in_usd, BOX_OFFICE_KEY: [{"source": KIND, **figures}]}


def _list_other(cells: Mapping[str, str]) -> dict[str, object]:
    about = {
        **{name: parse_cell(cells, column, _parse_count) for column, name in COUNTS.items()},
        **{name: cells[column] for column, name in TEXTS.items()},
        **{name: _names(cells[column]) for column, name in PEOPLE.items()},
    }
    known = {name: value for name, value in about.items() if value not in (None, "", [])}
    return {"marquee_imdb": known} if known else {}


def _parse_count(text: str) -> int | float | None:
    return parse_number(text.replace(",", ""))
