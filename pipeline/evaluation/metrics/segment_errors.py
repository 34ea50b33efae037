"""Errors of a predicted number by segment of movies: budget, decade, franchise, keywords."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.metrics.intervals import Interval, bootstrap
from pipeline.evaluation.metrics.regression_metrics import score_numbers
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.metrics.task_scores import count_draws

BUDGET_EDGES_USD = (1e6, 1e7, 3e7, 1e8)
BUDGET_BANDS = ("below 1 M$", "1–10 M$", "10–30 M$", "30–100 M$", "100 M$ and more")

SEGMENT_METRICS = ("rmse_error", "mae_error", "bias")
"""Of each segment; the bias is the mean of predicted minus actual."""


def assign_segments(table: pd.DataFrame) -> pd.DataFrame:
    """Assign every movie to its segments.

    Args:
        table: tmdb_id, budget_usd (NaN or 0: unknown), release_date, franchise, and, optionally,
            has_keywords.

    Returns:
        Indexed by tmdb_id; ordered categories under "budget", "decade", "franchise" (whether
        the table holds another movie of it) and "keywords".
    """
    budget = table["budget_usd"].astype("float64").where(lambda usd: usd > 0)
    bands = pd.Series(
        pd.cut(budget, [0, *BUDGET_EDGES_USD, np.inf], right=False, labels=list(BUDGET_BANDS))
    )
    years = pd.to_datetime(table["release_date"]).dt.year
    decades = (years // 10 * 10).map(lambda year: f"{year:.0f}s", na_action="ignore")
    is_shared = table["franchise"].duplicated(keep=False) & table["franchise"].notna()
    segments = {
        "budget": bands.cat.add_categories("unknown").fillna("unknown"),
        "decade": pd.Categorical(decades.fillna("unknown"), _sorted(decades), ordered=True),
        "franchise": _choose(is_shared.to_numpy(), "with other films of it", "none in these films"),
    }
    if "has_keywords" in table:
        segments["keywords"] = _choose(
            table["has_keywords"].to_numpy(), "with keywords", "without keywords"
        )
    columns = {name: pd.Categorical(column) for name, column in segments.items()}
    return pd.DataFrame(columns, index=pd.Index(table["tmdb_id"], name="tmdb_id"))


def _sorted(decades: pd.Series) -> list[str]:
    return [*sorted(decades.dropna().unique()), "unknown"]


def _choose(holds: np.ndarray | pd.Series, yes: str, no: str) -> pd.Categorical:
    return pd.Categorical(np.where(np.asarray(holds, dtype=bool), yes, no), [yes, no], ordered=True)


def score_segments(
    result: SplitResult, segments: pd.DataFrame, *, seed: int
) -> list[dict[str, str | int | Interval]]:
    """Compute a regression's errors for every segment of movies.

    Args:
        result: Predicted numbers.
        segments: Indexed by tmdb_id, a column per grouping; holds all movies of the result.
        seed: Of the bootstrap.

    Returns:
        A row per segment that has movies: grouping, group (the segment), movies, and
        `SEGMENT_METRICS` as intervals.

    Raises:
        KeyError: A movie of the result has no row in `segments`.
    """
    aligned = segments.loc[result.tmdb_ids]
    rows: list[dict[str, str | int | Interval]] = []
    for grouping in aligned:
        column = aligned[grouping].astype("category")
        for code, group in enumerate(column.cat.categories):
            inside = column.cat.codes.to_numpy() == code
            if inside.any():
                names = None if result.franchises is None else result.franchises[inside]
                errors = _score_segment(
                    result.predicted[inside], result.target[inside], names, seed
                )
                about = {"grouping": str(grouping), "group": str(group)}
                rows.append({**about, "movies": int(inside.sum()), **errors})
    return rows


def _score_segment(
    preds: np.ndarray, target: np.ndarray, franchises: np.ndarray | None, seed: int
) -> Mapping[str, Interval]:
    def statistics(rows: np.ndarray) -> dict[str, np.ndarray]:
        scores = score_numbers(preds, target, count_draws(rows, len(target)))
        return scores | {"bias": (preds - target)[rows].mean(axis=1)}

    drawn = bootstrap(statistics, len(target), seed=seed, franchises=franchises)
    return {name: drawn[name].interval() for name in SEGMENT_METRICS}
