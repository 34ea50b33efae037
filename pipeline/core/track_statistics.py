"""Figures of what the people of a role earned before: many movies and roles at once."""

import numpy as np

from pipeline.core.budget_curve import DAYS_PER_YEAR

STATISTICS = (
    "movies", "known_share", "mean", "highest", "last", "years_since", "over_budget",
    "best_over_budget", "recent_over_budget",
)  # fmt: skip
"""`movies` is the logarithm of earlier movies per person listed, plus one; `mean`, `highest` and
`last` are log10 of dollars of one year; the `over_budget` ones are what earlier movies earned above
the expectation from their budgets, in log10, shrunk towards zero where there are few."""

_SHRINKAGE_MOVIES = 3.0
"""Number of additional movies, as expected from their budgets, that each mean is shrunk by."""

_MEMORY_YEARS = 6.0
"""What is recent fades by 1/e in so many years."""


def summarise_roles(
    role_of: np.ndarray,
    owner_of: np.ndarray,
    credits: tuple[np.ndarray, np.ndarray, np.ndarray],
    released: np.ndarray,
) -> np.ndarray:
    """Compute the figures of `STATISTICS` of each role of each movie.

    Args:
        role_of: The role that each owner is listed in, rising, int64 (owners,).
        owner_of: The owner of each credit, a place in `role_of`, rising, int64 (credits,); those of
            an owner are oldest first.
        credits: Of each credit the day, what the movie earned, and that above its budget.
        released: The day for which each role is described, proleptic ordinals, (roles,).

    Returns:
        Float64 (roles, figures). All NaN where nobody is listed; means, highest and last also where
        nobody listed has an earlier movie.
    """
    n_roles, n_owners = len(released), len(role_of)
    days, earned, over = credits
    role = role_of[owner_of]
    listed, movies = np.bincount(role_of, minlength=n_roles), np.bincount(role, minlength=n_roles)
    of_owner = np.bincount(owner_of, minlength=n_owners)
    is_known = of_owner > 0
    shrunk = np.bincount(owner_of, over, n_owners) / (of_owner + _SHRINKAGE_MOVIES)
    latest = _highest(role, days.astype(np.float64), n_roles)
    weights = np.exp((days - released[role]) / (DAYS_PER_YEAR * _MEMORY_YEARS))
    best = _highest(role_of[is_known], shrunk[is_known], n_roles)
    with np.errstate(divide="ignore", invalid="ignore"):  # NaN where nobody is listed or known
        columns = [
            np.log1p(movies / listed),
            np.bincount(role_of, is_known, n_roles) / listed,
            np.bincount(role, earned, n_roles) / movies,
            _highest(role, earned, n_roles),
            _first(role, earned, days == latest[role], n_roles),
            (released - latest) / DAYS_PER_YEAR,
            np.bincount(role, over, n_roles) / (movies + _SHRINKAGE_MOVIES),
            np.nan_to_num(best),
            np.bincount(role, weights * over, n_roles) / (np.bincount(role, weights, n_roles) + 1),
        ]
    figures = np.stack(columns, axis=1)
    figures[listed == 0] = np.nan
    return figures


def _highest(group: np.ndarray, values: np.ndarray, n_groups: int) -> np.ndarray:
    """Return the highest value of each group, NaN of an empty one, float64 (groups,)."""
    highest = np.full(n_groups, -np.inf)
    np.maximum.at(highest, group, values)
    return np.where(np.isinf(highest), np.nan, highest)


def _first(
    group: np.ndarray, values: np.ndarray, is_wanted: np.ndarray, n_groups: int
) -> np.ndarray:
    """Return the first wanted value of each group, NaN where there is none, float64 (groups,)."""
    found = np.full(n_groups, np.nan)
    places = np.flatnonzero(is_wanted)[::-1]  # of several that are assigned the last one stays
    found[group[places]] = values[places]
    return found
