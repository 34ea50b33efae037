"""Compute track records: what the people and companies of a movie earned before a day.

No movie's own revenue affects its own columns: only movies count that were released
`REVENUE_DAYS` before the day, and only of other franchises, as splits keep a franchise in one set.
A movie that does not list anyone in a role has no columns of that role; how many people it lists
changes nothing, because the crowd lists more for movies that did well.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from itertools import islice

import numpy as np

from pipeline.core.budget_curve import REVENUE_DAYS, over_budget, real_log10
from pipeline.core.franchises import franchise_of
from pipeline.core.identity_cache import remember_by_identity
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.records import MovieRecord
from pipeline.core.track_statistics import STATISTICS, summarise_roles
from pipeline.core.versions import hash_bytes, hash_json

CREW_JOBS: Mapping[str, frozenset[str]] = {
    "director": frozenset({"Director"}),
    "writer": frozenset({"Screenplay", "Writer", "Story", "Novel", "Author", "Characters"}),
    "producer": frozenset({"Producer", "Executive Producer"}),
    "composer": frozenset({"Original Music Composer"}),
    "photographer": frozenset({"Director of Photography"}),
    "editor": frozenset({"Editor"}),
}
"""TMDB's jobs by role."""

_ROLE_OF_JOB = {job: role for role, jobs in CREW_JOBS.items() for job in jobs}

MOST_OF_ROLE: Mapping[str, int] = {
    "director": 2, "writer": 3, "producer": 3, "composer": 1, "photographer": 1, "editor": 1,
    "lead": 2, "cast": 5, "company": 3,
}  # fmt: skip
"""How many of a role are looked at, the first ones listed; of the cast by billing."""

CAST_COLLECTED = 10
"""Of earlier movies so many of the cast have a part in what they earned."""

ROLES = (*CREW_JOBS, "lead", "cast", "company")

TALENT_COLUMNS = tuple(f"{role}_history_{name}" for role in ROLES for name in STATISTICS)
"""Names of the columns; see `STATISTICS`."""

check_no_leak(TALENT_COLUMNS)

_DAY_BITS = 22
"""Bits of a proleptic ordinal of the years up to 9999."""

_KEPT = 20_000
"""Records whose people are remembered: those of 5,000 movies, whole and cut three ways."""


@dataclass(frozen=True)
class TrackRecords:
    """What movies of a training set earned, one row per credit, sorted by owner and day.

    Attributes:
        owner: Role's source and id in one number, int64 (credits,).
        day: Release date, proleptic ordinal, int64 (credits,).
        log10_usd: What the movie earned, dollars of one year, float64 (credits,).
        over_budget: Of it, what its budget and year do not explain, by movies released before it;
            0 where there is no budget, or fewer than 30 of them.
        franchise: Hash of the movie's franchise, int64 (credits,).
    """

    owner: np.ndarray
    day: np.ndarray
    log10_usd: np.ndarray
    over_budget: np.ndarray
    franchise: np.ndarray

    def find(
        self, owners: np.ndarray, before: np.ndarray, not_franchise: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find the credits of owners in movies of other franchises, released before a day.

        Args:
            owners: Int64 (n,).
            before: For each, the first day that counts no more, a proleptic ordinal, (n,).
            not_franchise: For each, the franchise that does not count, (n,).

        Returns:
            Places in `owners`, and rows, int64 (found,) each: place by place, oldest first.
        """
        known, keys = self._order
        if not len(known):
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        rank = np.minimum(np.searchsorted(known, owners), len(known) - 1)
        starts = np.searchsorted(keys, rank << _DAY_BITS)
        stops = np.searchsorted(keys, (rank << _DAY_BITS) + np.maximum(before, 0))
        counts = np.where(known[rank] == owners, stops - starts, 0)
        places = np.repeat(np.arange(len(owners)), counts)
        rows = np.arange(len(places)) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        is_other = self.franchise[rows] != not_franchise[places]
        return places[is_other], rows[is_other]

    @cached_property
    def version(self) -> str:
        """Hash of all columns."""
        columns = (self.owner, self.day, self.log10_usd, self.over_budget, self.franchise)
        return hash_bytes(*(column.tobytes() for column in columns))

    @cached_property
    def _order(self) -> tuple[np.ndarray, np.ndarray]:
        """All owners, sorted; and of each credit the owner's rank and the day in one number."""
        known, ranks = np.unique(self.owner, return_inverse=True)
        return known, (ranks << _DAY_BITS) + self.day


def collect_track_records(
    records: Sequence[MovieRecord], revenue_usd: np.ndarray, rows: np.ndarray
) -> TrackRecords:
    """Collect what movies of the training set earned, by their people and companies.

    Args:
        records: All movies.
        revenue_usd: Float64 (movies,), NaN unknown; only `rows` are read.
        rows: The rows of the training set.

    Returns:
        Credits of movies with a date and a revenue.
    """
    known = [
        row for row in np.asarray(rows)
        if records[row].release_date is not None and revenue_usd[row] > 0
    ]  # fmt: skip
    train = [records[row] for row in known]
    earned = np.array(
        [real_log10(one, usd) for one, usd in zip(train, revenue_usd[known], strict=True)]
    )
    over = over_budget(train, earned)
    franchises = [franchise_number(record) for record in train]
    owners = [_owners_to_collect(record) for record in train]
    movies = np.repeat(np.arange(len(train)), [len(own) for own in owners])
    days = np.array([one.release_date.toordinal() for one in train if one.release_date], np.int64)
    columns = [
        np.array([one for own in owners for one in own], dtype=np.int64),
        *(np.asarray(of_movie)[movies] for of_movie in (days, earned, over)),
        np.array(franchises, dtype=np.int64)[movies],
    ]
    order = np.lexsort(columns[::-1])
    return TrackRecords(*(column[order] for column in columns))


def describe_talent(
    records: Sequence[MovieRecord],
    tracks: TrackRecords,
    days: Sequence[date | None] | None = None,
) -> np.ndarray:
    """Compute the columns of `TALENT_COLUMNS` for each record.

    Args:
        records: Movies to describe.
        tracks: From `collect_track_records`.
        days: As of which day each is described; None for the days of release.

    Returns:
        Float32, shape (records, columns), as in `TALENT_COLUMNS`. NaN where the movie lists nobody
        in the role, or has no date; of means, highest and last also where nobody listed has an
        earlier movie.
    """
    records = tuple(records)
    days = tuple(record.release_date for record in records) if days is None else tuple(days)
    key = (tracks.version, days, *map(id, records))
    with _lock:
        if key in _described:
            _described.move_to_end(key)
            return _described[key][1].copy()
    columns = _describe(records, tracks, days)
    with _lock:
        _described[key] = (records, columns)
        while len(_described) > _REMEMBERED:
            _described.popitem(last=False)
    return columns.copy()


_REMEMBERED = 8
"""Descriptions that are kept: the members of a blend ask for the same movies one after another."""

_described: OrderedDict[tuple[object, ...], tuple[tuple[MovieRecord, ...], np.ndarray]] = (
    OrderedDict()
)
"""The latest, by version of the track records, days and identities of the records, which it holds.
"""

_lock = threading.Lock()


def franchise_number(record: MovieRecord) -> int:
    """Hash a movie's franchise to a number that is the same everywhere."""
    return _franchise_hash(franchise_of(record))


@lru_cache(maxsize=100_000)
def _franchise_hash(franchise: str) -> int:
    return int(hash_json(franchise)[:12], 16)


def list_people(record: MovieRecord, most_cast: int | None = None) -> dict[str, list[int]]:
    """Return the ids of each role: people of TMDB, companies of TMDB under "company".

    Args:
        record: Of the movie.
        most_cast: How many of the cast; None for as many as `MOST_OF_ROLE` says.
    """
    listed: dict[str, dict[int, None]] = {role: {} for role in CREW_JOBS}
    for person in record.crew:
        if person.job in _ROLE_OF_JOB:
            listed[_ROLE_OF_JOB[person.job]][person.person_id] = None
    cast = dict.fromkeys(p.person_id for p in sorted(record.cast, key=lambda p: p.order))
    companies = dict.fromkeys(c.company_id for c in record.companies)
    listed |= {"lead": cast, "cast": cast, "company": companies}
    most = MOST_OF_ROLE if most_cast is None else {**MOST_OF_ROLE, "cast": most_cast}
    return {role: list(islice(ids, most[role])) for role, ids in listed.items()}


_SOURCES = (*CREW_JOBS, "cast", "company")
"""Where people are looked up: leads among all cast, so that a former supporting actor has a record.
"""


def _number_owners(people: Mapping[str, Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    """Return the owners of each of `ROLES`: source and id in one number."""
    sources = [_SOURCES.index("cast" if role == "lead" else role) for role in ROLES]
    return tuple(
        tuple(one * len(_SOURCES) + source for one in people[role])
        for role, source in zip(ROLES, sources, strict=True)
    )


@remember_by_identity(_KEPT)
def _owners_of(record: MovieRecord) -> tuple[tuple[int, ...], ...]:
    return _number_owners(list_people(record))


@remember_by_identity(_KEPT)
def _owners_to_collect(record: MovieRecord) -> tuple[int, ...]:
    """Return all whose track record a movie is part of, each once."""
    owners = _number_owners(list_people(record, CAST_COLLECTED))
    return tuple({one for of_role in owners for one in of_role})


def _describe(
    records: Sequence[MovieRecord], tracks: TrackRecords, as_of: Sequence[date | None]
) -> np.ndarray:
    """Compute the columns of `TALENT_COLUMNS`, float32 (records, columns)."""
    figures = np.full((len(records), len(ROLES), len(STATISTICS)), np.nan)
    pairs = zip(records, as_of, strict=True)
    dated = [k for k, (record, day) in enumerate(pairs) if record.release_date and day]
    some = [records[k] for k in dated]
    released = np.array([r.release_date.toordinal() for r in some if r.release_date], np.int64)
    known = np.array([day.toordinal() for k in dated if (day := as_of[k])], np.int64)
    of_role = [own for record in some for own in _owners_of(record)]
    role_of = np.repeat(np.arange(len(of_role)), [len(own) for own in of_role])
    movie_of = role_of // len(ROLES)
    franchises = np.array([franchise_number(record) for record in some], np.int64)
    owners = np.array([one for own in of_role for one in own], np.int64)
    places, rows = tracks.find(owners, (known - REVENUE_DAYS)[movie_of], franchises[movie_of])
    credits = tracks.day[rows], tracks.log10_usd[rows], tracks.over_budget[rows]
    found = summarise_roles(role_of, places, credits, np.repeat(released, len(ROLES)))
    figures[dated] = found.reshape(len(dated), len(ROLES), len(STATISTICS))
    return figures.reshape(len(records), -1).astype(np.float32)
