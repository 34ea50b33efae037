import time

import numpy as np
import pandas as pd
import pytest

from pipeline.core.errors import SplitError
from pipeline.core.revenue_classes import classify, fit_edges
from pipeline.core.split_names import BY_DATE, RatioSplit
from pipeline.models.systems.revenue import REVENUE, REVENUE_CLASS
from pipeline.splits.by_date import split_by_date
from pipeline.splits.leakage_checks import prove_disjoint
from pipeline.splits.random_split import split_by_ratio
from pipeline.splits.targets import balance_by
from pipeline.splits.task_splits import make_splits


def movies(n: int, *, seed: int = 0, franchises: float = 0.85) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = pd.Timestamp(1980, 1, 1) + pd.to_timedelta(rng.integers(0, 15_000, n), "D")
    return pd.DataFrame(
        {
            "tmdb_id": rng.permutation(n) + 1,
            "franchise": [f"f{k}" for k in rng.integers(0, max(1, int(n * franchises)), n)],
            "revenue_usd": 10 ** rng.normal(7.5, 1, n),
            "release_date": days.to_series().reset_index(drop=True),
        }
    )


def by_ratio(table: pd.DataFrame, ratio: RatioSplit, *, seed: int = 42) -> np.ndarray:
    return split_by_ratio(table, balance_by(REVENUE_CLASS, table), ratio, seed=seed)


@pytest.mark.parametrize("n", [60, 72, 100, 2_500])
@pytest.mark.parametrize("ratio", REVENUE.splits, ids=lambda ratio: ratio.name)
def test_parts_have_the_published_shares(n, ratio):
    parts = by_ratio(movies(n), ratio, seed=42)
    for part in ("train", "val", "test"):
        wanted = getattr(ratio, part) * n
        assert abs((parts == part).sum() - wanted) <= max(2, 0.02 * n), part


@pytest.mark.parametrize("ratio", REVENUE.splits, ids=lambda ratio: ratio.name)
def test_parts_are_balanced_by_class(ratio):
    table = movies(800)
    parts = by_ratio(table, ratio, seed=42)
    revenues = table["revenue_usd"].to_numpy()
    classes = classify(revenues, fit_edges(revenues))
    for part in ("train", "val", "test"):
        sizes = np.bincount(classes[parts == part], minlength=8)
        assert sizes.max() - sizes.min() <= 3, part


@pytest.mark.parametrize("n", [60, 500])
def test_franchise_stays_in_one_part(n):
    table = movies(n, franchises=0.4)
    for ratio in REVENUE.splits:
        parts = pd.Series(by_ratio(table, ratio, seed=42))
        assert (parts.groupby(table["franchise"]).nunique() == 1).to_numpy().all()


def test_split_depends_on_the_seed_and_not_on_the_order_of_rows():
    table = movies(200)
    ratio = REVENUE.splits[0]
    parts = pd.Series(by_ratio(table, ratio, seed=42), index=table["tmdb_id"])
    mixed = table.sample(frac=1, random_state=1).reset_index(drop=True)
    again = pd.Series(by_ratio(mixed, ratio, seed=42), index=mixed["tmdb_id"])
    assert (parts == again.loc[parts.index]).to_numpy().all()
    assert (parts.to_numpy() != by_ratio(table, ratio, seed=43)).any()


def test_one_huge_franchise_leaves_no_room_and_is_refused():
    table = movies(20)
    table["franchise"] = "f"
    with pytest.raises(SplitError, match="expected three sets"):
        by_ratio(table, REVENUE.splits[0], seed=42)


def test_36000_movies_are_split_in_seconds():
    table = movies(36_000)
    start = time.perf_counter()
    splits = make_splits(table, REVENUE_CLASS, REVENUE.splits, seed=42, folds=5)[0]
    assert time.perf_counter() - start < 20
    assert abs((splits["80-10-10"].to_numpy() == "test").mean() - 0.1) < 0.001


def dated(*rows: tuple[int, str, str | None]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "tmdb_id": [row[0] for row in rows],
            "franchise": [row[1] for row in rows],
            "release_date": pd.to_datetime([row[2] for row in rows]),
            "revenue_usd": 1e6,
        }
    )


def by_year(n: int = 20) -> list[tuple[int, str, str | None]]:
    return [(year, f"f{year}", f"{1990 + year}-01-01") for year in range(n)]


def test_oldest_are_trained_on_and_newest_tested():
    parts = split_by_date(dated(*by_year()[::-1]))[::-1]
    assert parts.tolist() == ["train"] * 14 + ["val"] * 3 + ["test"] * 3


def test_sequel_is_tested_on_beside_its_trained_predecessor():
    rows = by_year()
    rows[-1] = (19, "f0", "2009-01-01")
    parts = split_by_date(dated(*rows))
    assert (parts[0], parts[-1]) == ("train", "test")


def test_set_that_does_not_follow_the_earlier_one_is_refused():
    table = dated(*by_year(), (20, "f20", "2010-01-01"))
    frame = pd.DataFrame({"tmdb_id": table["tmdb_id"], BY_DATE: split_by_date(table)})
    prove_disjoint(frame, table)
    frame.loc[[0, 20], BY_DATE] = ["test", "train"]
    with pytest.raises(SplitError, match="every movie in val after those in train"):
        prove_disjoint(frame, table)
    frame.loc[[0, 20], BY_DATE] = ["train", "test"]
    table.loc[20, "release_date"] = None
    with pytest.raises(SplitError, match="no release date"):
        prove_disjoint(frame, table)


def test_movie_without_a_date_is_left_out_and_counted():
    table = dated(*by_year(), (99, "f0", None))
    parts = split_by_date(table)
    assert parts[-1] == ""


def test_movies_of_one_day_stay_together():
    rows = [(k, f"f{k}", "1990-01-01" if k < 12 else f"{1990 + k}-01-01") for k in range(16)]
    parts = split_by_date(dated(*rows))
    assert set(parts[:12]) == {"train"}


def test_movies_all_of_one_day_cannot_be_split_by_date():
    with pytest.raises(SplitError, match="more release days"):
        split_by_date(dated(*[(k, f"f{k}", "1990-01-01") for k in range(30)]))


def test_no_dates_at_all_are_refused():
    with pytest.raises(SplitError, match="no movie has a release date"):
        split_by_date(dated((1, "a", None)))


def test_frame_has_the_published_splits_and_the_one_by_date():
    table = movies(100)
    splits = make_splits(table, REVENUE_CLASS, REVENUE.splits, seed=42, folds=5)[0]
    assert splits.columns.tolist() == [
        "tmdb_id", "70-20-10", "75-15-10", "80-10-10", BY_DATE,
        "fold-1", "fold-2", "fold-3", "fold-4", "fold-5",
    ]  # fmt: skip
    assert splits["tmdb_id"].tolist() == table["tmdb_id"].tolist()


def broken(change) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = dated((1, "a", None), (2, "b", None), (3, "c", None), (4, "a", None))
    splits = pd.DataFrame({"tmdb_id": [1, 2, 3, 4], "s": ["train", "val", "test", "train"]})
    change(splits)
    return splits, table


def test_disjoint_split_is_proven():
    prove_disjoint(*broken(lambda splits: None))


@pytest.mark.parametrize(
    ("row", "column", "value", "message"),
    [
        (3, "s", "test", "franchise 'a' is in two sets"),
        (3, "tmdb_id", 1, "movie 1 is listed twice"),
        (3, "tmdb_id", 9, "movie 9 is in the splits but not in the features"),
        (3, "s", "valid", "got \\['valid'\\]"),
        (2, "s", "train", "no movie in \\['test'\\]"),
    ],
)
def test_broken_split_is_refused(row, column, value, message):
    with pytest.raises(SplitError, match=message):
        prove_disjoint(*broken(lambda splits: splits.__setitem__(
            column, [value if k == row else old for k, old in enumerate(splits[column])]
        )))  # fmt: skip


def test_movie_that_a_split_leaves_out_may_have_any_franchise():
    splits, table = broken(lambda splits: None)
    splits["s"] = ["train", "val", "test", ""]
    prove_disjoint(splits, table)
