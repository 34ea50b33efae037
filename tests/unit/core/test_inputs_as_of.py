"""What happens after a day changes no input as of that day."""

import time
import tracemalloc
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from present import present

from pipeline.core import prices
from pipeline.core.budget_curve import REVENUE_DAYS
from pipeline.core.inputs_as_of import inputs_as_of, record_as_of
from pipeline.core.records import Company, MovieRecord, Person, Video
from pipeline.core.track_records import (
    CREW_JOBS,
    TALENT_COLUMNS,
    collect_track_records,
)

DAY = date(2010, 6, 1)
ANN, BOB, EVE = Person(1, "Ann", "Director"), Person(2, "Bob", "Actor"), Person(3, "Eve", "Writer")
CAST = tuple(Person(100 + place, "", "Actor", place) for place in range(5))
WORKS = Company(7, "Works")


def film(tmdb_id: int, day: date, title: str = "", **more) -> MovieRecord:
    known = {"budget_usd": 1e7 * tmdb_id, "crew": (ANN, EVE), "cast": (BOB,), "companies": (WORKS,)}
    return MovieRecord(tmdb_id, title or f"Only Name{tmdb_id}", release_date=day, **known | more)


PAST = [film(n, date(1990 + n // 3, 1 + n % 12, 3)) for n in range(1, 46)]
OWN = film(
    900, date(2010, 12, 1), "Harbour", cast=CAST, overview="A ship sails.", runtime_min=101.0,
    genres=("Drama",), countries=("US",), original_language="en",
    videos=(Video("t", "YouTube", "Trailer", published_at="2010-05-01T00:00:00Z"),),
)  # fmt: skip
OUT = date(2010, 4, 20)
JUST_OUT = film(800, OUT)
NEXT = film(901, date(2012, 7, 1))
SEQUEL = film(902, date(2013, 7, 1), "Harbour 2")
WORLD = [*PAST, JUST_OUT, OWN, NEXT, SEQUEL]
USD = {record.tmdb_id: 1e6 * (record.tmdb_id % 37 + 1) for record in WORLD}


def describe(records, revenues, day=DAY):
    """All that models read of `OWN`; everything is of the training set."""
    usd = np.array([revenues.get(record.tmdb_id, np.nan) for record in records])
    tracks = collect_track_records(records, usd, np.arange(len(records)))
    own = next(record for record in records if record.tmdb_id == OWN.tmdb_id)
    inputs = inputs_as_of([own], day, known=records, tracks=tracks)
    columns = (inputs.metadata, inputs.release, inputs.talent)
    # a collection is read as the earlier films that share it, which the columns count
    record = replace(inputs.records[0], collection_id=None, collection_name=None)
    return [record, inputs.people, inputs.plots, *(values.tobytes() for values in columns)]


def with_own(**changes):
    return [replace(r, **changes) if r is OWN else r for r in WORLD], USD


def with_other(which, **changes):
    return [replace(r, **changes) if r is which else r for r in WORLD], USD


def with_gross(which, usd):
    return WORLD, {**USD, which.tmdb_id: usd}


LATER = {
    "the sequel's gross": with_gross(SEQUEL, 9e9),
    "the director's next film's gross": with_gross(NEXT, 9e9),
    "a gross that was not known yet": with_gross(JUST_OUT, 9e9),
    "its own gross in the training set": with_gross(OWN, 9e9),
    "another sequel": ([*WORLD, film(903, date(2015, 1, 1), "Harbour 3")], USD),
    "the director's film after that": ([*WORLD, film(904, date(2014, 1, 1))], {**USD, 904: 8e9}),
    "an actor's next film": (
        [*WORLD, film(905, date(2011, 1, 1), cast=CAST[:1])], {**USD, 905: 8e9},
    ),
    "the company's next film": ([*WORLD, film(906, date(2011, 2, 2), crew=())], {**USD, 906: 8e9}),
    "the sequel's budget": with_other(SEQUEL, budget_usd=5e8),
    "votes": with_own(vote_count=20_000, vote_average=8.1),
    "popularity": with_own(popularity=99.0),
    "revenue in the record": with_own(revenue_usd=9e9),
    "a tagline": with_own(tagline="It sails."),
    "keywords": with_own(keywords=("blockbuster", "ship")),
    "credits of the crew": with_own(
        crew=(ANN, EVE, *(Person(500 + n, "", "Stunts") for n in range(40)))
    ),
    "cast beyond the first billed": with_own(
        cast=(*CAST, *(Person(600 + n, "", "Actor", 5 + n) for n in range(60)))
    ),
    "spoken languages": with_own(spoken_languages=("English", "Tlingit")),
    "a video after the day": with_own(
        videos=(*OWN.videos, Video("l", "YouTube", "Trailer", published_at="2010-09-01T00:00:00Z"))
    ),
    "a collection, because a sequel came": with_own(collection_id=55, collection_name="Harbours"),
    "votes of an earlier film": with_other(PAST[3], vote_count=50_000, tagline="Later"),
}  # fmt: skip
"""Facts of after the day, each as records and revenues that hold it; prices and companies follow.
"""


@pytest.mark.parametrize("fact", LATER)
def test_a_later_fact_changes_no_input(fact):
    assert describe(*LATER[fact]) == describe(WORLD, USD)


def test_companies_beyond_the_third_change_no_input():
    three = (WORKS, Company(8, ""), Company(9, ""))
    more = (*three, Company(10, ""), Company(11, ""))
    assert describe(*with_own(companies=more)) == describe(*with_own(companies=three))


def test_prices_of_later_years_change_no_input(monkeypatch):
    before = describe(WORLD, USD)
    for year in range(DAY.year + 1, prices.REAL_USD_YEAR):
        monkeypatch.setitem(prices.CPI_U, year, 9000.0)
    assert describe(WORLD, USD) == before


def test_earlier_facts_do_change_inputs():
    before = describe(WORLD, USD)
    changed = [
        with_gross(PAST[-1], 9e9),
        with_own(budget_usd=5e7),
        with_own(cast=CAST[1:]),
        ([*WORLD, film(910, date(2009, 1, 1), "Harbour: the Beginning")], USD),
        ([*WORLD, film(911, date(2009, 1, 1), cast=CAST[:1], crew=())], {**USD, 911: 8e9}),
    ]
    assert all(describe(*world) != before for world in changed)


def test_a_revenue_is_known_some_weeks_after_release():
    usd = np.array([USD[record.tmdb_id] for record in WORLD])
    tracks = collect_track_records(WORLD, usd, np.arange(len(WORLD)))
    place = TALENT_COLUMNS.index("director_history_movies")
    counts = [
        inputs_as_of([OWN], day, known=WORLD, tracks=tracks).talent[0, place].item()
        for day in (DAY, OUT + timedelta(REVENUE_DAYS + 1))
    ]
    assert np.expm1(counts).round(3).tolist() == [45, 46]


def test_after_its_release_a_movie_is_described_as_of_its_release():
    assert describe(WORLD, USD, date(2020, 1, 1)) == describe(WORLD, USD, OWN.release_date)


def test_as_of_each_day_what_was_known_by_then():
    """Brute force: the inputs as of a day are those from a world that ends on that day."""
    for day in (date(1999, 5, 5), date(2006, 2, 1), DAY):
        days = [(r, (day - present(r.release_date)).days) for r in WORLD]
        seen = [r for r, before in days if before > 0 or r is OWN]
        known = {r.tmdb_id: USD[r.tmdb_id] for r, before in days if before >= REVENUE_DAYS}
        assert describe(WORLD, USD, day) == describe(seen, known, day)


def test_a_record_is_cut_to_what_may_be_read_and_stays_so():
    read = record_as_of(OWN, DAY)
    assert record_as_of(read, DAY) == read
    assert [person.person_id for person in read.cast] == [person.person_id for person in CAST]


@pytest.mark.slow
def test_time_and_memory_are_linear_in_the_movies():
    """36,000 films as of their days of release take less than a minute of one core, and 1 GB."""
    few, many = (make_many(n) for n in (9_000, 36_000))
    seconds = [describe_many(*some) for some in (few, many)]
    assert seconds[1] < 60
    assert seconds[1] < 6 * seconds[0]
    tracemalloc.start()
    describe_many(*few)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 4 * most_bytes < 1e9


def make_many(n: int):
    """Return films with ten actors, eight of the crew and three companies each, and revenues."""
    rng = np.random.default_rng(n)
    jobs = [job for some in CREW_JOBS.values() for job in some]
    records = []
    for k in range(n):
        actors, crew = rng.integers(0, n // 2, 10).tolist(), rng.integers(0, n, 8).tolist()
        records.append(
            MovieRecord(
                k + 1, f"Name{k} Tale{k}", release_date=date(1950 + k * 70 // n, 1 + k % 12, 3),
                budget_usd=10 ** rng.uniform(5, 8), genres=("Drama",), countries=("US",),
                cast=tuple(Person(i, "", "Actor", j) for j, i in enumerate(actors)),
                crew=tuple(Person(i, "", jobs[j % len(jobs)]) for j, i in enumerate(crew)),
                companies=tuple(Company(int(i), "") for i in 2000 * rng.random(3) ** 2),
            )
        )  # fmt: skip
    return records, 10 ** rng.uniform(5, 9, n)


def describe_many(records, usd) -> float:
    start = time.process_time()
    tracks = collect_track_records(records, usd, np.arange(len(records)))
    inputs_as_of(records, known=records, tracks=tracks)
    return time.process_time() - start
