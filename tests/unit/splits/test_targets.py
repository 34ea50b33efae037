from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import SplitError
from pipeline.core.tasks import TargetOptions, Task, TaskKind
from pipeline.models.systems.box_office import LOG10_REVENUE
from pipeline.models.systems.genre import GENRES
from pipeline.models.systems.poster import COMEDY_HORROR, FIRST_GENRE, GENRE_LABELS, PROFIT
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.revenue import REVENUE_CLASS
from pipeline.models.systems.score import SCORE_TASK
from pipeline.splits.targets import balance_by, known_rows, make_target


def table() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "revenue_usd": [1e8, 1e6, np.nan, 500.0, 2e7, 0.0],
            "budget_usd": [5e7, 2e6, 1e6, 1e6, np.nan, 10.0],
            "genres": [
                ["Science Fiction", "Comedy"], ["Comedy"], ["Horror", "Drama"], None,
                ["Western", "Horror"], [],
            ],
            "vote_average": [7.0, 5.0, np.nan, 9.0, 6.0, 0.0],
            "vote_count": [100, 50, 0, 3, np.nan, 40],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("task", "known", "dropped"),
    [
        (LOG10_REVENUE, [0, 1, 4], {"no_revenue": 2, "revenue_below_1000_usd": 1}),
        (REVENUE_CLASS, [0, 1, 4], {"no_revenue": 2, "revenue_below_1000_usd": 1}),
        (PROFIT, [0, 1], {"no_revenue": 2, "revenue_below_1000_usd": 1, "no_budget": 1}),
        (COMEDY_HORROR, [1, 2], {"no_genre": 2, "first_genre_is_no_class": 2}),
        (FIRST_GENRE, [0, 1, 2], {"no_genre": 2, "first_genre_is_no_class": 1}),
        (GENRE_LABELS, [0, 1, 2, 4], {"no_genre": 2}),
        (GENRES, [0, 1, 2, 4], {"no_genre": 2}),
        (SCORE_TASK, [0, 1], {"no_score": 2, "too_few_votes": 2}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_movies_that_a_task_cannot_use_are_dropped_with_a_reason(task, known, dropped):
    mask, reasons = known_rows(task, table())
    assert np.flatnonzero(mask).tolist() == known
    assert reasons == dropped


def test_every_task_of_every_system_has_a_target():
    for system in SYSTEMS:
        for task in system.tasks:
            known_rows(task, table())


def test_log10_revenue():
    target = make_target(LOG10_REVENUE, table(), np.array([0, 1]))
    np.testing.assert_allclose(target.values, [8, 6, np.nan, np.nan, np.log10(2e7), np.nan])
    assert target.facts["mean"] == pytest.approx(7.0)
    assert target.is_known.tolist() == [True, True, False, False, True, False]


TWO = replace(REVENUE_CLASS, class_names=("low", "high"))


def test_class_edges_are_the_training_part_s():
    target = make_target(TWO, table(), np.array([0, 1]))
    assert target.values.tolist() == [1, 0, -1, -1, 1, -1]
    assert target.facts["edges_usd"] == pytest.approx([1e7])
    other = make_target(TWO, table(), np.array([0, 4]))
    assert other.values.tolist() == [1, 0, -1, -1, 0, -1]


def test_classes_by_budget_multiples_want_a_budget():
    options = TargetOptions(revenue_edges="budget")
    known, dropped = known_rows(REVENUE_CLASS, table(), options)
    assert dropped["no_budget"] == 1
    target = make_target(REVENUE_CLASS, table(), np.flatnonzero(known), options)
    # twice its budget, and half of it
    assert target.values[:2].tolist() == [4, 2]
    assert target.facts == {"edges_budgets": [0.25, 0.5, 1.0, 1.5, 2.5, 4.0, 8.0]}


def test_profit_is_at_least_the_budget():
    target = make_target(PROFIT, table(), np.array([0, 1]))
    assert target.values.tolist() == [1, 0, -1, -1, -1, -1]
    assert target.facts["shares"] == {"did not do well": 0.5, "did well": 0.5}


def test_first_listed_genre_counts():
    assert make_target(COMEDY_HORROR, table(), np.array([1])).values.tolist() == [
        -1, 0, 1, -1, -1, -1,
    ]  # fmt: skip
    first = make_target(FIRST_GENRE, table(), np.array([0, 1])).values
    names = FIRST_GENRE.class_names
    assert first.tolist() == [
        names.index("Science Fiction"), names.index("Comedy"), names.index("Horror"), -1, -1, -1,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("task", "sci_fi"), [(GENRES, "sci-fi"), (GENRE_LABELS, "Science Fiction")]
)
def test_tmdb_s_genres_become_labels(task, sci_fi):
    target = make_target(task, table(), np.array([0, 1]))
    named = [
        {name for name, there in zip(task.class_names, row, strict=True) if there == 1}
        for row in target.values
    ]
    comedy = next(name for name in task.class_names if name.lower() == "comedy")
    assert named[0] == {sci_fi, comedy}
    assert np.isnan(target.values[3]).all()
    assert target.facts["shares"][comedy] == 1.0
    assert target.values.dtype == np.float32


def test_score_is_in_standard_deviations_of_the_training_part():
    target = make_target(SCORE_TASK, table(), np.array([0, 1]))
    np.testing.assert_allclose(target.values[:2], [1, -1])
    assert target.facts == {"min_votes": 10, "mean": 6.0, "sd": 1.0}
    few = make_target(SCORE_TASK, table(), np.array([0]), TargetOptions(min_votes=3))
    assert few.values[3] == 2.0


def test_targets_do_not_look_at_the_test_part():
    one, other = table(), table()
    other.loc[4, "revenue_usd"] = 9e9
    other.loc[4, ["vote_average", "vote_count"]] = [10.0, 900]
    for task in (TWO, LOG10_REVENUE, SCORE_TASK):
        assert (
            make_target(task, one, np.array([0, 1])).facts
            == make_target(task, other, np.array([0, 1])).facts
        )


def test_training_movie_without_a_target_is_refused():
    with pytest.raises(SplitError, match="of which 1 without"):
        make_target(LOG10_REVENUE, table(), np.array([0, 2]))
    with pytest.raises(SplitError, match="got 0"):
        make_target(LOG10_REVENUE, table(), np.array([], int))


def test_task_that_nobody_knows_is_refused():
    with pytest.raises(SplitError, match="beauty"):
        known_rows(Task("beauty", TaskKind.REGRESSION, "mae_error"), table())


def test_splits_are_balanced_by_what_the_task_predicts():
    usable = table().iloc[[0, 1]].reset_index(drop=True)
    assert balance_by(GENRES, usable).dtype == bool
    assert balance_by(PROFIT, usable).tolist() == [1, 0]
    assert balance_by(LOG10_REVENUE, usable).tolist() == [7, 3]
