"""Write a table of movies as Parquet or CSV: record, box office, and status per asset.

Parquet is the exact format. Spreadsheets evaluate CSV cells that begin with `=`, `+`, `-` or `@`;
such texts are written with a leading apostrophe, and so are texts that already look escaped. To
restore a text, remove one apostrophe from a cell that begins with apostrophes and then one of these
characters.
"""

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.errors import TermsError
from pipeline.core.records import MovieRecord
from pipeline.core.terms import join_terms, refuse

AFTER_RELEASE = {b"known": b"after release: a label, never an input"}
"""Metadata of the columns that must not be model inputs."""

ROWS_AT_ONCE = 1000

_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")

_PERSON = pa.struct(
    [("person_id", pa.int64()), ("name", pa.string()), ("job", pa.string()), ("order", pa.int64())]
)
_COMPANY = pa.struct([("company_id", pa.int64()), ("name", pa.string())])
_VIDEO = pa.struct(
    [
        ("key", pa.string()), ("site", pa.string()), ("kind", pa.string()), ("name", pa.string()),
        ("language", pa.string()), ("is_official", pa.bool_()), ("published_at", pa.string()),
        ("size_px", pa.int64()),
    ]
)  # fmt: skip
_TEXTS = pa.list_(pa.string())

_RECORD = {
    "imdb_id": pa.string(), "title": pa.string(), "original_title": pa.string(),
    "original_language": pa.string(), "overview": pa.string(), "tagline": pa.string(),
    "release_date": pa.date32(), "runtime_min": pa.float64(), "certification_us": pa.string(),
    "collection_id": pa.int64(), "collection_name": pa.string(), "poster_path": pa.string(),
    "is_adult": pa.bool_(), "genres": _TEXTS, "countries": _TEXTS, "spoken_languages": _TEXTS,
    "keywords": _TEXTS, "companies": pa.list_(_COMPANY), "cast": pa.list_(_PERSON),
    "crew": pa.list_(_PERSON), "videos": pa.list_(_VIDEO),
}  # fmt: skip
_LATE = {"popularity": pa.float64(), "vote_average": pa.float64(), "vote_count": pa.int64()}
_BOX_OFFICE = {
    "budget_usd": pa.float64(), "budget_usd_real": pa.float64(), "budget_source": pa.string(),
    "revenue_usd": pa.float64(), "revenue_usd_real": pa.float64(), "revenue_source": pa.string(),
    "real_usd_year": pa.int64(),
}  # fmt: skip
_RENAMED = {"budget_usd": "tmdb_budget_usd", "revenue_usd": "tmdb_revenue_usd"}
"""Columns of TMDB's own amounts; the selected box office has the plain names."""

FIGURES = "box_office_figures"

TERMS_COLUMNS = ("source", "terms", "fetched_at", "last_lawful_day")
"""Columns of the record's terms, several sources in one text; ISO times and days."""


def table_schema(assets: Sequence[str]) -> pa.Schema:
    """Return the table's columns.

    Args:
        assets: Names of the assets, each of which has a status and a reason.
    """
    kinds = {"tmdb_id": pa.int64(), **dict.fromkeys(TERMS_COLUMNS, pa.string())}
    kinds |= {**_RECORD, **_LATE}
    kinds |= dict.fromkeys(_RENAMED.values(), pa.float64()) | _BOX_OFFICE | {FIGURES: pa.string()}
    kinds |= {f"{word}_{name}": pa.string() for name in assets for word in ("status", "reason")}
    return pa.schema(
        [pa.field(name, kind, metadata=_metadata(name)) for name, kind in kinds.items()]
    )


def _metadata(name: str) -> dict[bytes, bytes]:
    is_late = name in _LATE or "revenue" in name or name == FIGURES
    unit = {b"unit": b"US dollars of real_usd_year"} if name.endswith("_real") else {}
    unit = unit or ({b"unit": b"US dollars"} if name.endswith("_usd") else {})
    return {**(AFTER_RELEASE if is_late else {}), **unit}


def make_row(
    tmdb_id: int,
    record: MovieRecord | None,
    box_office: Mapping,
    states: Mapping[str, tuple[str, str]],
    terms: Sequence[Mapping[str, str]] = (),
) -> dict[str, object]:
    """Return a movie's row.

    Args:
        tmdb_id: The movie.
        record: None where unavailable.
        box_office: Content of `box_office/<tmdb_id>.json`; empty where unavailable.
        states: Status and reason by asset.
        terms: Of each source of the record; see `pipeline.core.terms.describe_terms`.

    Raises:
        TermsError: There is a record, and no terms.
    """
    row: dict[str, object] = {"tmdb_id": tmdb_id}
    if record is not None:
        if not terms:
            raise TermsError(refuse([tmdb_id], record.title))
        row |= join_terms(terms)
        fields = asdict(record)
        row |= {name: fields[name] for name in (*_RECORD, *_LATE)}
        row |= {new: fields[old] for old, new in _RENAMED.items()}
    row |= {name: box_office.get(name) for name in _BOX_OFFICE}
    if box_office.get("figures"):
        row[FIGURES] = json.dumps(box_office["figures"], ensure_ascii=False, sort_keys=True)
    for asset, (status, reason) in states.items():
        row |= {f"status_{asset}": status, f"reason_{asset}": reason}
    return row


def write_parquet(path: Path, rows: Iterable[Mapping], columns: pa.Schema) -> None:
    """Write a Parquet file in row groups of `ROWS_AT_ONCE`."""
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        waiting = iter(rows)
        while some := list(islice(waiting, ROWS_AT_ONCE)):
            writer.write_batch(pa.RecordBatch.from_pylist(some, schema=columns))


def write_csv(path: Path, rows: Iterable[Mapping], columns: pa.Schema) -> int:
    """Write a CSV file; lists are JSON texts, unknown values are empty.

    Returns:
        Number of cells that were escaped.
    """
    escaped = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns.names)
        for row in rows:
            cells = [_cell(row.get(name)) for name in columns.names]
            safe = [escape_formula(cell) if isinstance(cell, str) else cell for cell in cells]
            escaped += sum(a != b for a, b in zip(cells, safe, strict=True))
            writer.writerow(safe)
    return escaped


def escape_formula(text: str) -> str:
    """Escape a text that a spreadsheet would evaluate with an apostrophe.

    Example:
        >>> [escape_formula(text) for text in ("=1+1", "'=1+1", "'71", "Sintel")]
        ["'=1+1", "''=1+1", "'71", 'Sintel']
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: object) -> object:
    if isinstance(value, tuple | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 200000000 and not 200000000.0
    return "" if value is None else value
