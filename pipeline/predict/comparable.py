"""Comparable movies: the nearest by embeddings and by fields, and what they had earned by a day.

As of a day: no movie that came out later is among them, and no revenue that was not known by then.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import numpy as np

from pipeline.core.budget_curve import REVENUE_DAYS
from pipeline.core.nearest import highest
from pipeline.core.ragged import Ragged
from pipeline.predict.movie_row import MovieRow
from pipeline.predict.similar_fields import SimilarFields, describe_common
from pipeline.splits.features import FeatureTable

SHOWN = 5
"""Movies in each of the two lists."""

EMBEDDED = {"text": "plot", "poster": "poster", "video": "trailer"}
"""Modalities of one vector per movie that are compared, and their names for people."""


@dataclass(frozen=True)
class ComparableMovie:
    """One movie that is like the asked one.

    Attributes:
        tmdb_id, title: Which movie.
        release_date: Its first release.
        similarity: By embeddings, by how many standard deviations the cosines lie above those of
            all movies, the mean over the modalities; by fields, Gower's coefficient from 0 to 1.
        reason: What they have in common, for people.
        revenue_usd: What it had earned; None where that was not known by the day.
        has_poster: Whether the store has its poster.
    """

    tmdb_id: int
    title: str
    release_date: date
    similarity: float
    reason: str
    revenue_usd: float | None
    has_poster: bool


@dataclass(frozen=True)
class ComparableMovies:
    """The nearest movies as of a day, the nearest first.

    Attributes:
        day: No later movie and no later revenue is in the lists.
        by_embeddings: By plot, poster and trailer.
        by_fields: By people, companies, genres, budget and the other fields.
    """

    day: date
    by_embeddings: tuple[ComparableMovie, ...]
    by_fields: tuple[ComparableMovie, ...]

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; days as 2019-05-01."""
        values = asdict(self)
        for one in (*values["by_embeddings"], *values["by_fields"]):
            one["release_date"] = one["release_date"].isoformat()
        return {**values, "day": self.day.isoformat()}


class MovieComparison:
    """Finds movies that are like one.

    Args:
        table: The packed features of the movies to choose from.
    """

    def __init__(self, table: FeatureTable):
        self._table, self._records = table, table.records
        self._fields = SimilarFields(table.records)

    def find(self, movie: MovieRow, today: date, count: int = SHOWN) -> ComparableMovies:
        """Find the movies that are most like a movie.

        Args:
            movie: It is not among those found.
            today: The day where the movie has none or a later one.
            count: Movies in each list.
        """
        own_day = movie.day or movie.record.release_date or today
        day = min(own_day, today)
        allowed = self._released_by(day) & (self._ids != movie.record.tmdb_id)
        return ComparableMovies(
            day, self._by_embeddings(movie, allowed, day, count),
            self._by_fields(movie, allowed, day, count),
        )  # fmt: skip

    def _by_embeddings(
        self, movie: MovieRow, allowed: np.ndarray, day: date, count: int
    ) -> tuple[ComparableMovie, ...]:
        cosines = {
            name: self._cosines(name, movie.streams[name])
            for name in EMBEDDED
            if name in movie.streams and name in self._lengths
        }
        if not cosines:
            return ()
        scores = np.array([_standardize(values, allowed) for values in cosines.values()])
        is_compared = allowed & ~np.isnan(scores).all(axis=0)
        # what a movie lacks counts as the mean: neither near nor far
        similar = np.where(is_compared, np.nan_to_num(scores).mean(axis=0), np.nan)
        return tuple(
            self._make(
                row, day, similar[row],
                ", ".join(
                    f"{EMBEDDED[name]} {values[row]:.2f}"
                    for name, values in cosines.items()
                    if not np.isnan(values[row])
                ),
            )
            for row in highest(similar, count)
        )  # fmt: skip

    def _by_fields(
        self, movie: MovieRow, allowed: np.ndarray, day: date, count: int
    ) -> tuple[ComparableMovie, ...]:
        alike = self._fields.compare(movie.record)
        similar = np.where(allowed & (alike > 0), alike, np.nan)
        return tuple(
            self._make(
                row, day, similar[row], "; ".join(describe_common(movie.record, self._records[row]))
            )
            for row in highest(similar, count)
        )

    def _make(self, row: int, day: date, similarity: float, reason: str) -> ComparableMovie:
        record = self._records[row]
        assert record.release_date is not None  # it was out by the day
        is_known = record.release_date + timedelta(days=REVENUE_DAYS) <= day
        revenue_usd = float(self._table.table["revenue_usd"].iloc[row])
        return ComparableMovie(
            record.tmdb_id, record.title, record.release_date, round(float(similarity), 4), reason,
            revenue_usd if is_known and not np.isnan(revenue_usd) else None,
            "poster" in self._table.masks and bool(self._table.masks["poster"][row]),
        )  # fmt: skip

    def _released_by(self, day: date) -> np.ndarray:
        return (self._days > 0) & (self._days <= day.toordinal())

    def _cosines(self, name: str, vector: np.ndarray) -> np.ndarray:
        """Return the cosines with every movie, float32 (movies,); NaN for those that lack it."""
        values, lengths = np.asarray(self._table.streams[name]), self._lengths[name]
        own = np.asarray(vector, np.float32)
        with np.errstate(divide="ignore", invalid="ignore"):
            return values @ own / (lengths * np.linalg.norm(own))

    @cached_property
    def _lengths(self) -> dict[str, np.ndarray]:
        """By modality the lengths of the vectors, NaN where there is none, (movies,)."""
        found = dict[str, np.ndarray]()
        for name in EMBEDDED:
            values = self._table.streams.get(name)
            if values is None or isinstance(values, Ragged) or values.ndim != 2:
                continue
            lengths = np.linalg.norm(np.asarray(values, np.float32), axis=1)
            found[name] = np.where(self._table.masks[name] & (lengths > 0), lengths, np.nan)
        return found

    @cached_property
    def _ids(self) -> np.ndarray:
        return self._table.table["tmdb_id"].to_numpy()

    @cached_property
    def _days(self) -> np.ndarray:
        """Days of release as ordinals, 0 for unknown."""
        days: Sequence[date | None] = [record.release_date for record in self._records]
        return np.array([day.toordinal() if day else 0 for day in days])


def _standardize(values: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Subtract the mean of the allowed movies and divide by their deviation; NaN stays."""
    known = values[allowed & ~np.isnan(values)]
    spread = float(known.std()) if known.size else 0.0
    return (values - known.mean()) / spread if spread > 0 else values * 0.0
