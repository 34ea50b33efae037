"""Packing: records and modalities of all movies become one folder, movie by movie."""

import hashlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd
from pandas.core.util.hashing import hash_pandas_object  # pandas.util has it without a type

from pipeline.core.errors import FeatureError
from pipeline.core.franchises import assign_franchises, franchise_of
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.metadata import METADATA_COLUMNS, describe_movies
from pipeline.core.prices import LAST_YEAR, REAL_USD_YEAR, to_real_usd
from pipeline.core.records import MovieRecord, before_release, to_json
from pipeline.core.versions import HASH_CHARS, hash_bytes
from pipeline.splits.features import (
    MANIFEST_FILE,
    METADATA,
    RECORDS_FILE,
    TABLE_FILE,
    FeatureTable,
)
from pipeline.splits.stream_files import Arrays, Packed, pack_sequence, pack_stream

REAL_USD_NOTE = (
    f"*_usd_real: US dollars of {REAL_USD_YEAR}, by the yearly CPI-U of the year of release; "
    f"years after {LAST_YEAR} are taken for {LAST_YEAR}"
)


def pack(
    folder: Path,
    records: Sequence[MovieRecord],
    revenue_usd: Mapping[int, float],
    streams: Mapping[str, Arrays],
    sequences: Mapping[str, Arrays],
    *,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> FeatureTable:
    """Pack all movies, with the metadata modality and the given ones.

    A kill leaves the old folder, or none in the instant between two renames, never a mixture.

    Args:
        folder: Where to; what lies there is replaced.
        records: All known movies.
        revenue_usd: Worldwide revenue by TMDB id, in US dollars, of those where it is known.
        streams: By modality, arrays of one shape and type each. A movie without one gets zeros
            and False in the mask; a modality that no movie has is excluded.
        sequences: By modality, arrays (length, width) of one width each.
        notes: Source of the data and weights, for reports.

    Raises:
        FeatureError: There is no movie, an id is listed twice, or a modality's shapes differ.
        LeakError: A modality or column is known only after release.
    """
    check_no_leak([*streams, *sequences])
    records = sorted(assign_franchises(records), key=lambda record: record.tmdb_id)
    ids = [record.tmdb_id for record in records]
    _check_ids(ids)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        packed = [pack_stream(made, name, streams[name], ids) for name in sorted(streams)]
        packed += [pack_sequence(made, name, sequences[name], ids) for name in sorted(sequences)]
        packed.append(_pack_metadata(made, records))
        _write_rest(made, records, revenue_usd, packed, notes)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise
    _put_in_place(made, folder)
    return FeatureTable.load(folder)


def _check_ids(ids: Sequence[int]) -> None:
    if not ids:
        raise FeatureError("no movie to pack: expected records, got none; crawl movies first")
    twice = [tmdb_id for tmdb_id, times in Counter(ids).items() if times > 1]
    if twice:
        raise FeatureError(f"expected one record per movie, got several for {twice[:5]}")


def _pack_metadata(made: Path, records: Sequence[MovieRecord]) -> Packed:
    values = describe_movies(records)
    np.save(made / f"{METADATA}.npy", values, allow_pickle=False)
    entry = {"kind": "array", "shape": list(values.shape), "dtype": str(values.dtype)}
    mask = np.ones(len(records), dtype=bool)
    return Packed(METADATA, mask, entry, hash_bytes(values.tobytes()))


def _write_rest(
    made: Path,
    records: Sequence[MovieRecord],
    revenue_usd: Mapping[int, float],
    packed: Sequence[Packed],
    notes: Mapping[str, str],
) -> None:
    table = _describe(records, revenue_usd)
    for stream in packed:
        table[f"has_{stream.name}"] = stream.mask
    table.to_parquet(made / TABLE_FILE, index=False)
    _write_records(made / RECORDS_FILE, records)
    manifest = {
        "movies": len(table),
        "streams": {
            stream.name: {**stream.entry, "present": int(stream.mask.sum())}
            for stream in packed
            if stream.entry
        },
        "columns": {METADATA: METADATA_COLUMNS},
        "notes": {"real_usd": REAL_USD_NOTE, **notes},
        "data_hash": _hash(table, packed, made / RECORDS_FILE),
    }
    (made / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    made.chmod(0o755)


def _write_records(path: Path, records: Iterable[MovieRecord]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(to_json(before_release(record)), ensure_ascii=False) + "\n")


def _describe(records: Sequence[MovieRecord], revenue_usd: Mapping[int, float]) -> pd.DataFrame:
    released = pd.to_datetime([record.release_date for record in records])
    table = pd.DataFrame(
        {
            "tmdb_id": np.array([record.tmdb_id for record in records], dtype=np.int64),
            "imdb_id": [record.imdb_id or "" for record in records],
            "title": [record.title for record in records],
            "release_date": released.astype("datetime64[ms]"),
            "franchise": [franchise_of(record) for record in records],
            "revenue_usd": _numbers(revenue_usd.get(record.tmdb_id) for record in records),
            "budget_usd": _numbers(record.budget_usd for record in records),
            "genres": [list(record.genres) for record in records],
            "vote_average": _numbers(record.vote_average for record in records),
            "vote_count": _numbers(record.vote_count for record in records),
        }
    )
    for name in ("revenue_usd", "budget_usd"):
        table[f"{name}_real"] = _in_real_usd(table[name].to_numpy(np.float64), records)
    return table


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    """Return NaN for what is unknown; TMDB has 0."""
    return np.array([value if value and value > 0 else np.nan for value in values], dtype=float)


def _in_real_usd(amounts_usd: np.ndarray, records: Sequence[MovieRecord]) -> np.ndarray:
    years = [record.release_date.year if record.release_date else None for record in records]
    real = [to_real_usd(usd, year) for usd, year in zip(amounts_usd.tolist(), years, strict=True)]
    return np.array([np.nan if usd is None else usd for usd in real], dtype=float)


def _hash(table: pd.DataFrame, packed: Sequence[Packed], records: Path) -> str:
    plain = table.assign(genres=table["genres"].map("|".join))
    rows = hash_pandas_object(plain, index=False).to_numpy().tobytes()
    with records.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    content = "".join(stream.content for stream in packed)
    return hash_bytes(rows, digest.encode(), content.encode())[:HASH_CHARS]


def _put_in_place(made: Path, folder: Path) -> None:
    if folder.exists():
        old = folder.rename(made.with_name(made.name + "-old"))
        made.rename(folder)
        shutil.rmtree(old)
    else:
        made.rename(folder)
