"""Convert a dump's fields to TMDB's format, and read the dumps with TMDB's own columns."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pipeline.crawl.datasets.cell_parsers import (
    parse_count,
    parse_date,
    parse_float,
    parse_id,
    parse_positive,
    parse_runtime,
    parse_score,
    parse_text,
)
from pipeline.crawl.datasets.csv_tables import Row, Table
from pipeline.crawl.datasets.dump_rows import AcceptedRow, ParsedRows, RejectedRow, RejectionReason
from pipeline.crawl.datasets.joined_tables import JoinedTable
from pipeline.crawl.datasets.links import JoinedLinks
from pipeline.crawl.datasets.row_parsing import (
    ColumnParsers,
    DuplicateDetector,
    extras_key,
    keep_unmapped,
    parse_cell,
    parse_cells,
    parse_rows,
)
from pipeline.crawl.monetary_amounts import USD

Fields = dict[str, Any]
JoinedTables = Sequence[
    tuple[JoinedTable | JoinedLinks, Callable[[Fields, Mapping[str, Any]], None]]
]
"""Additional tables, each with a function that adds its row to a movie's fields."""


def tmdb_columns(parse_list: Callable[[str], object]) -> ColumnParsers:
    """Return parsers of the columns that are named like TMDB's fields."""
    return {
        "budget": parse_positive,
        "genres": parse_list,
        "homepage": parse_text,
        "original_language": parse_text,
        "original_title": parse_text,
        "overview": parse_text,
        "popularity": parse_float,
        "production_companies": parse_list,
        "production_countries": parse_list,
        "release_date": parse_date,
        "revenue": parse_positive,
        "runtime": parse_runtime,
        "spoken_languages": parse_list,
        "status": parse_text,
        "tagline": parse_text,
        "title": parse_text,
        "vote_average": parse_score,
        "vote_count": parse_count,
    }


def read_movies(
    kind: str, table: Table, columns: ColumnParsers, joined: JoinedTables
) -> ParsedRows:
    """Read a table with one movie a row, its id in the column `id`.

    Args:
        kind: Which dump.
        table: Its main table.
        columns: Parsers of the columns that are fields of TMDB.
        joined: Its additional tables.
    """
    duplicates = DuplicateDetector()
    for row in parse_rows(table, lambda row: _parse_row(kind, row, columns, joined, duplicates)):
        yield row
        for other, _ in joined:
            yield from other.pop_rejected()
    for other, _ in joined:
        yield from other.finish()


def _parse_row(
    kind: str, row: Row, columns: ColumnParsers, joined: JoinedTables, duplicates: DuplicateDetector
) -> AcceptedRow | RejectedRow:
    tmdb_id = parse_cell(row.cells, "id", parse_id)
    if tmdb_id is None:
        return RejectedRow(row.where, RejectionReason.NO_ID, "id is empty")
    fields: Fields = {"id": tmdb_id, **parse_cells(row.cells, columns)}
    fields |= keep_unmapped(kind, row.cells, {"id", *columns})
    rejected = duplicates.check(tmdb_id, row)
    if rejected:
        return rejected
    for other, add in joined:
        add(fields, other.find(tmdb_id))
    return AcceptedRow(
        row=row.where,
        fields=fields,
        tmdb_id=tmdb_id,
        imdb_id=fields.get("imdb_id"),
        title=fields.get("title") or fields.get("original_title", ""),
        year=int(fields["release_date"][:4]) if "release_date" in fields else None,
    )


def add_credits(fields: Fields, known: Mapping[str, Any]) -> None:
    """Add cast and crew."""
    if known:
        fields["credits"] = dict(known)


def add_extras(fields: Fields, kind: str, own: Mapping[str, Any]) -> None:
    """Add the fields that TMDB does not have, under the dump's own key."""
    if own:
        fields[extras_key(kind)] = {**fields.get(extras_key(kind), {}), **own}


def youtube_trailers(youtube_ids: Iterable[str]) -> dict[str, list]:
    """Return `videos` with YouTube ids as trailers, each once.

    Example:
        >>> youtube_trailers(["K26_sDKnvMU"])
        {'results': [{'site': 'YouTube', 'type': 'Trailer', 'key': 'K26_sDKnvMU'}]}
    """
    keys = dict.fromkeys(youtube_ids)
    return {"results": [{"site": "YouTube", "type": "Trailer", "key": key} for key in keys]}


def name_objects(names: Iterable[str]) -> list[dict[str, str]]:
    """Return objects with a name and no id.

    Example:
        >>> name_objects(["Drama", "War"])
        [{'name': 'Drama'}, {'name': 'War'}]
    """
    return [{"name": name} for name in names]


def us_certification(certification: str) -> dict[str, list]:
    """Return `release_dates` with a US certification and nothing else."""
    release = {"certification": certification}
    return {"results": [{"iso_3166_1": "US", "release_dates": [release]}]}


def usd_figures(kind: str, **amounts: float | None) -> list[dict]:
    """Return an item of `BOX_OFFICE_KEY` with amounts in US dollars; unknown ones are left out.

    Args:
        kind: Name of the source.
        amounts: `worldwide`, `domestic`, `budget`, `opening`, in US dollars.

    Example:
        >>> usd_figures("the-numbers", worldwide=9693.0, domestic=None)
        [{'source': 'the-numbers', 'worldwide': {'amount': 9693.0, 'currency': 'USD'}}]
    """
    known = {
        name: {"amount": float(amount), "currency": USD}
        for name, amount in amounts.items()
        if amount is not None
    }
    return [{"source": kind, **known}] if known else []
