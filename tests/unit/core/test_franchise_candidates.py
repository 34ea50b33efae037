"""A movie is linked to the movies that it is linked to among all, found by what they share."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from pipeline.core import franchise_candidates
from pipeline.core.franchise_candidates import FranchiseCandidates
from pipeline.core.franchises import assign_franchises, count_earlier, find_franchise
from pipeline.core.records import Company, MovieRecord, Person

WORDS = ("the", "of", "harry", "stone", "chamber", "alien", "up", "part", "ii", "2", "returns")
JOBS = ("Director", "Writer", "Novel", "Characters", "Producer")


def draw(rng, tmdb_id):
    """Draw a movie of few words and people, so that many are linked, in all ways there are."""
    title = " ".join(rng.choice(WORDS, rng.integers(0, 5)))
    cast = [Person(int(p), "", "Actor", k) for k, p in enumerate(rng.integers(1, 9, 4))]
    crew = [Person(int(p), "", str(rng.choice(JOBS))) for p in rng.integers(5, 14, 3)]
    return MovieRecord(
        tmdb_id, title, cast=tuple(cast), crew=tuple(crew),
        release_date=date(2000 + int(rng.integers(0, 20)), 1, 1),
        companies=(Company(int(rng.integers(1, 9)), ""),),
        collection_id=int(rng.integers(1, 4)) if rng.random() < 0.1 else None,
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_franchise_and_loneliness_are_those_among_all_known_movies(seed):
    rng = np.random.default_rng(seed)
    known = assign_franchises([draw(rng, number) for number in range(1, 61)])
    candidates, lonely = FranchiseCandidates(known), 0
    for number in range(40):
        asked = draw(rng, 1000 + number)
        assert candidates.find_franchise(asked) == find_franchise(asked, known)
        if candidates.is_alone(asked):
            lonely += 1
            assert count_earlier([asked], [date(2030, 1, 1)], known) == [0]
    assert 0 < lonely < 40


def test_movie_is_not_linked_to_itself():
    rng = np.random.default_rng(0)
    one = replace(draw(rng, 1), title="Alien")
    assert FranchiseCandidates([one]).is_alone(one)
    assert not FranchiseCandidates([one]).is_alone(replace(one, tmdb_id=2))


def test_movie_without_title_and_credits_is_compared_with_nobody(monkeypatch):
    known = assign_franchises([draw(np.random.default_rng(0), number) for number in range(1, 9)])
    candidates = FranchiseCandidates(known)
    monkeypatch.setattr(franchise_candidates, "find_links", None)  # it would fail to be called
    assert candidates.find_franchise(MovieRecord(0, "", overview="A man.")) == "movie:0"
