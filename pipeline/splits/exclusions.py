"""Why a task cannot use a movie."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from pipeline.core.systems import Task

MIN_REVENUE_USD = 1_000.0
"""Smaller revenues and budgets are not believed: TMDB holds thousands or millions by mistake."""

MIN_VOTES = 10
"""Scores of fewer votes are not believed: one voter makes a 10."""

_MONEY = ("log10_revenue", "revenue_class", "profit")


def reasons_against(
    task: Task, table: pd.DataFrame, *, is_by_budget: bool, min_votes: int
) -> np.ndarray:
    """Return why the task cannot use each movie, object (movies,); "" where it can.

    Args:
        task: What is predicted.
        table: With the columns that the task looks at.
        is_by_budget: Whether revenue classes are multiples of the budget.
        min_votes: Scores of fewer votes are not believed.
    """
    if task.name in _MONEY:
        wants_budget = task.name == "profit" or (task.name == "revenue_class" and is_by_budget)
        return _money_reasons(table, wants_budget=wants_budget)
    if task.name == "score":
        return _score_reasons(table, min_votes)
    reason = _first_genre_reason if task.name in ("comedy_horror", "first_genre") else _label_reason
    names = {label_name(name) for name in task.class_names}
    return np.array([reason(_listed(genres), names) for genres in table["genres"]], dtype=object)


def label_name(tmdb_genre: str) -> str:
    """Spell one of TMDB's genres as Trailers12k does.

    Example:
        >>> label_name("Science Fiction"), label_name("Drama")
        ('sci-fi', 'drama')
    """
    return "sci-fi" if tmdb_genre == "Science Fiction" else tmdb_genre.lower()


def _money_reasons(table: pd.DataFrame, *, wants_budget: bool) -> np.ndarray:
    revenue = table["revenue_usd"].to_numpy(np.float64)
    cases = [~(revenue > 0), revenue < MIN_REVENUE_USD]
    names = ["no_revenue", "revenue_below_1000_usd"]
    if wants_budget:
        budget = table["budget_usd"].to_numpy(np.float64)
        cases += [~(budget > 0), budget < MIN_REVENUE_USD]
        names += ["no_budget", "budget_below_1000_usd"]
    return np.select(cases, names, default="").astype(object)


def _score_reasons(table: pd.DataFrame, min_votes: int) -> np.ndarray:
    score = table["vote_average"].to_numpy(np.float64)
    votes = table["vote_count"].to_numpy(np.float64)
    cases = [~(score > 0), ~(votes >= min_votes)]
    return np.select(cases, ["no_score", "too_few_votes"], default="").astype(object)


def _listed(genres: object) -> Sequence[str]:
    return () if genres is None or isinstance(genres, float) else [str(name) for name in genres]


def _first_genre_reason(listed: Sequence[str], names: set[str]) -> str:
    if not listed:
        return "no_genre"
    return "" if label_name(listed[0]) in names else "first_genre_is_no_class"


def _label_reason(listed: Sequence[str], names: set[str]) -> str:
    if not listed:
        return "no_genre"
    return "" if any(label_name(name) in names for name in listed) else "no_genre_is_a_label"
