"""One packed table for all systems: what is known of each movie, its modalities, and what is
missing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.core.errors import FeatureError
from pipeline.core.ragged import Ragged
from pipeline.core.records import MovieRecord, from_json

MANIFEST_FILE = "manifest.json"
TABLE_FILE = "table.parquet"
RECORDS_FILE = "records.jsonl"
METADATA = "metadata"
"""Name of the modality that is made of records; every movie has it, with NaN for unknown."""

OFFSETS = ".offsets.npy"
"""Ends the name of the file that says where a movie's rows of a sequence begin."""


@dataclass(frozen=True)
class FeatureTable:
    """What models are trained on, one row per movie, ordered by TMDB id.

    Attributes:
        table: tmdb_id, imdb_id, title, release_date (NaT unknown), franchise, revenue_usd and
            budget_usd (NaN unknown), both as `*_usd_real` too (NaN where the year is unknown or
            before 1913), genres (tuples of TMDB's names), vote_average, vote_count, and
            has_<stream>. Columns are for targets and groups, modalities are the inputs.
        streams: By name, an array (movies, ...), zeros where the movie has none, or a `Ragged`.
        masks: By name, bool of shape (movies,): whether the movie has it.
        columns: Column names of tabular modalities (`metadata`).
        notes: Source of the data and weights, for reports.
        data_hash: Hash of table, records and modalities.
        folder: Where it lies.
    """

    table: pd.DataFrame
    streams: Mapping[str, np.ndarray | Ragged]
    masks: Mapping[str, np.ndarray]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    data_hash: str = ""
    folder: Path | None = None

    def __len__(self) -> int:
        return len(self.table)

    @cached_property
    def records(self) -> tuple[MovieRecord, ...]:
        """The movies' records, row by row, without what is known only after release."""
        if self.folder is None:
            return ()
        with (self.folder / RECORDS_FILE).open(encoding="utf-8") as lines:
            return tuple(from_json(json.loads(line)) for line in lines)

    def without_columns(self, prefixes: tuple[str, ...]) -> "FeatureTable":
        """Return the table without the metadata columns that begin so."""
        if not prefixes:
            return self
        names = self.columns[METADATA]
        kept = [k for k, name in enumerate(names) if not name.startswith(prefixes)]
        columns = {**self.columns, METADATA: tuple(names[k] for k in kept)}
        streams = {**self.streams, METADATA: np.asarray(self.streams[METADATA])[:, kept]}
        return replace(self, streams=streams, columns=columns)

    @classmethod
    def load(cls, folder: Path) -> "FeatureTable":
        """Read a packed table; modalities stay on disk until their rows are read.

        Raises:
            FeatureError: `folder` does not hold a packed table, or a file of it is damaged.
        """
        if not (folder / MANIFEST_FILE).is_file():
            raise FeatureError(
                f"no packed features in {folder}: expected {MANIFEST_FILE} there; build them first"
            )
        try:
            return cls._read(folder)
        except (ValueError, KeyError, TypeError, EOFError, OSError) as error:
            raise FeatureError(
                f"The packed features in {folder} are damaged ({type(error).__name__}: {error}). "
                "Make them again: `uv run dg launch --assets movie_features`."
            ) from error

    @classmethod
    def _read(cls, folder: Path) -> "FeatureTable":
        manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        table = pd.read_parquet(folder / TABLE_FILE)
        table["genres"] = table["genres"].map(tuple)
        return cls(
            table=table,
            streams={
                name: _open(folder, name, entry, len(table))
                for name, entry in manifest["streams"].items()
            },
            masks={name: table[f"has_{name}"].to_numpy(bool) for name in manifest["streams"]},
            columns={name: tuple(listed) for name, listed in manifest["columns"].items()},
            notes=manifest["notes"],
            data_hash=manifest["data_hash"],
            folder=folder,
        )


def _open(folder: Path, name: str, entry: Mapping[str, Any], n_movies: int) -> np.ndarray | Ragged:
    """Open a modality's files.

    Raises:
        ValueError: A file is damaged, or its length is not that of the others.
    """
    values = np.load(folder / f"{name}.npy", mmap_mode="r")
    if entry["kind"] != "sequence":
        if len(values) != n_movies:
            raise ValueError(f"{name}.npy has {len(values)} rows for {n_movies} movies")
        return values
    offsets = np.load(folder / f"{name}{OFFSETS}")
    bounds = [0, *offsets.tolist(), len(values)]
    if len(offsets) != n_movies + 1 or bounds[1] != 0 or bounds[-2] != len(values):
        raise ValueError(f"{name}{OFFSETS} does not fit {name}.npy")
    if (np.diff(offsets) < 0).any():
        raise ValueError(f"{name}{OFFSETS} does not ascend")
    return Ragged(values, offsets)
