"""Errors of a said number by kind of movie: budget, decade, franchise, keywords."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.metrics.intervals import Interval, bootstrap
from pipeline.evaluation.metrics.regression_metrics import score_numbers
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.metrics.task_scores import count_draws

BUDGET_EDGES_USD = (1e6, 1e7, 3e7, 1e8)
BUDGET_BANDS = ("below 1 M$", "1–10 M$", "10–30 M$", "30–100 M$", "100 M$ and more")

SHOWN_METRICS = ("rmse_error", "mae_error", "bias")
"""Of each group; the bias is the mean of said minus true."""


def name_groups(table: pd.DataFrame) -> pd.DataFrame:
    """Name every movie's groups.

    Args:
        table: tmdb_id, budget_usd (NaN or 0: unknown), release_date, franchise, and, where it is
            known, has_keywords.

    Returns:
        Indexed by tmdb_id; ordered categories under "budget", "decade", "franchise" (whether
        another movie of the table is of the same one) and "keywords".
    """
    budget = table["budget_usd"].astype("float64").where(lambda usd: usd > 0)
    bands = pd.cut(budget, [0, *BUDGET_EDGES_USD, np.inf], right=False, labels=list(BUDGET_BANDS))
    years = pd.to_datetime(table["release_date"]).dt.year
    decades = (years // 10 * 10).map(lambda year: f"{year:.0f}s", na_action="ignore")
    is_shared = table["franchise"].duplicated(keep=False) & table["franchise"].notna()
    groups = {
        "budget": bands.cat.add_categories("unknown").fillna("unknown"),
        "decade": pd.Categorical(decades.fillna("unknown"), _sorted(decades), ordered=True),
        "franchise": _choose(is_shared, "with other films of it", "none in these films"),
    }
    if "has_keywords" in table:
        groups["keywords"] = _choose(table["has_keywords"], "with keywords", "without keywords")
    columns = {name: pd.Categorical(column) for name, column in groups.items()}
    return pd.DataFrame(columns, index=pd.Index(table["tmdb_id"], name="tmdb_id"))


def _sorted(decades: pd.Series) -> list[str]:
    return [*sorted(decades.dropna().unique()), "unknown"]


def _choose(holds: pd.Series, yes: str, no: str) -> pd.Categorical:
    return pd.Categorical(np.where(holds.astype(bool), yes, no), [yes, no], ordered=True)


def score_groups(
    result: SplitResult, groups: pd.DataFrame, *, seed: int
) -> list[dict[str, object]]:
    """Compute a regression's errors for every group of movies.

    Args:
        result: Said numbers.
        groups: Indexed by tmdb_id, a column per grouping; all of the result's movies are there.
        seed: Of the bootstrap.

    Returns:
        A row per group that has movies: grouping, group, movies, and `SHOWN_METRICS` as intervals.

    Raises:
        KeyError: A movie of the result has no row in `groups`.
    """
    aligned = groups.loc[result.tmdb_ids]
    rows: list[dict[str, object]] = []
    for grouping in aligned:
        column = aligned[grouping].astype("category")
        for code, group in enumerate(column.cat.categories):
            inside = column.cat.codes.to_numpy() == code
            if inside.any():
                some = None if result.franchises is None else result.franchises[inside]
                scores = _score_group(result.y_true[inside], result.y_said[inside], some, seed)
                about = {"grouping": grouping, "group": str(group), "movies": int(inside.sum())}
                rows.append(about | scores)
    return rows


def _score_group(
    y_true: np.ndarray, y_said: np.ndarray, franchises: np.ndarray | None, seed: int
) -> Mapping[str, Interval]:
    def statistics(rows: np.ndarray) -> dict[str, np.ndarray]:
        scores = score_numbers(y_true, y_said, count_draws(rows, len(y_true)))
        return scores | {"bias": (y_said - y_true)[rows].mean(axis=1)}

    drawn = bootstrap(statistics, len(y_true), seed=seed, franchises=franchises)
    return {name: drawn[name].interval() for name in SHOWN_METRICS}
