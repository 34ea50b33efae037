"""Errors of a predicted number, and coverage and width of its intervals, by segment of movies."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from pipeline.evaluation.metrics.intervals import Interval, bootstrap
from pipeline.evaluation.metrics.metric_names import COVERED, LEAST_MOVIES
from pipeline.evaluation.metrics.regression_metrics import COVERAGE, score_numbers
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.metrics.task_scores import count_draws

BUDGET_EDGES_USD = (1e6, 1e7, 3e7, 1e8)
BUDGET_BANDS = ("below 1 M$", "1–10 M$", "10–30 M$", "30–100 M$", "100 M$ and more")

SEGMENT_METRICS = ("rmse_error", "mae_error", "bias")
"""Of each segment; the bias is the mean of predicted minus actual."""

WIDTH = "interval_width"
"""Mean width of the predictive intervals of a segment."""


def assign_segments(table: pd.DataFrame) -> pd.DataFrame:
    """Assign every movie to its segments.

    Args:
        table: tmdb_id, budget_usd (NaN or 0: unknown), release_date, franchise, and, optionally,
            has_keywords and original_language ("" unknown).

    Returns:
        Indexed by tmdb_id; ordered categories under "budget", "decade", "franchise" (whether
        the table holds another movie of it), "language" and "keywords".
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
    if "original_language" in table:
        is_english = (table["original_language"] == "en").to_numpy()
        segments["language"] = _choose(is_english, "English", "other or unknown")
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
) -> list[dict[str, str | int | bool | Interval]]:
    """Compute a regression's errors for every segment of movies.

    Args:
        result: Predicted numbers.
        segments: Indexed by tmdb_id, a column per grouping; holds all movies of the result.
        seed: Of the bootstrap.

    Returns:
        A row per segment that has movies: grouping, group (the segment), movies, and
        `SEGMENT_METRICS`, and coverage and width of predictive intervals where there are some, as
        confidence intervals; `is_off`: of at least `LEAST_MOVIES`, the coverage is outside of
        `COVERED`.

    Raises:
        KeyError: A movie of the result has no row in `segments`.
    """
    aligned = segments.loc[result.tmdb_ids]
    rows: list[dict[str, str | int | bool | Interval]] = []
    for grouping in aligned:
        column = aligned[grouping].astype("category")
        for code, group in enumerate(column.cat.categories):
            inside = column.cat.codes.to_numpy() == code
            if inside.any():
                names = None if result.franchises is None else result.franchises[inside]
                scores = _score_segment(result.preds[inside], result.target[inside], names, seed)
                about = {"grouping": str(grouping), "group": str(group)}
                movies = int(inside.sum())
                is_off = movies >= LEAST_MOVIES and _is_off(scores.get(COVERAGE))
                rows.append({**about, "movies": movies, **scores, "is_off": is_off})
    return rows


def _score_segment(
    preds: np.ndarray, target: np.ndarray, franchises: np.ndarray | None, seed: int
) -> Mapping[str, Interval]:
    points = preds if preds.ndim == 1 else preds[:, 0]
    has_intervals = preds.ndim == 2

    def statistics(rows: np.ndarray) -> dict[str, np.ndarray]:
        scores = score_numbers(preds, target, count_draws(rows, len(target)))
        scores["bias"] = (points - target)[rows].mean(axis=1)
        if has_intervals:
            scores[WIDTH] = (preds[:, 2] - preds[:, 1])[rows].mean(axis=1)
        return scores

    drawn = bootstrap(statistics, len(target), seed=seed, franchises=franchises)
    names = (*SEGMENT_METRICS, *((COVERAGE, WIDTH) if has_intervals else ()))
    return {name: drawn[name].interval() for name in names}


def _is_off(coverage: Interval | None) -> bool:
    return coverage is not None and not COVERED[0] <= coverage.estimate <= COVERED[1]
