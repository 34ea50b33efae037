"""Write reference implementation 000's CSV table of IMDbPro: 20 columns, one row per movie.

Source: reference implementation 000, `IMDB_crawl_36k_rawdata.csv`.
"""

import csv
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from pipeline.crawl.box_office_figures import (
    FIGURE_KINDS,
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

COLUMNS: tuple[str, ...] = (
    "imdb_id", "N_Theatres", "Release Date", "Summary", "Budget", "Opening", "Gross_Domestic",
    "Gross_Worldwide", "IMDB Rating", "Voters", "N_Articles", "Awards Summary", "MPAA",
    "keyword_tag", "Production Company", "Distributor", "Directors", "Writers", "Stars", "tmdb_id",
)  # fmt: skip

RAW = "marquee_imdbpro_csv"
"""Key of a movie's fields that holds the original texts of its row."""

AMOUNT_COLUMNS = {
    "budget": "Budget",
    "opening": "Opening",
    "domestic": "Gross_Domestic",
    "worldwide": "Gross_Worldwide",
}

MAX_NAMES = 3
"""Number of names in one cell of the original table."""

WRITING_JOBS = ("Writer", "Screenplay", "Story", "Author", "Novel")


def write_imdbpro_csv(rows: Iterable[AcceptedRow | RejectedRow], path: Path) -> int:
    """Write movies in the format of reference implementation 000's table.

    A movie that was read from such a table is written with its original texts. For another one the
    cells are derived from its fields in TMDB's format and from `marquee_box_office`; unknown cells
    stay empty.

    Args:
        rows: Movies; rejected rows are left out.
        path: The file; it exists only when it is complete.

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
            AMOUNT_COLUMNS[kind]: format_amount(amount)
            for kind, amount in _find_amounts(fields).items()
        },
    }
    return {column: made.get(column, "") for column in COLUMNS}


def _find_amounts(fields: Mapping) -> dict[str, MonetaryAmount]:
    """Return the most trusted figure of each kind; TMDB's own fields come last here."""
    found = {
        "budget": _usd(fields.get("budget")),
        "worldwide": _usd(fields.get("revenue")),
    }
    for figures in reversed(order_by_trust(read_imported_figures(fields))):
        found |= {kind: amount for kind in FIGURE_KINDS if (amount := getattr(figures, kind))}
    return {kind: amount for kind, amount in found.items() if amount}


def _usd(value: object) -> MonetaryAmount | None:
    return read_amount({"amount": read_positive(value), "currency": USD})


def _write_date(day: date | None) -> str:
    return format_us_date(day) if day else ""


def _certification(fields: Mapping) -> str:
    for place in read_mappings(read_mapping(fields.get("release_dates")).get("results")):
        if place.get("iso_3166_1") == "US":
            found = read_texts(place.get("release_dates"), "certification")
            return found[0] if found else ""
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
