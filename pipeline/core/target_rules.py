"""Target rules that several systems share: revenues that can be believed, and genres."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pipeline.core.numpy_on_demand import np
from pipeline.core.tasks import Target, TargetContext, Task

if TYPE_CHECKING:
    import pandas as pd

MIN_REVENUE_USD = 1_000.0
"""Smaller revenues and budgets are excluded: TMDB holds thousands or millions by mistake."""

GENRE_COLUMN_PREFIXES = ("genre_",)
"""Beginning of the metadata columns that contain a movie's genres."""


def exclude_by_revenue(table: pd.DataFrame, *, requires_budget: bool = False) -> np.ndarray:
    """Return why a movie has no usable revenue, or budget, object (movies,); "" where it has."""
    revenue = table["revenue_usd"].to_numpy(np.float64)
    cases = [~(revenue > 0), revenue < MIN_REVENUE_USD]
    names = ["no_revenue", "revenue_below_1000_usd"]
    if requires_budget:
        budget = table["budget_usd"].to_numpy(np.float64)
        cases += [~(budget > 0), budget < MIN_REVENUE_USD]
        names += ["no_budget", "budget_below_1000_usd"]
    return np.select(cases, names, default="").astype(object)


class GenreLabels:
    """Any of the task's genres; a movie without one of them is excluded."""

    columns = ("genres",)

    def exclude(self, context: TargetContext) -> np.ndarray:
        """Exclude movies of no genre, or of other genres alone."""
        names = {label_name(name) for name in context.task.class_names}
        reasons = [
            "" if names & listed else "no_genre_is_a_label" if listed else "no_genre"
            for listed in map(set, list_genres(context.table))
        ]
        return np.array(reasons, dtype=object)

    def compute(self, context: TargetContext, known: np.ndarray, train_rows: np.ndarray) -> Target:
        """Mark each movie's genres, float32 (movies, genres)."""
        names = [label_name(name) for name in context.task.class_names]
        values = np.full((len(context.table), len(names)), np.nan, dtype=np.float32)
        listed = list_genres(context.table)
        for row in np.flatnonzero(known):
            values[row] = [name in listed[row] for name in names]
        shares = values[train_rows].mean(axis=0).tolist()
        return Target(
            context.task,
            values,
            {"shares": dict(zip(context.task.class_names, shares, strict=True))},
        )


def list_genres(table: pd.DataFrame) -> list[list[str]]:
    """List each movie's genres, as `label_name` spells them; none where they are unknown."""
    return [
        [] if genres is None or isinstance(genres, float) else [label_name(str(g)) for g in genres]
        for genres in table["genres"]
    ]


def label_name(tmdb_genre: str) -> str:
    """Spell one of TMDB's genres as Trailers12k does.

    Example:
        >>> label_name("Science Fiction"), label_name("Drama")
        ('sci-fi', 'drama')
    """
    return "sci-fi" if tmdb_genre == "Science Fiction" else tmdb_genre.lower()


def mean_and_sd(values: np.ndarray) -> dict[str, float]:
    """Return mean and standard deviation; a deviation of 0 counts as 1."""
    sd = float(values.std())
    return {"mean": float(values.mean()), "sd": sd if sd > 0 else 1.0}


def class_shares(task: Task, values: np.ndarray) -> dict[str, Mapping[str, float]]:
    """Return the share of each class among class numbers, int64 (movies,)."""
    counts: Sequence[int] = np.bincount(values, minlength=len(task.class_names)).tolist()
    return {
        "shares": {name: n / len(values) for name, n in zip(task.class_names, counts, strict=True)}
    }
