"""One table of movies, as Parquet or as CSV: what is known of each, money, and status per asset.

Parquet is the exact format. A CSV file is opened by spreadsheets, and those run a cell that begins
with `=`, `+`, `-` or `@`; so a text that does is written with an apostrophe before it, and so is a
text that would then read like one of these. Take one apostrophe away from a cell that begins with
apostrophes and then one of these characters, and the text is what it was.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.core.records import MovieRecord

AFTER_RELEASE = {b"known": b"after release: a label, never an input"}
"""Metadata of the columns that no model may be fed."""

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
_MONEY = {
    "budget_usd": pa.float64(), "budget_usd_real": pa.float64(), "budget_source": pa.string(),
    "revenue_usd": pa.float64(), "revenue_usd_real": pa.float64(), "revenue_source": pa.string(),
    "real_usd_year": pa.int64(),
}  # fmt: skip
_RENAMED = {"budget_usd": "tmdb_budget_usd", "revenue_usd": "tmdb_revenue_usd"}
"""The record's own money, which is TMDB's; the box office's bears the plain names."""

FIGURES = "box_office_figures"


def schema(assets: Sequence[str]) -> pa.Schema:
    """Return the table's columns.

    Args:
        assets: Names of the assets, each of which has a status and a reason.
    """
    kinds = {"tmdb_id": pa.int64(), **_RECORD, **_LATE}
    kinds |= dict.fromkeys(_RENAMED.values(), pa.float64()) | _MONEY | {FIGURES: pa.string()}
    kinds |= {f"{word}_{name}": pa.string() for name in assets for word in ("status", "reason")}
    return pa.schema(
        [pa.field(name, kind, metadata=_metadata(name)) for name, kind in kinds.items()]
    )


def _metadata(name: str) -> dict[bytes, bytes]:
    is_late = name in _LATE or "revenue" in name or name == FIGURES
    unit = {b"unit": b"US dollars of real_usd_year"} if name.endswith("_real") else {}
    unit = unit or ({b"unit": b"US dollars"} if name.endswith("_usd") else {})
    return {**(AFTER_RELEASE if is_late else {}), **unit}


def describe_movie(
    tmdb_id: int,
    record: MovieRecord | None,
    box_office: Mapping,
    states: Mapping[str, tuple[str, str]],
) -> dict[str, object]:
    """Make a movie's row.

    Args:
        tmdb_id: The movie.
        record: None where there is none.
        box_office: Its money, as kept in `box_office/<tmdb_id>.json`; empty where there is none.
        states: Status and reason by asset.
    """
    row: dict[str, object] = {"tmdb_id": tmdb_id}
    if record is not None:
        said = asdict(record)
        row |= {name: said[name] for name in (*_RECORD, *_LATE)}
        row |= {new: said[old] for old, new in _RENAMED.items()}
    row |= {name: box_office.get(name) for name in _MONEY}
    if box_office.get("figures"):
        row[FIGURES] = json.dumps(box_office["figures"], ensure_ascii=False, sort_keys=True)
    for asset, (status, reason) in states.items():
        row |= {f"status_{asset}": status, f"reason_{asset}": reason}
    return row


def write_parquet(path: Path, rows: Iterable[Mapping], columns: pa.Schema) -> None:
    """Write a Parquet file, some rows at a time."""
    with pq.ParquetWriter(path, columns, compression="zstd") as writer:
        for some in _batches(rows):
            arrays = [
                pa.array([_plain(row.get(field.name), field.type) for row in some], field.type)
                for field in columns
            ]
            writer.write_batch(pa.record_batch(arrays, schema=columns))


def write_csv(path: Path, rows: Iterable[Mapping], columns: pa.Schema) -> int:
    """Write a CSV file; lists are JSON texts, unknowns are empty.

    Returns:
        How many cells were written with an apostrophe before them.
    """
    escaped = 0
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns.names)
        for row in rows:
            cells = [_cell(row.get(name)) for name in columns.names]
            safe = [defuse(cell) if isinstance(cell, str) else cell for cell in cells]
            escaped += sum(a != b for a, b in zip(cells, safe, strict=True))
            writer.writerow(safe)
    return escaped


def defuse(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would run.

    Example:
        >>> defuse("=1+1"), defuse("'=1+1"), defuse("'71"), defuse("Sintel")
        ("'=1+1", "''=1+1", "'71", 'Sintel')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def _batches(rows: Iterable[Mapping]) -> Iterator[list[Mapping]]:
    waiting = iter(rows)
    while some := list(islice(waiting, ROWS_AT_ONCE)):
        yield some


def _plain(value: object, kind: pa.DataType) -> object:
    return list(value) if isinstance(value, tuple) and pa.types.is_list(kind) else value


def _cell(value: object) -> object:
    if isinstance(value, tuple | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return int(value)  # 200000000 and not 200000000.0
    return "" if value is None else value
