"""One movie as a table of features with a single row, by the functions that packed the table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pandas as pd

from pipeline.core.franchises import franchise_of
from pipeline.core.metadata import describe_movies
from pipeline.core.ragged import Ragged
from pipeline.core.records import MovieRecord, before_release
from pipeline.models.training.estimator import FeatureSet
from pipeline.splits.features import METADATA, FeatureTable

ROW = np.array([0])
"""The only row."""


LoadPixels = Callable[[], np.ndarray | None]


def _no_pixels() -> None:
    """Return nothing: the movie has no such pictures."""


@dataclass(frozen=True)
class MovieRow:
    """All that models may look at of one movie.

    Attributes:
        record: What is known before release.
        metadata: Float32 (columns,), as `describe_movies` makes it.
        streams: By modality, its array as it is packed; those that the movie lacks are not there.
        day: As of which day it is described; None for the day of its release.
        load_poster: Returns uint8 RGB (height, width, 3), for networks over pixels, or None.
        load_frames: Returns uint8 RGB (up to 30, 224, 224, 3), likewise.
    """

    record: MovieRecord
    metadata: np.ndarray
    streams: Mapping[str, np.ndarray] = field(default_factory=dict[str, np.ndarray])
    day: date | None = None
    load_poster: LoadPixels = _no_pixels
    load_frames: LoadPixels = _no_pixels

    @property
    def has(self) -> tuple[str, ...]:
        """Names of the modalities that the movie has, the metadata among them."""
        return (METADATA, *self.streams)

    def without(self, *streams: str) -> "MovieRow":
        """Return the row without some modalities, as a movie that lacks them."""
        kept = {name: values for name, values in self.streams.items() if name not in streams}
        return replace(
            self,
            streams=kept,
            load_poster=_no_pixels if "poster" in streams else self.load_poster,
            load_frames=_no_pixels if "frames" in streams else self.load_frames,
        )


def describe_movie(record: MovieRecord, predecessors: int | None) -> np.ndarray:
    """Compute the metadata of one movie, float32 (columns,).

    Args:
        record: The movie's.
        predecessors: How many it has, as `count_earlier` counts them among all known movies.
    """
    return describe_movies([record], predecessors=[predecessors])[0]


def stored_streams(table: FeatureTable, row: int) -> dict[str, np.ndarray]:
    """Return the modalities that a row of the packed table has, but for the metadata."""
    return {
        name: np.asarray(values.row(row) if isinstance(values, Ragged) else values[row])
        for name, values in table.streams.items()
        if name != METADATA and table.masks[name][row]
    }


def as_table(
    movie: MovieRow, like: FeatureTable, leaking_prefixes: tuple[str, ...] = ()
) -> FeatureTable:
    """Build a table of one row, with the modalities, widths and types of a packed table.

    What the movie lacks is masked, as packing masks it; what the table has no movie with is left
    out.

    Args:
        movie: The movie.
        like: The packed table.
        leaking_prefixes: Beginnings of the metadata columns that contain the target.
    """
    streams, masks = dict[str, np.ndarray | Ragged](), dict[str, np.ndarray]()
    for name, packed in like.streams.items():
        own = movie.metadata if name == METADATA else movie.streams.get(name)
        streams[name] = _one_row(packed, own)
        masks[name] = np.array([own is not None])
    return FeatureTable(
        _describe(movie.record, masks), streams, masks, like.columns, like.notes, like.data_hash
    ).without_columns(leaking_prefixes)


def as_features(
    movie: MovieRow, like: FeatureTable, leaking_prefixes: tuple[str, ...] = ()
) -> FeatureSet:
    """Build what models look at: the table of `as_table`, the record, and pictures."""
    return FeatureSet(
        as_table(movie, like, leaking_prefixes),
        records=(before_release(movie.record),),
        revenue_usd=np.array([np.nan]),
        days=None if movie.day is None else [movie.day],
        load_poster=lambda _: movie.load_poster(),
        load_frames=lambda _: movie.load_frames(),
    )


class RowFeatures:
    """What models look at of the movie that was asked about last: tasks share it.

    Args:
        like: The packed table.
    """

    def __init__(self, like: FeatureTable):
        self._like = like
        self._movie: MovieRow | None = None
        self._found: dict[tuple[str, ...], FeatureSet] = {}

    def find(self, movie: MovieRow, leaking_prefixes: tuple[str, ...] = ()) -> FeatureSet:
        """Return what `as_features` builds."""
        if movie is not self._movie:
            self._movie, self._found = movie, {}
        if leaking_prefixes not in self._found:
            self._found[leaking_prefixes] = as_features(movie, self._like, leaking_prefixes)
        return self._found[leaking_prefixes]


def _one_row(packed: np.ndarray | Ragged, own: np.ndarray | None) -> np.ndarray | Ragged:
    if isinstance(packed, Ragged):
        values = np.zeros((0, packed.width)) if own is None else own
        values = np.asarray(values, dtype=packed.values.dtype)
        return Ragged(values, np.array([0, len(values)]))
    row = np.zeros((1, *packed.shape[1:]), dtype=packed.dtype)
    if own is not None:
        row[0] = own
    return row


def _describe(record: MovieRecord, masks: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the table's columns that models may ask for; no label is among them."""
    budget = record.budget_usd or np.nan
    return pd.DataFrame(
        {
            "tmdb_id": [record.tmdb_id],
            "title": [record.title],
            "franchise": [franchise_of(record)],
            "budget_usd": [budget],
            **{f"has_{name}": mask for name, mask in masks.items()},
        }
    )
