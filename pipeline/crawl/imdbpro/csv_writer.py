"""Writes seed 000's table of IMDbPro: a CSV file with 20 columns, one row per movie.

Source: seed 000, `IMDB_crawl_36k_rawdata.csv`.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from pipeline.crawl.box_office_figures import (
    KINDS,
    order_by_trust,
    read_amount,
    read_imported_figures,
)
from pipeline.crawl.datasets.dump_rows import AcceptedRow, RejectedRow
from pipeline.crawl.dates import format_us_date
from pipeline.crawl.json_values import (
    read_date,
    read_mapping,
    read_mappings,
    read_positive,
    read_text,
    read_texts,
)
from pipeline.crawl.monetary_amounts import USD, MonetaryAmount, format_amount

COLUMNS = (
    "imdb_id", "N_Theatres", "Release Date", "Summary", "Budget", "Opening", "Gross_Domestic",
    "Gross_Worldwide", "IMDB Rating", "Voters", "N_Articles", "Awards Summary", "MPAA",
    "keyword_tag", "Production Company", "Distributor", "Directors", "Writers", "Stars", "tmdb_id",
)  # fmt: skip

RAW = "marquee_imdbpro_csv"
"""Key of a movie's fields under which the texts of its row are kept as they stood."""

MONEY_COLUMNS = {
    "budget": "Budget",
    "opening": "Opening",
    "domestic": "Gross_Domestic",
    "worldwide": "Gross_Worldwide",
}

MAX_NAMES = 3
"""So many names stand in one cell of the seed's table."""

WRITING_JOBS = ("Writer", "Screenplay", "Story", "Author", "Novel")


def write_imdbpro_csv(rows: Iterable[AcceptedRow | RejectedRow], path: Path) -> int:
    """Write movies as seed 000's table has them.

    A movie that was read from such a table is written with the texts it had. Of another one the
    cells are made of its fields in TMDB's shape and of `marquee_box_office`; what those do not say
    stays empty.

    Args:
        rows: Movies; refused rows are left out.
        path: The file; it is there only when it is complete.

    Returns:
        The number of movies written.
    """
    part = path.with_name(path.name + ".part")
    written = 0
    with part.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows:
            if isinstance(row, AcceptedRow):
                writer.writerow(make_cells(row))
                written += 1
    part.replace(path)
    return written


def make_cells(movie: AcceptedRow) -> dict[str, str]:
    """Return the cells of one movie by column.

    Example:
        >>> movie = AcceptedRow("x", {"budget": 8500000, "overview": "A singer."}, tmdb_id=16323)
        >>> {column: text for column, text in make_cells(movie).items() if text}
        {'Summary': 'A singer.', 'Budget': '$8,500,000', 'tmdb_id': '16323'}
    """
    fields = movie.fields
    raw = read_mapping(fields.get(RAW))
    if raw:
        return {column: read_text(raw.get(column)) for column in COLUMNS}
    made = {
        "imdb_id": movie.imdb_id or read_text(fields.get("imdb_id")),
        "Release Date": _write_date(read_date(fields.get("release_date"))),
        "Summary": read_text(fields.get("overview")),
        "MPAA": _certification(fields),
        "keyword_tag": ", ".join(read_texts(fields.get("genres"), "name")),
        "Production Company": ", ".join(read_texts(fields.get("production_companies"), "name")[:1]),
        "tmdb_id": "" if movie.tmdb_id is None else str(movie.tmdb_id),
        **_name_people(read_mapping(fields.get("credits"))),
        **{
            MONEY_COLUMNS[kind]: format_amount(money) for kind, money in _find_money(fields).items()
        },
    }
    return {column: made.get(column, "") for column in COLUMNS}


def _find_money(fields: Mapping) -> dict[str, MonetaryAmount]:
    """Return the most trusted figure of each kind; TMDB's own fields come last here."""
    found = {
        "budget": _usd(fields.get("budget")),
        "worldwide": _usd(fields.get("revenue")),
    }
    for figures in reversed(order_by_trust(read_imported_figures(fields))):
        found |= {kind: money for kind in KINDS if (money := getattr(figures, kind))}
    return {kind: money for kind, money in found.items() if money}


def _usd(value: object) -> MonetaryAmount | None:
    return read_amount({"amount": read_positive(value), "currency": USD})


def _write_date(day: date | None) -> str:
    return format_us_date(day) if day else ""


def _certification(fields: Mapping) -> str:
    for place in read_mappings(read_mapping(fields.get("release_dates")).get("results")):
        if place.get("iso_3166_1") == "US":
            said = read_texts(place.get("release_dates"), "certification")
            return said[0] if said else ""
    return ""


def _name_people(credits: Mapping) -> dict[str, str]:
    crew = read_mappings(credits.get("crew"))

    def of(*jobs: str) -> list[str]:
        return [read_text(one.get("name")) for one in crew if one.get("job") in jobs]

    named = {
        "Directors": of("Director"),
        "Writers": of(*WRITING_JOBS),
        "Stars": list(read_texts(credits.get("cast"), "name")),
    }
    return {
        column: ", ".join(list(dict.fromkeys(filter(None, names)))[:MAX_NAMES])
        for column, names in named.items()
    }
