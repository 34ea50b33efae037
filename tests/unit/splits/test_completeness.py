"""The probe finds inputs that show how much of a record is filled in, by any name."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from present import present

from pipeline.core.metadata import METADATA_COLUMNS, describe_movies
from pipeline.core.records import Company, MovieRecord, Person
from pipeline.splits.completeness import MIN_MOVIES, probe_columns, probe_masks

MOVIES = 600
JOBS = ("Director", "Screenplay", "Producer", "Editor")


def make_movies(crowd: float):
    """Movies whose records the crowd fills in by fame, where `crowd` is above 0."""
    rng = np.random.default_rng(3)
    records, votes = [], []
    for k in range(MOVIES):
        fame = rng.normal()
        n = int(np.clip(6 + 4 * (crowd * fame + rng.normal()), 0, 60))
        crew = [Person(k * 100 + j, "", job) for j, job in enumerate(JOBS)]
        record = MovieRecord(
            k + 1, f"T{k}", release_date=date(1990 + k % 25, 1 + k % 12, 1),
            budget_usd=10 ** rng.uniform(6, 8), runtime_min=100.0, overview="x" * (50 + 9 * n),
            original_language="en", genres=("Drama",), countries=("US",),
            companies=tuple(Company(j, "") for j in range(1 + n // 4)),
            spoken_languages=("en",) * (1 + n // 5), keywords=("a",) * n,
            cast=tuple(Person(j, "", "Actor", j) for j in range(n)),
            crew=tuple(crew[: 1 + min(n // 3, 3)]), tagline="T" if n > 4 else "",
        )  # fmt: skip
        records.append(record)
        votes.append(10 ** (2 + 0.6 * fame + 0.3 * (np.log10(present(record.budget_usd)) - 7)))
    return records, np.array(votes)


FILLED, VOTES = make_movies(1.0)

PUT_BACK = {
    "has_tagline": [bool(r.tagline) for r in FILLED],
    "overview_chars": [len(r.overview) for r in FILLED],
    "spoken_languages": [len(r.spoken_languages) for r in FILLED],
    "cast": [min(len(r.cast), 15) or np.nan for r in FILLED],
    "crew": [len(r.crew) for r in FILLED],
    "companies": [len(r.companies) for r in FILLED],
    "writer_history_mean": [7.0 if len(r.crew) > 1 else np.nan for r in FILLED],
    "keyword:space": [0.0 if r.keywords else np.nan for r in FILLED],
    "homepage": [VOTES[k] > 150 for k in range(MOVIES)],
}


@pytest.mark.parametrize("name", PUT_BACK)
def test_each_column_is_found_when_it_is_put_back(name):
    column = np.array(PUT_BACK[name], dtype=float)[:, None]
    [found] = probe_columns(column, [name], FILLED, VOTES)
    assert found.is_alarm
    assert found.columns == (name,)


@pytest.mark.parametrize("name", ["log10_budget", "runtime_min", "genre_drama"])
def test_a_count_under_the_name_of_a_content_is_found_too(name):
    sizes = np.array([[len(record.cast) * 1.5] for record in FILLED])
    assert probe_columns(sizes, [name], FILLED, VOTES)[0].is_alarm


def test_default_metadata_shows_nothing():
    found = probe_columns(describe_movies(FILLED), METADATA_COLUMNS, FILLED, VOTES)
    assert not [one for one in found if one.is_alarm]


def test_gaps_in_default_metadata_are_found_where_they_tell_of_votes():
    gone = [
        replace(r, runtime_min=None) if v < 60 else r for r, v in zip(FILLED, VOTES, strict=True)
    ]
    found = probe_columns(describe_movies(gone), METADATA_COLUMNS, gone, VOTES)
    assert [one.group for one in found if one.is_alarm] == ["runtime_min"]


def test_gaps_that_do_not_tell_of_votes_are_no_alarm():
    records, votes = make_movies(0.0)
    counts = np.array([[len(r.cast), len(r.overview)] for r in records], dtype=float)
    found = probe_columns(counts, ["cast", "overview_chars"], records, votes)
    assert not [one for one in found if one.is_alarm]


def test_what_budget_and_year_explain_is_no_completeness():
    flag = np.array([[1.0 if r.budget_usd > 1e7 else np.nan] for r in FILLED])
    assert not probe_columns(flag, ["trailer"], FILLED, VOTES)[0].is_alarm


def test_a_modality_that_famous_movies_have_is_found():
    found = probe_masks({"poster": VOTES > 100, "text": np.ones(MOVIES, bool)}, FILLED, VOTES)
    assert [one.group for one in found if one.is_alarm] == ["poster is there"]


def test_few_movies_are_not_probed():
    few = MIN_MOVIES - 1
    assert probe_columns(np.ones((few, 1)), ["a"], FILLED[:few], VOTES[:few]) == []
    assert probe_columns(np.ones((MOVIES, 1)), ["a"], FILLED, np.full(MOVIES, np.nan)) == []
