"""Records as they may stand before release: with fewer credits and without what comes late.

How sparse TMDB's records are before release was not measured: no public dump dates its fields. So
both cuts are stress tests, and say so wherever their scores stand.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from pipeline.core.identity_cache import remember_by_identity
from pipeline.core.records import MovieRecord
from pipeline.core.track_records import CREW_JOBS, MOST_OF_ROLE

BEFORE_RELEASE = "as before release"
"""Name of the test set that is cut."""

_KEPT = 20_000
"""Cuts of records that are remembered: every split reads the same ones."""

ACTORS = 5

KEPT_SHARES = {
    "director": 0.95, "writer": 0.5, "producer": 0.3, "composer": 0.2, "photographer": 0.2,
    "editor": 0.2, "company": 0.8, "budget": 0.85, "runtime": 0.5, "certification": 0.3,
    "genres": 0.95, "countries": 0.9,
}  # fmt: skip
"""Probability with which a training copy keeps what its record has; of the cast it keeps the first
0 to 5, each number as probable."""


@remember_by_identity(_KEPT)
def cut_before_release(record: MovieRecord) -> MovieRecord:
    """Cut a record to the test set's: directors, the first five of the cast, no tagline.

    Budget, date, runtime, genres, companies and plot stay.

    Example:
        >>> from pipeline.core.records import Person
        >>> crew = Person(1, "A", "Director"), Person(2, "B", "Writer")
        >>> [p.name for p in cut_before_release(MovieRecord(1, "A", crew=crew)).crew]
        ['A']
    """
    cast = sorted(record.cast, key=lambda person: person.order)[:ACTORS]
    return _cut(record, {"director"}, len(cast))


def draw_cut(record: MovieRecord, random: np.random.Generator) -> MovieRecord:
    """Cut a record at random, as `KEPT_SHARES` says, for training on incomplete records."""
    kept = {name for name, share in KEPT_SHARES.items() if random.random() < share}
    cut = _cut(record, kept, int(random.integers(0, MOST_OF_ROLE["cast"] + 1)))
    return replace(
        cut,
        companies=cut.companies if "company" in kept else (),
        budget_usd=cut.budget_usd if "budget" in kept else None,
        runtime_min=cut.runtime_min if "runtime" in kept else None,
        certification_us=cut.certification_us if "certification" in kept else None,
        genres=cut.genres if "genres" in kept else (),
        countries=cut.countries if "countries" in kept else (),
    )


def draw_cuts(records: Sequence[MovieRecord], seed: int) -> tuple[MovieRecord, ...]:
    """Cut records at random; a movie's cut depends on its id and the seed alone."""
    return tuple(_draw_own_cut(record, seed) for record in records)


@remember_by_identity(_KEPT)
def _draw_own_cut(record: MovieRecord, seed: int) -> MovieRecord:
    return draw_cut(record, np.random.default_rng([seed, record.tmdb_id]))


def _cut(record: MovieRecord, roles: set[str], actors: int) -> MovieRecord:
    jobs = {job for role in roles for job in CREW_JOBS.get(role, ())}
    cast = sorted(record.cast, key=lambda person: person.order)[:actors]
    crew = tuple(person for person in record.crew if person.job in jobs)
    return replace(record, cast=tuple(cast), crew=crew, tagline="", keywords=())
