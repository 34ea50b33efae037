"""Comparable movies: the nearest, none that came later, and no revenue that nobody knew yet."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from present import present

from pipeline.core.records import Company, MovieRecord, Person
from pipeline.predict.comparable import MovieComparison
from pipeline.predict.movie_row import MovieRow
from pipeline.splits.features import FeatureTable
from pipeline.splits.packing import pack

NOTHING = np.zeros(0, np.float32)
TODAY = date(2020, 6, 1)
JANE = Person(5, "Jane Doe", "Director")
ASKED = MovieRecord(
    9, "Asked", release_date=date(2015, 7, 1), budget_usd=4e7, runtime_min=110.0,
    genres=("Action",), crew=(JANE,), companies=(Company(1, "One"),), original_language="en",
)  # fmt: skip


@pytest.fixture
def make_comparison(tmp_path):
    def make(movies, texts, posters=None):
        """Pack movies of these records, embeddings of plots and posters by id."""
        streams = {"text": texts, "poster": posters or {}}
        packed = {name: {i: np.float32(v) for i, v in by.items()} for name, by in streams.items()}
        earned = {one.tmdb_id: one.revenue_usd for one in movies if one.revenue_usd}
        pack(tmp_path / "features", movies, earned, packed, {}, notes={})
        return MovieComparison(FeatureTable.load(tmp_path / "features"))

    return make


def movie(tmdb_id, released, **more):
    return MovieRecord(tmdb_id, f"Movie {tmdb_id}", release_date=released, **more)


def ids(found):
    return [one.tmdb_id for one in found]


def row(record=ASKED, **streams):
    return MovieRow(record, NOTHING, {name: np.float32(values) for name, values in streams.items()})


OLD = [movie(n, date(2000, 1, n), revenue_usd=n * 1e6, original_language="fr") for n in range(1, 6)]


def test_nearest_by_plot_come_first_with_their_cosines(make_comparison):
    comparison = make_comparison(OLD, {1: [1, 0], 2: [0, 1], 3: [1, 1], 4: [-1, 0]})
    found = comparison.find(row(text=[2, 0]), TODAY, count=3).by_embeddings
    assert ids(found) == [1, 3, 2]
    assert [one.reason for one in found] == ["plot 1.00", "plot 0.71", "plot 0.00"]
    assert found[0].similarity > found[1].similarity > found[2].similarity
    assert found[0].revenue_usd == 1e6


def test_modality_that_a_movie_lacks_counts_as_neither_near_nor_far(make_comparison):
    texts = {1: [1, 0], 2: [1, 0], 3: [0, 1]}
    comparison = make_comparison(OLD, texts, {1: [0, 1], 3: [1, 0], 5: [1, 1]})
    found = comparison.find(row(text=[1, 0], poster=[0, 1]), TODAY).by_embeddings
    assert ids(found)[0] == 1
    assert found[0].reason == "plot 1.00, poster 1.00"
    assert [one.reason for one in found if one.tmdb_id == 2] == ["plot 1.00"]
    assert [one.has_poster for one in found if one.tmdb_id in (1, 2)] == [True, False]


def test_no_movie_of_a_later_day_is_found_and_no_later_revenue(make_comparison):
    day = present(ASKED.release_date)
    movies = [
        movie(1, day - timedelta(days=91), revenue_usd=1e6, genres=("Action",)),
        movie(2, day - timedelta(days=89), revenue_usd=2e6, genres=("Action",)),
        movie(3, day + timedelta(days=1), revenue_usd=3e6, genres=("Action",)),
        replace(movie(4, None, genres=("Action",)), revenue_usd=4e6),
        replace(ASKED, revenue_usd=9e6),
    ]
    comparison = make_comparison(movies, {n: [1, 0] for n in (1, 2, 3, 4, 9)})
    found = comparison.find(row(text=[1, 0]), TODAY)
    assert found.day == day
    for listed in (found.by_embeddings, found.by_fields):
        assert {one.tmdb_id: one.revenue_usd for one in listed} == {1: 1e6, 2: None}
    earlier = replace(row(text=[1, 0]), day=day - timedelta(days=90))
    assert ids(comparison.find(earlier, TODAY).by_fields) == [1]
    assert comparison.find(earlier, TODAY).by_fields[0].revenue_usd is None


def test_movie_to_come_is_compared_with_what_is_out_today(make_comparison):
    comparison = make_comparison([movie(1, date(2020, 7, 1), genres=("Action",))], {1: [1, 0]})
    to_come = replace(ASKED, release_date=date(2021, 1, 1))
    found = comparison.find(row(to_come, text=[1, 0]), TODAY)
    assert (found.day, found.by_embeddings, found.by_fields) == (TODAY, (), ())


def test_nearest_by_fields_share_people_and_say_which(make_comparison):
    movies = [
        movie(1, date(2000, 7, 1), genres=("Drama",), budget_usd=1e5, runtime_min=200.0),
        movie(2, date(2001, 1, 1), genres=("Action", "War"), budget_usd=3e7, runtime_min=108.0),
        movie(3, date(2002, 7, 9), crew=(JANE,), companies=(Company(1, "One"),)),
    ]
    found = make_comparison(movies, {}).find(row(), TODAY).by_fields
    assert ids(found) == [3, 2, 1]
    assert found[0].reason == "director Jane Doe; One; same month"
    assert found[1].reason == "Action; similar budget; similar length"
    assert 0 < found[2].similarity < found[1].similarity < found[0].similarity < 1


def test_movie_of_which_nothing_is_known_is_like_none(make_comparison):
    found = make_comparison(OLD, {1: [1, 0]}).find(row(MovieRecord(0, "")), TODAY)
    assert (found.by_embeddings, found.by_fields) == ((), ())
    assert found.as_json() == {"day": "2020-06-01", "by_embeddings": (), "by_fields": ()}


def test_embedding_without_a_direction_is_left_out(make_comparison):
    comparison = make_comparison(OLD, {1: [0, 0], 2: [1, 1]})
    assert ids(comparison.find(row(text=[1, 0]), TODAY).by_embeddings) == [2]
    assert comparison.find(row(text=[0, 0]), TODAY).by_embeddings == ()
