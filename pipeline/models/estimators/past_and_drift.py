"""What a blend's prediction is moved by: the movie's franchise, and the years since training.

Both are fitted to movies that the members were not fitted to, and change nothing where they do not
apply: a random split has no predecessor of a test movie in its training set, and no later year.
"""

from collections.abc import Sequence
from datetime import date

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.budget_curve import DAYS_PER_YEAR, REVENUE_DAYS
from pipeline.core.prices import to_real_usd
from pipeline.core.records import MovieRecord
from pipeline.core.track_records import franchise_number

MIN_SEQUELS = 30
"""Sequels among the training movies, below which predecessors change nothing."""

MAX_YEARS = 6.0
"""A drift is carried on for so many years after the last movie trained on."""

EARLIER_SHARES = (0.6, 0.8)
"""The drift is measured on what follows these shares of the training movies by date."""

MIN_LATER = 100
"""Movies that follow, below which no drift is measured."""

Days = Sequence[date | None] | None


class FranchisePast(nn.Module):
    """Moves a sequel towards what the latest movie of its franchise earned; buffers only.

    Args:
        n_movies: How many movies it knows.
    """

    franchise: Tensor
    day: Tensor
    log10_usd: Tensor
    line: Tensor

    def __init__(self, n_movies: int):
        super().__init__()
        self.n_movies = n_movies
        for name in ("franchise", "day"):
            self.register_buffer(name, torch.zeros(n_movies, dtype=torch.int64))
        self.register_buffer("log10_usd", torch.zeros(n_movies, dtype=torch.float64))
        self.register_buffer("line", torch.zeros(2, dtype=torch.float64))

    @classmethod
    def fit(
        cls, records: Sequence[MovieRecord], preds: np.ndarray, actual: np.ndarray
    ) -> "FranchisePast":
        """Fit how far sequels are moved.

        Args:
            records: Of the movies trained on.
            preds: Log10 revenues predicted without the movies of their franchises, (movies,).
            actual: Actual ones, (movies,).
        """
        dated = [k for k, record in enumerate(records) if record.release_date is not None]
        known = [records[k] for k in dated]
        model = cls(len(known))
        days = [record.release_date.toordinal() for record in known if record.release_date]
        model.day.copy_(torch.tensor(days, dtype=torch.int64))
        numbers = [franchise_number(record) for record in known]
        model.franchise.copy_(torch.tensor(numbers, dtype=torch.int64))
        real = actual[dated] + np.array([_level(record) for record in known])
        model.log10_usd.copy_(torch.from_numpy(real))
        off = model._off(records, preds, None)
        sequels = ~np.isnan(off)
        if sequels.sum() >= MIN_SEQUELS:
            terms = np.stack([np.ones(sequels.sum()), off[sequels]], axis=1)
            gram = terms.T @ terms + np.eye(2)
            line = np.linalg.solve(gram, terms.T @ (actual - preds)[sequels])
            model.line.copy_(torch.from_numpy(line))
        return model

    def move(self, records: Sequence[MovieRecord], preds: np.ndarray, days: Days) -> np.ndarray:
        """Return predictions, those of sequels moved, (n,).

        Args:
            records: Of the movies.
            preds: Predicted log10 revenues, (n,).
            days: As of which day each is predicted; None for the days of release.
        """
        off = self._off(records, preds, days)
        base, share = self.line.tolist()
        return np.where(np.isnan(off), preds, preds + base + share * np.nan_to_num(off))

    def _off(self, records: Sequence[MovieRecord], preds: np.ndarray, days: Days) -> np.ndarray:
        """Return how far the latest predecessor lies above each prediction, in dollars of one year;
        NaN where there is none.
        """
        order = np.argsort(self.day.numpy(), kind="stable")
        rows_of: dict[int, list[int]] = {}
        for row in order.tolist():
            rows_of.setdefault(int(self.franchise[row]), []).append(row)
        off = np.full(len(records), np.nan)
        released, earned = self.day.tolist(), self.log10_usd.tolist()
        for k, record in enumerate(records):
            day = record.release_date if days is None else days[k]
            if day is None:
                continue
            last = day.toordinal() - REVENUE_DAYS
            earlier = [r for r in rows_of.get(franchise_number(record), ()) if released[r] < last]
            if earlier:
                off[k] = earned[earlier[-1]] - _level(record) - preds[k]
        return off


def _level(record: MovieRecord) -> float:
    """Return the logarithm of what a dollar of the movie's year is worth in dollars of one year."""
    year = record.release_date.year if record.release_date else None
    real = to_real_usd(1.0, year) if year else None
    return float(np.log10(real)) if real else 0.0


class Drift(nn.Module):
    """Moves predictions of movies that came out after the last one trained on; buffers only."""

    end: Tensor
    slope: Tensor
    widening: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("end", torch.zeros(1, dtype=torch.int64))
        self.register_buffer("slope", torch.zeros(1, dtype=torch.float64))
        self.register_buffer("widening", torch.ones(1, dtype=torch.float64))

    def fit(self, last: date, years: np.ndarray, forward: np.ndarray, held_out: np.ndarray) -> None:
        """Fit to errors on later movies by models that were fitted to earlier ones.

        Args:
            last: Release of the last movie trained on.
            years: Of each later movie since the last earlier one, (n,).
            forward: Errors, predicted minus actual, by a model of earlier movies, (n,).
            held_out: The same by a model of movies of all years, (n,).
        """
        self.end.fill_(last.toordinal())
        if len(forward) < MIN_LATER:
            return
        weight = float(years @ years)
        slope = float(years @ forward) / weight
        variance = float(np.mean((forward - slope * years) ** 2)) / weight
        slope *= max(0.0, 1 - variance / slope**2) if slope else 0.0
        self.slope.fill_(slope)
        reach = [np.quantile(np.abs(e), 0.9) for e in (forward - slope * years, held_out)]
        self.widening.fill_(max(1.0, float(reach[0] / reach[1])) if reach[1] > 0 else 1.0)

    def years_after(self, records: Sequence[MovieRecord]) -> np.ndarray:
        """Return by how many years each movie follows the last one trained on, 0 to `MAX_YEARS`."""
        days = [r.release_date.toordinal() if r.release_date else 0 for r in records]
        years = (np.array(days, dtype=np.float64) - self.end.item()) / DAYS_PER_YEAR
        return np.clip(years, 0.0, MAX_YEARS)

    def move(self, records: Sequence[MovieRecord], preds: np.ndarray) -> np.ndarray:
        """Return predictions without the drift, (n,)."""
        return preds - self.slope.item() * self.years_after(records)

    def widen(self, records: Sequence[MovieRecord], intervals: np.ndarray) -> np.ndarray:
        """Return intervals (n, 3), wider where the movie follows the last one trained on."""
        factor = np.where(self.years_after(records) > 0, self.widening.item(), 1.0)
        middle = intervals[:, :1]
        return middle + (intervals - middle) * factor[:, None]


def split_forward(days: np.ndarray) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Cut movies by date, for `Drift.fit`.

    Args:
        days: Of release, proleptic ordinals, 0 unknown, (movies,).

    Returns:
        For each of `EARLIER_SHARES` places of earlier movies, of later ones, and by how many years
        these follow; none where too few do.
    """
    found = []
    known = np.flatnonzero(days > 0)
    for share in EARLIER_SHARES:
        if not len(known):
            break
        cut = np.quantile(days[known], share)
        earlier, later = known[days[known] <= cut], known[days[known] > cut]
        if min(len(earlier), len(later)) >= MIN_LATER:
            found.append((earlier, later, (days[later] - cut) / DAYS_PER_YEAR))
    return found
