import time

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import SplitError
from pipeline.models.systems.box_office import BOX_OFFICE, LOG10_REVENUE
from pipeline.models.systems.genre import GENRE, GENRES
from pipeline.models.systems.revenue import REVENUE_CLASS
from pipeline.splits.assignment import assign_by_label, divide
from pipeline.splits.leakage_checks import prove_disjoint
from pipeline.splits.random_split import split_into_folds
from pipeline.splits.targets import quantiles
from pipeline.splits.task_splits import find_unfit, make_possible_splits, make_splits


def movies(n: int, *, seed: int = 0, franchises: float = 0.8) -> tuple[pd.DataFrame, np.ndarray]:
    """A table, and labels of which the last is rare."""
    rng = np.random.default_rng(seed)
    days = pd.Timestamp(1980, 1, 1) + pd.to_timedelta(rng.integers(0, 15_000, n), "D")
    labels = rng.random((n, 10)) < np.linspace(0.5, 0.02, 10)
    names = np.array(GENRES.class_names, dtype=object)
    table = pd.DataFrame(
        {
            "tmdb_id": rng.permutation(n) + 1,
            "imdb_id": [f"tt{k:07d}" for k in range(n)],
            "franchise": [f"f{k}" for k in rng.integers(0, max(1, int(n * franchises)), n)],
            "revenue_usd": 10 ** rng.normal(7.5, 1, n),
            "release_date": days.to_series().reset_index(drop=True),
            "genres": [list(names[row]) or ["Western"] for row in labels],
        }
    )
    return table, labels


def test_every_movie_is_tested_once():
    table, _ = movies(300)
    strata = np.arange(300) % 4
    splits = split_into_folds(table, strata, 5, seed=1)
    assert list(splits) == ["fold-1", "fold-2", "fold-3", "fold-4", "fold-5"]
    tested = sum((parts == "test").astype(int) for parts in splits.values())
    assert (tested == 1).all()


def test_folds_have_equal_sizes_and_classes_and_a_validation_part_each():
    table, _ = movies(1000)
    classes = np.arange(1000) % 4
    for parts in split_into_folds(table, classes, 5, seed=1).values():
        assert abs((parts == "test").sum() - 200) <= 4
        assert abs((parts == "val").sum() - 80) <= 4
        counts = np.bincount(classes[parts == "test"])
        assert counts.max() - counts.min() <= 4


def test_franchise_stays_in_one_part_of_each_fold():
    table, labels = movies(300, franchises=0.3)
    for strata in (np.arange(300) % 4, labels):
        splits = split_into_folds(table, strata, 5, seed=1)
        prove_disjoint(pd.DataFrame({"tmdb_id": table["tmdb_id"], **splits}), table)


def test_folds_do_not_depend_on_the_order_of_rows():
    table, _ = movies(200)
    classes = pd.Series(np.arange(200) % 4)
    mixed = table.sample(frac=1, random_state=1)
    first = split_into_folds(table, classes.to_numpy(), 3, seed=1)["fold-1"]
    strata = classes[mixed.index].to_numpy()
    again = split_into_folds(mixed.reset_index(drop=True), strata, 3, seed=1)["fold-1"]
    assert (first[mixed.index] == again).all()
    assert (split_into_folds(table, classes.to_numpy(), 3, seed=2)["fold-1"] != first).any()


def test_too_few_movies_for_folds_are_refused():
    table, _ = movies(6)
    table["franchise"] = "f"
    with pytest.raises(SplitError, match="fewer folds"):
        split_into_folds(table, np.zeros(6, int), 5, seed=1)


def test_every_label_has_its_share_of_every_part():
    table, labels = movies(2000)
    shares = [0.7, 0.1, 0.2]
    part = divide(table, labels, shares, seed=1)
    for k, share in enumerate(shares):
        assert abs((part == k).mean() - share) < 0.01
        wanted = labels.sum(axis=0) * share
        assert (np.abs(labels[part == k].sum(axis=0) - wanted) <= np.maximum(3, 0.1 * wanted)).all()


def test_rarest_label_is_spread_first():
    labels = np.zeros((20, 2), bool)
    labels[:, 0] = True
    labels[:2, 1] = True
    part = assign_by_label(np.arange(20), labels, [0.5, 0.5])
    assert part[0] != part[1]
    assert np.bincount(part).tolist() == [10, 10]


def test_movies_without_any_label_are_divided_too():
    part = assign_by_label(np.arange(10), np.zeros((10, 3), bool), [0.8, 0.2])
    assert np.bincount(part).tolist() == [8, 2]


def test_numbers_are_balanced_by_their_quantiles():
    strata = quantiles(np.array([5.0, 1.0, 3.0, 2.0, 4.0, 6.0, 7.0, 8.0]), 4)
    assert strata.tolist() == [2, 0, 1, 0, 1, 2, 3, 3]


@pytest.mark.parametrize(("system", "task"), [(GENRE, GENRES), (BOX_OFFICE, LOG10_REVENUE)])
def test_36000_movies_are_divided_in_seconds(system, task):
    table, _ = movies(36_000)
    start = time.process_time()
    splits, _ = make_splits(table, task, system.splits, seed=42, folds=5)
    assert time.process_time() - start < 30
    fold = splits["fold-1"].to_numpy()
    assert abs((fold == "test").sum() / (fold != "").sum() - 0.2) < 0.01


def test_movies_that_the_task_cannot_use_are_in_no_part_and_counted():
    table, labels = movies(200)
    splits, excluded = make_splits(table, GENRES, GENRE.splits, seed=42)
    without = ~labels.any(axis=1)
    assert excluded == {"no_genre_is_a_label": int(without.sum())}
    for name in splits.columns[1:]:
        assert (splits[name][without] == "").to_numpy().all()
    assert splits["tmdb_id"].tolist() == table["tmdb_id"].tolist()


def test_split_that_is_too_small_for_the_target_is_found_with_its_reason():
    table, _ = movies(9)
    sets = np.array(["train"] * 6 + ["val", "test", "test"], dtype=object)
    empty = np.where(sets == "val", "train", sets)
    splits = pd.DataFrame({"tmdb_id": table["tmdb_id"], "few": sets, "no-val": empty})
    unfit = find_unfit(splits, table, REVENUE_CLASS)
    assert "at least 8 different revenues in the training set, got 6" in unfit["few"]
    assert unfit["no-val"] == "too few films: its val set is empty"
    assert set(find_unfit(splits, table, LOG10_REVENUE)) == {"no-val"}


def test_impossible_folds_leave_the_other_splits_alone():
    """Seen: 7 films, enough for 70-10-20 and too few for five folds, and nothing was trained."""
    table, _ = movies(7, franchises=9)
    folds = [f"fold-{k}" for k in range(1, 6)]
    splits, _, unfit = make_possible_splits(
        table, LOG10_REVENUE, BOX_OFFICE.splits, seed=1, folds=5
    )
    assert set(unfit) == set(folds)
    assert all("fold" in reason for reason in unfit.values())
    assert list(splits) == ["tmdb_id", "80-10-10", "by-date"]
    with pytest.raises(SplitError, match="fold"):
        make_splits(table, LOG10_REVENUE, BOX_OFFICE.splits, seed=1, folds=5)
