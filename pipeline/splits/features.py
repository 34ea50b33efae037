"""One packed table per system: what is known of each movie, its streams, and what is missing.

What belongs here: packing, saving and loading. What does not: how a stream is made (embeddings
come as arrays; see `pipeline.splits.metadata` for the one stream that is made of records).
"""

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.errors import FeatureError
from pipeline.franchises import franchise_of
from pipeline.leaks import check_no_leak
from pipeline.prices import LAST_YEAR, REAL_USD_YEAR, to_real_usd
from pipeline.records import MovieRecord
from pipeline.splits.metadata import METADATA_COLUMNS, describe_movies, keyword_columns
from pipeline.versions import hash_bytes

MIN_REVENUE_USD = 1_000.0
"""Movies that earned less are left out: TMDB holds revenues in thousands or millions by mistake."""

METADATA = "metadata"
"""Name of the stream that is made of records; every movie has it, with NaN for unknown."""

REAL_USD_NOTE = (
    f"*_usd_real: US dollars of {REAL_USD_YEAR}, by the yearly CPI-U of the year of release; "
    f"years after {LAST_YEAR} are taken for {LAST_YEAR}"
)

_HASH_ROWS = 1024


@dataclass(frozen=True)
class FeatureTable:
    """What a system's models are trained on, one row per movie, ordered by TMDB id.

    Attributes:
        table: tmdb_id, title, release_date (NaT unknown), franchise, revenue_usd, budget_usd (NaN
            unknown), both as `*_usd_real` too (NaN where the year is unknown or before 1913), and
            has_<stream>. Models are trained on the dollars of the time, as published; the others
            are for who compares movies across years. `notes` names their year.
        streams: By name, an array of shape (movies, ...), zeros where the movie has none.
        masks: By name, bool of shape (movies,): whether the movie has it.
        columns: Column names of tabular streams (`metadata`).
        dropped: How many movies were left out, by reason.
        notes: What a report says of the data: source, weights.
        data_hash: Hash of table, streams and masks.
    """

    table: pd.DataFrame
    streams: Mapping[str, np.ndarray]
    masks: Mapping[str, np.ndarray]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    data_hash: str = ""

    def __len__(self) -> int:
        return len(self.table)

    def save(self, folder: Path) -> None:
        """Write `table.parquet`, `<stream>.npy` and `manifest.json`, then rename into place.

        A kill leaves the old folder, or none in the instant between two renames, never a mixture.
        """
        folder.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        self.table.to_parquet(made / "table.parquet", index=False)
        for name, values in self.streams.items():
            np.save(made / f"{name}.npy", values, allow_pickle=False)
        (made / "manifest.json").write_text(json.dumps(self._manifest(), indent=2) + "\n")
        made.chmod(0o755)
        if folder.exists():
            old = folder.rename(made.with_name(made.name + "-old"))
            made.rename(folder)
            shutil.rmtree(old)
        else:
            made.rename(folder)

    @classmethod
    def load(cls, folder: Path) -> "FeatureTable":
        """Read a saved table; streams stay on disk until their rows are asked for.

        Raises:
            FeatureError: `folder` does not hold a saved table.
        """
        if not (folder / "manifest.json").is_file():
            raise FeatureError(
                f"no packed features in {folder}: wanted manifest.json there; build them first"
            )
        manifest = json.loads((folder / "manifest.json").read_text())
        table = pd.read_parquet(folder / "table.parquet")
        names = manifest["streams"]
        return cls(
            table=table,
            streams={name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in names},
            masks={name: table[f"has_{name}"].to_numpy(bool) for name in names},
            columns={name: tuple(listed) for name, listed in manifest["columns"].items()},
            dropped=manifest["dropped"],
            notes=manifest["notes"],
            data_hash=manifest["data_hash"],
        )

    def _manifest(self) -> dict[str, object]:
        return {
            "movies": len(self),
            "streams": {
                name: {
                    "shape": list(values.shape),
                    "dtype": str(values.dtype),
                    "present": int(self.masks[name].sum()),
                }
                for name, values in self.streams.items()
            },
            "columns": {name: list(listed) for name, listed in self.columns.items()},
            "dropped": dict(self.dropped),
            "notes": dict(self.notes),
            "data_hash": self.data_hash,
        }


def assemble(
    records: Sequence[MovieRecord],
    revenue_usd: Mapping[int, float],
    streams: Mapping[str, Mapping[int, np.ndarray]],
    *,
    keywords: Sequence[str] = (),
    notes: Mapping[str, str] | None = None,
) -> FeatureTable:
    """Pack the movies whose revenue is known, with the metadata stream and the given ones.

    Args:
        records: All known movies, also those without revenue: they count as forerunners.
        revenue_usd: Worldwide revenue by TMDB id, in US dollars.
        streams: By stream name and TMDB id, arrays of one shape and type each. A movie without one
            gets zeros and False in the mask; a stream that no movie has is left out.
        keywords: Keywords that get a metadata column each; see `describe_movies`.
        notes: What a report says of the data.

    Raises:
        FeatureError: No movie is left, an id stands twice, or a stream's shapes differ.
        LeakError: A stream or column is known only after release.
    """
    check_no_leak(streams)
    records = sorted(records, key=lambda record: record.tmdb_id)
    _check_ids([record.tmdb_id for record in records])
    fates = [_fate(revenue_usd.get(record.tmdb_id)) for record in records]
    kept = [record for record, fate in zip(records, fates, strict=True) if not fate]
    if not kept:
        raise FeatureError(
            f"no movie to pack: wanted revenue of at least {MIN_REVENUE_USD:.0f} USD, "
            f"came {len(records)} movies without; crawl box office first"
        )
    described = describe_movies(records, keywords=keywords)
    ids = [record.tmdb_id for record in kept]
    packed = {name: _pack(name, streams[name], ids) for name in sorted(streams) if streams[name]}
    packed[METADATA] = (described[[not fate for fate in fates]], np.ones(len(kept), dtype=bool))
    arrays = {name: values for name, (values, _) in packed.items()}
    masks = {name: mask for name, (_, mask) in packed.items()}
    table = _describe(kept, revenue_usd, masks, absent=sorted(set(streams) - set(packed)))
    return FeatureTable(
        table=table,
        streams=arrays,
        masks=masks,
        columns={METADATA: METADATA_COLUMNS + keyword_columns(keywords)},
        dropped=dict(Counter(fate for fate in fates if fate)),
        notes={"real_usd": REAL_USD_NOTE, **(notes or {})},
        data_hash=_hash(table, arrays),
    )


def _fate(revenue_usd: float | None) -> str:
    if revenue_usd is None or not revenue_usd > 0:
        return "no_revenue"
    return "revenue_below_1000_usd" if revenue_usd < MIN_REVENUE_USD else ""


def _check_ids(ids: Sequence[int]) -> None:
    twice = [tmdb_id for tmdb_id, times in Counter(ids).items() if times > 1]
    if twice:
        raise FeatureError(f"wanted one record per movie, came several for {twice[:5]}")


def _pack(
    name: str, found: Mapping[int, np.ndarray], ids: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    first = next(iter(found.values()))
    values = np.zeros((len(ids), *first.shape), dtype=first.dtype)
    mask = np.array([tmdb_id in found for tmdb_id in ids], dtype=bool)
    for row in np.flatnonzero(mask):
        item = found[ids[row]]
        if item.shape != first.shape:
            raise FeatureError(
                f"stream {name!r}: wanted shape {first.shape} for movie {ids[row]}, came "
                f"{item.shape}; embeddings of two backbones are mixed, build them again"
            )
        values[row] = item
    return values, mask


def _describe(
    records: Sequence[MovieRecord],
    revenue_usd: Mapping[int, float],
    masks: Mapping[str, np.ndarray],
    absent: Sequence[str],
) -> pd.DataFrame:
    released = pd.to_datetime([record.release_date for record in records])
    table = pd.DataFrame(
        {
            "tmdb_id": np.array([record.tmdb_id for record in records], dtype=np.int64),
            "title": [record.title for record in records],
            "release_date": released.astype("datetime64[ms]"),
            "franchise": [franchise_of(record) for record in records],
            "revenue_usd": np.array([revenue_usd[record.tmdb_id] for record in records], float),
            "budget_usd": np.array([record.budget_usd or np.nan for record in records], float),
        }
    )
    for name in ("revenue_usd", "budget_usd"):
        table[f"{name}_real"] = _in_real_usd(table[name], records)
    for name, mask in masks.items():
        table[f"has_{name}"] = mask
    for name in absent:
        table[f"has_{name}"] = False
    return table


def _in_real_usd(amounts_usd: pd.Series, records: Sequence[MovieRecord]) -> np.ndarray:
    years = [record.release_date.year if record.release_date else None for record in records]
    real = [to_real_usd(usd, year) for usd, year in zip(amounts_usd, years, strict=True)]
    return np.array([np.nan if usd is None else usd for usd in real], dtype=float)


def _hash(table: pd.DataFrame, streams: Mapping[str, np.ndarray]) -> str:
    parts = [pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes()]
    for name in sorted(streams):
        values = streams[name]
        parts.append(f"{name} {values.dtype} {values.shape}".encode())
        parts += [
            hash_bytes(values[start : start + _HASH_ROWS].tobytes()).encode()
            for start in range(0, len(values), _HASH_ROWS)
        ]
    return hash_bytes(*parts)
