"""Track records look back only: earlier days, movies of the training part, other franchises."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.records import Company, MovieRecord, Person
from pipeline.core.track_records import (
    TALENT_COLUMNS,
    TrackRecords,
    collect_track_records,
    describe_talent,
    list_people,
)
from pipeline.core.track_statistics import STATISTICS, summarise_roles


def movie(tmdb_id: int, day: date | None, *people: Person, title: str = "", budget_usd=1e7):
    return MovieRecord(
        tmdb_id,
        title or f"Unique Name{tmdb_id}",
        release_date=day,
        budget_usd=budget_usd,
        crew=tuple(p for p in people if p.job != "Actor"),
        cast=tuple(p for p in people if p.job == "Actor"),
        companies=(Company(77, "Works"),),
    )


ANN = Person(1, "Ann", "Director")
BOB = Person(2, "Bob", "Actor", order=0)
MOVIES = [
    movie(1, date(2001, 5, 1), ANN, BOB),
    movie(2, date(2004, 5, 1), ANN, BOB),
    movie(3, date(2008, 5, 1), ANN),
    movie(4, date(2012, 5, 1), Person(9, "New", "Director")),
    movie(5, None, ANN),
]
EARNED_USD = np.array([1e6, 1e8, 1e7, 1e5, 1e9])


def described(movies, earned_usd, rows):
    tracks = collect_track_records(movies, earned_usd, np.array(rows))
    names = TALENT_COLUMNS
    return [dict(zip(names, row, strict=True)) for row in describe_talent(movies, tracks).tolist()]


def test_only_earlier_movies_count():
    rows = described(MOVIES, EARNED_USD, [0, 1, 2, 3, 4])
    assert [np.expm1(row["director_history_movies"]).round(4) for row in rows[:4]] == [0, 1, 2, 0]
    assert np.isnan(rows[0]["director_history_mean"])
    second, third = rows[1]["director_history_last"], rows[2]["director_history_last"]
    assert second == pytest.approx(6 + np.log10(313.689 / 177.1), abs=1e-3)
    assert third == pytest.approx(8 + np.log10(313.689 / 188.9), abs=1e-3)


def test_a_movie_of_the_same_day_does_not_count():
    twins = [MOVIES[0], replace(MOVIES[1], release_date=MOVIES[0].release_date)]
    rows = described(twins, EARNED_USD[:2], [0, 1])
    assert [row["director_history_movies"] for row in rows] == [0, 0]


def test_movies_outside_the_training_part_do_not_count():
    only_last = described(MOVIES, EARNED_USD, [1])
    assert np.expm1(only_last[2]["director_history_movies"]).round(4) == 1
    changed = EARNED_USD.copy()
    changed[[0, 2, 3, 4]] = 5e8
    assert str(described(MOVIES, changed, [1])) == str(only_last)


def test_own_and_later_revenues_never_move_a_movies_columns():
    """Whatever is known of it, a movie's row depends on earlier movies alone."""
    before = described(MOVIES, EARNED_USD, [0, 1, 2, 3])
    for own in range(4):
        changed = EARNED_USD.copy()
        changed[own:] *= 1000
        after = described(MOVIES, changed, [0, 1, 2, 3])
        for name in TALENT_COLUMNS:
            if (
                "over_budget" not in name
            ):  # those subtract a curve that is fitted on all of the part
                assert str(after[own][name]) == str(before[own][name])


def test_predecessors_of_the_same_franchise_do_not_count():
    pair = [
        movie(1, date(2001, 5, 1), ANN, title="Tomb"),
        movie(2, date(2004, 5, 1), ANN, title="Tomb 2"),
    ]
    rows = described(pair, EARNED_USD[:2], [0, 1])
    assert rows[1]["director_history_movies"] == 0


def test_over_budget_tells_who_did_better_than_money_lets_expect():
    rng = np.random.default_rng(0)
    movies, earned = [], []
    for i in range(60):
        who = Person(100 + i % 2, "", "Director")
        movies.append(
            movie(i, date(1990 + i // 2, 1 + i % 12, 1), who, budget_usd=10 ** rng.uniform(6, 8))
        )
        earned.append(movies[-1].budget_usd * (5 if i % 2 else 0.2))
    rows = described(movies, np.array(earned), range(60))
    assert rows[59]["director_history_over_budget"] > 0.3
    assert rows[58]["director_history_over_budget"] < -0.3


def test_movie_without_a_date_has_no_history():
    tracks = collect_track_records(MOVIES, EARNED_USD, np.arange(5))
    assert np.isnan(describe_talent(MOVIES, tracks)[4]).all()
    assert 9.0 not in np.round(tracks.log10_usd)


def test_leads_are_the_first_of_the_billing():
    cast = [Person(i, "", "Actor", order=9 - i) for i in range(4)]
    assert list_people(movie(1, None, *cast))["lead"] == [3, 2]


def test_column_names_pass_the_leak_check():
    check_no_leak(TALENT_COLUMNS)
    assert len(set(TALENT_COLUMNS)) == len(TALENT_COLUMNS)


def test_rows_of_an_owner_are_those_that_a_search_of_all_credits_finds():
    rng = np.random.default_rng(7)
    credits = sorted(zip(*(rng.integers(0, most, 400) for most in (40, 60, 5)), strict=True))
    owner, day, franchise = (
        np.array(column, dtype=np.int64) for column in zip(*credits, strict=True)
    )
    tracks = TrackRecords(owner, day, np.zeros(400), np.zeros(400), franchise)
    asked = rng.integers(0, (45, 62, 6), (300, 3))
    places, rows = tracks.find(*asked.T)
    for place, (one, before, other) in enumerate(asked.tolist()):
        wanted = np.flatnonzero((owner == one) & (day < before) & (franchise != other))
        assert rows[places == place].tolist() == wanted.tolist()


def test_figures_of_a_role_are_those_of_its_credits_counted_one_by_one():
    rng = np.random.default_rng(3)
    role_of, owner_of = np.array([0, 0, 0, 2, 2]), np.array([0, 0, 1, 1, 1, 3])
    days = np.array([100, 900, 50, 400, 900, 300])
    earned, over = rng.normal(size=(2, 6))
    figures = summarise_roles(role_of, owner_of, (days, earned, over), np.array([1000, 1000, 500]))
    assert np.isnan(figures[1]).all()
    for role, credits, own in ((0, slice(0, 5), ([0, 1], [2, 3, 4])), (2, slice(5, 6), ([5],))):
        n_listed = (role_of == role).sum()
        since = (days[credits] - [1000, 0, 500][role]) / 365.25
        fading = np.exp(since / 6)
        wanted = {
            "movies": np.log1p(len(earned[credits]) / n_listed),
            "known_share": len(own) / n_listed,
            "mean": earned[credits].mean(),
            "highest": earned[credits].max(),
            "last": earned[{0: 1, 2: 5}[role]],  # the first listed of two on one day
            "years_since": -since.max(),
            "over_budget": over[credits].sum() / (len(over[credits]) + 3),
            "best_over_budget": max(over[some].sum() / (len(some) + 3) for some in own),
            "recent_over_budget": (fading * over[credits]).sum() / (fading.sum() + 1),
        }
        assert dict(zip(STATISTICS, figures[role], strict=True)) == pytest.approx(wanted)


def test_what_is_remembered_is_of_these_tracks_and_movies_and_cannot_be_changed():
    early, late = (collect_track_records(MOVIES, EARNED_USD, np.array(r)) for r in ([0, 1], [1, 2]))
    first = describe_talent(MOVIES, early)
    wanted = first.copy()
    first[:] = 0
    assert describe_talent(MOVIES, early).tobytes() == wanted.tobytes()
    assert describe_talent(MOVIES, late).tobytes() != wanted.tobytes()
    turned = describe_talent(MOVIES[::-1], early)
    assert turned[::-1].tobytes() == wanted.tobytes()
    same = replace(early, day=early.day.copy())
    assert describe_talent([*MOVIES], same).tobytes() == wanted.tobytes()
