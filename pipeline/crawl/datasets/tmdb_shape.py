"""Writes what a dump says as TMDB writes it, and reads the dumps whose columns are TMDB's own."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.crawl.datasets.cells import (
    read_count,
    read_date,
    read_id,
    read_positive,
    read_score,
    read_text,
)
from pipeline.crawl.datasets.links import LinkSide
from pipeline.crawl.datasets.rows import Refused, RowReason, Rows, Taken
from pipeline.crawl.datasets.shaping import (
    Readers,
    Repeats,
    keep_rest,
    own_key,
    read_cell,
    read_cells,
    take_rows,
)
from pipeline.crawl.datasets.sides import Side
from pipeline.crawl.datasets.tables import Row, Table
from pipeline.crawl.money import USD

Fields = dict[str, object]
Joined = Sequence[tuple[Side | LinkSide, Callable[[Fields, Mapping[str, object]], None]]]
"""Second tables, each with what adds its row to a movie's fields."""

BOX_OFFICE = "marquee_box_office"
"""Where figures of money stand that TMDB has no field for, one object per source."""


def name_columns(read_list: Callable[[str], object]) -> Readers:
    """Return the columns that are TMDB's fields of the same name, with how each is read."""
    return {
        "budget": read_positive,
        "genres": read_list,
        "homepage": read_text,
        "original_language": read_text,
        "original_title": read_text,
        "overview": read_text,
        "popularity": read_score,
        "production_companies": read_list,
        "production_countries": read_list,
        "release_date": read_date,
        "revenue": read_positive,
        "runtime": read_positive,
        "spoken_languages": read_list,
        "status": read_text,
        "tagline": read_text,
        "title": read_text,
        "vote_average": read_score,
        "vote_count": read_count,
    }


def read_movies(kind: str, table: Table, columns: Readers, joined: Joined) -> Rows:
    """Read a table with one movie a row, its id in the column `id`.

    Args:
        kind: Which dump.
        table: Its main table.
        columns: What reads the columns that are TMDB's fields.
        joined: Its second tables.
    """
    repeats = Repeats()
    for row in take_rows(table, lambda row: _take(kind, row, columns, joined, repeats)):
        yield row
        for side, _ in joined:
            yield from side.give_refused()
    for side, _ in joined:
        yield from side.finish()


def _take(
    kind: str, row: Row, columns: Readers, joined: Joined, repeats: Repeats
) -> Taken | Refused:
    tmdb_id = read_cell(row.cells, "id", read_id)
    if tmdb_id is None:
        return Refused(row.where, RowReason.NO_ID, "id is empty")
    fields = {"id": tmdb_id, **read_cells(row.cells, columns)}
    fields |= keep_rest(kind, row.cells, {"id", *columns})
    refused = repeats.refuse(tmdb_id, row)
    if refused:
        return refused
    for side, add in joined:
        add(fields, side.find(tmdb_id))
    return Taken(
        row=row.where,
        fields=fields,
        tmdb_id=tmdb_id,
        imdb_id=fields.get("imdb_id"),
        title=fields.get("title") or fields.get("original_title", ""),
        year=int(fields["release_date"][:4]) if "release_date" in fields else None,
    )


def add_credits(fields: Fields, known: Mapping[str, object]) -> None:
    """Add cast and crew."""
    if known:
        fields["credits"] = dict(known)


def keep_own(fields: Fields, kind: str, own: Mapping[str, object]) -> None:
    """Keep under the dump's own key what TMDB has no field for."""
    if own:
        fields[own_key(kind)] = {**fields.get(own_key(kind), {}), **own}


def list_trailers(youtube_ids: Iterable[str]) -> dict[str, list]:
    """Return `videos` with YouTube ids as trailers, each once.

    Example:
        >>> list_trailers(["K26_sDKnvMU"])
        {'results': [{'site': 'YouTube', 'type': 'Trailer', 'key': 'K26_sDKnvMU'}]}
    """
    keys = dict.fromkeys(youtube_ids)
    return {"results": [{"site": "YouTube", "type": "Trailer", "key": key} for key in keys]}


def list_names(names: Iterable[str]) -> list[dict[str, str]]:
    """Return objects that have a name and no id.

    Example:
        >>> list_names(["Drama", "War"])
        [{'name': 'Drama'}, {'name': 'War'}]
    """
    return [{"name": name} for name in names]


def list_certification(certification: str) -> dict[str, list]:
    """Return `release_dates` with a US certification and nothing else."""
    release = {"certification": certification}
    return {"results": [{"iso_3166_1": "US", "release_dates": [release]}]}


def list_figures(kind: str, **amounts: float | None) -> list[dict]:
    """Return figures in US dollars as `BOX_OFFICE` holds them; unknown ones are left out.

    Args:
        kind: Where they are from.
        amounts: `worldwide`, `domestic`, `budget`, `opening`, in US dollars.

    Example:
        >>> list_figures("the-numbers", worldwide=9693.0, domestic=None)
        [{'source': 'the-numbers', 'worldwide': {'amount': 9693.0, 'currency': 'USD'}}]
    """
    known = {
        name: {"amount": float(amount), "currency": USD}
        for name, amount in amounts.items()
        if amount is not None
    }
    return [{"source": kind, **known}] if known else []
