"""Movies as a table of features with a row each, by the functions that packed the table."""

from collections.abc import Callable, Mapping, Sequence
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
"""The only row of one movie."""


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
    movies: Sequence[MovieRow], like: FeatureTable, leaking_prefixes: tuple[str, ...] = ()
) -> FeatureTable:
    """Build a table of a row each, with the modalities, widths and types of a packed table.

    What a movie lacks is masked, as packing masks it; what the table has no movie with is left
    out.

    Args:
        movies: At least one.
        like: The packed table.
        leaking_prefixes: Beginnings of the metadata columns that contain the target.
    """
    streams, masks = dict[str, np.ndarray | Ragged](), dict[str, np.ndarray]()
    for name, packed in like.streams.items():
        own = [one.metadata if name == METADATA else one.streams.get(name) for one in movies]
        streams[name] = _stack(packed, own)
        masks[name] = np.array([values is not None for values in own])
    records = [movie.record for movie in movies]
    return FeatureTable(
        _describe(records, masks), streams, masks, like.columns, like.notes, like.data_hash
    ).without_columns(leaking_prefixes)


def as_features(
    movies: Sequence[MovieRow], like: FeatureTable, leaking_prefixes: tuple[str, ...] = ()
) -> FeatureSet:
    """Build what models look at: the table of `as_table`, the records, and pictures."""
    days = [movie.day or movie.record.release_date for movie in movies]
    return FeatureSet(
        as_table(movies, like, leaking_prefixes),
        records=tuple(before_release(movie.record) for movie in movies),
        revenue_usd=np.full(len(movies), np.nan),
        days=days if any(movie.day for movie in movies) else None,
        load_poster=lambda row: movies[row].load_poster(),
        load_frames=lambda row: movies[row].load_frames(),
    )


class RowFeatures:
    """What models look at of the movies that were asked about last: tasks share it.

    Args:
        like: The packed table.
    """

    def __init__(self, like: FeatureTable):
        self._like = like
        self._movies: tuple[MovieRow, ...] = ()
        self._found: dict[tuple[str, ...], FeatureSet] = {}

    def find(
        self, movies: Sequence[MovieRow], leaking_prefixes: tuple[str, ...] = ()
    ) -> FeatureSet:
        """Return what `as_features` builds of these movies."""
        if list(map(id, movies)) != list(map(id, self._movies)):
            self._movies, self._found = tuple(movies), {}
        if leaking_prefixes not in self._found:
            self._found[leaking_prefixes] = as_features(movies, self._like, leaking_prefixes)
        return self._found[leaking_prefixes]


def _stack(packed: np.ndarray | Ragged, own: Sequence[np.ndarray | None]) -> np.ndarray | Ragged:
    if isinstance(packed, Ragged):
        nothing = np.zeros((0, packed.width), dtype=packed.values.dtype)
        found = [nothing if one is None else np.asarray(one, nothing.dtype) for one in own]
        return Ragged(np.concatenate(found), np.cumsum([0, *map(len, found)]))
    rows = np.zeros((len(own), *packed.shape[1:]), dtype=packed.dtype)
    for place, one in enumerate(own):
        if one is not None:
            rows[place] = one
    return rows


def _describe(records: Sequence[MovieRecord], masks: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return the table's columns that models may ask for; no label is among them."""
    return pd.DataFrame(
        {
            "tmdb_id": [record.tmdb_id for record in records],
            "title": [record.title for record in records],
            "franchise": [franchise_of(record) for record in records],
            "budget_usd": [record.budget_usd or np.nan for record in records],
            **{f"has_{name}": mask for name, mask in masks.items()},
        }
    )
