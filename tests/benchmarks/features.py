"""What features of films as of their release days cost: time, memory, and whether both stay linear.

The films are made up in memory: people and companies with a few films each and some with many, as
in TMDB, one film in ten of a franchise. Every size has a process of its own.
"""

import multiprocessing
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta

import numpy as np

from benchmarks.report import BenchRow
from pipeline.core.inputs_as_of import inputs_as_of
from pipeline.core.records import Company, MovieRecord, Person
from pipeline.core.track_records import collect_track_records

FILMS = 36_000
SHARES = (0.25, 0.5, 1.0)
"""Sizes that are measured, as shares of all films."""

MAX_CPU_S = 60.0
MAX_MEMORY_MB = 1_024.0
MAX_GROWTH = 1.25
"""Time a film at the full size over that at the smallest."""

PEOPLE_POWER, COMPANY_POWER = 1.35, 2.2
"""Of 36,000 films the busiest person has some 150, the largest company some 1,500."""

CAST = 20
JOBS = (
    "Director", "Screenplay", "Story", "Producer", "Executive Producer",
    "Original Music Composer", "Director of Photography", "Editor",
)  # fmt: skip
GENRES = ("Action", "Comedy", "Drama", "Horror", "Romance", "Thriller")
COUNTRIES = ("US", "GB", "FR", "DE", "IN", "JP")
LATEST = date(2020, 12, 31)
PLOT = "A town forgets its name, and two people who never met have to remember it. "


def measure(films: int = FILMS) -> list[BenchRow]:
    """Measure three sizes up to `films`."""
    sizes = [max(1, round(films * share)) for share in SHARES]
    spent = [_apart(size) for size in sizes]
    rows = [
        BenchRow(f"features of {size:,} films", cpu_s, "CPU s", "limit",
                 MAX_CPU_S * size / FILMS, 1.0, note=f"{memory_mb:.0f} MiB at the most")
        for size, (cpu_s, memory_mb) in zip(sizes, spent, strict=True)
    ]  # fmt: skip
    first, last = (1e3 * spent[k][0] / sizes[k] for k in (0, -1))
    return [
        *rows,
        BenchRow(f"features of {films:,} films, memory of the process", spent[-1][1], "MiB",
                 "limit", MAX_MEMORY_MB, 1.0),
        BenchRow("features, time a film", last, "CPU ms", f"the same of {sizes[0]:,} films",
                 first, MAX_GROWTH),
    ]  # fmt: skip


def _apart(films: int) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(spend, films).result()


def spend(films: int) -> tuple[float, float]:
    """Describe made-up films as of their release days.

    Returns:
        CPU seconds without making the films, and the most memory of the process with them, in
        2**20 bytes.
    """
    records = make_records(films)
    revenue_usd = np.array([record.revenue_usd for record in records])
    start = time.process_time()
    tracks = collect_track_records(records, revenue_usd, np.arange(films))
    inputs = inputs_as_of(records, known=records, tracks=tracks)
    cpu_s = time.process_time() - start
    assert len(inputs.metadata) == len(inputs.talent) == films
    return cpu_s, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make_records(films: int, seed: int = 0) -> tuple[MovieRecord, ...]:
    """Make films with a date, money, plot, crew, cast and companies."""
    random = np.random.default_rng(seed)
    return tuple(_record(k, films, random) for k in range(films))


def _record(number: int, films: int, random: np.random.Generator) -> MovieRecord:
    people = _draw(random, films * 4, CAST + len(JOBS), PEOPLE_POWER)
    crew = tuple(Person(one, f"P{one}", job) for one, job in zip(people, JOBS, strict=False))
    actors = people[len(JOBS) :]
    cast = tuple(Person(one, f"P{one}", "", order=k) for k, one in enumerate(actors))
    owners = _draw(random, films // 3 + 1, 3, COMPANY_POWER)
    companies = tuple(Company(one, f"C{one}") for one in owners)
    budget_usd = float(10 ** random.normal(7.2, 0.7))
    in_franchise = random.random() < 0.1
    return MovieRecord(
        number + 1,
        f"Film {number + 1}",
        overview=PLOT * int(random.integers(1, 6)),
        release_date=LATEST - timedelta(days=int(random.exponential(20 * 365)) % (80 * 365)),
        runtime_min=float(random.integers(80, 160)),
        genres=tuple(random.choice(GENRES, 2, replace=False).tolist()),
        countries=(str(random.choice(COUNTRIES)),),
        original_language="en",
        franchise=f"collection {random.integers(0, films // 30 + 1)}" if in_franchise else "",
        crew=crew,
        cast=cast,
        companies=companies,
        budget_usd=budget_usd,
        revenue_usd=float(budget_usd * 10 ** random.normal(0.3, 0.6)),
    )


def _draw(random: np.random.Generator, ids: int, wanted: int, power: float) -> list[int]:
    """Draw ids of which a few are frequent and most are rare."""
    return (1 + (random.random(wanted) ** power * ids).astype(np.int64)).tolist()
