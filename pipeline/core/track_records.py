"""Compute track records: what the people and companies of a movie earned before a day.

No movie's own revenue affects its own columns: only movies count that were released
`REVENUE_DAYS` before the day, and only of other franchises, as splits keep a franchise in one set.
A movie that does not list anyone in a role has no columns of that role; how many people it lists
changes nothing, because the crowd lists more for movies that did well.
"""

import math
import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache

import numpy as np

from pipeline.core.franchises import franchise_of
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.prices import to_real_usd
from pipeline.core.records import MovieRecord
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

MOST_OF_ROLE: Mapping[str, int] = {
    "director": 2, "writer": 3, "producer": 3, "composer": 1, "photographer": 1, "editor": 1,
    "lead": 2, "cast": 5, "company": 3,
}  # fmt: skip
"""How many of a role are looked at, the first ones listed; of the cast by billing."""

CAST_COLLECTED = 10
"""Of earlier movies so many of the cast have a part in what they earned."""

REVENUE_DAYS = 90
"""A movie's revenue is known so many days after its release: its run in cinemas is over."""

ROLES = (*CREW_JOBS, "lead", "cast", "company")

STATISTICS = (
    "movies", "known_share", "mean", "highest", "last", "years_since", "over_budget",
    "best_over_budget", "recent_over_budget",
)  # fmt: skip

TALENT_COLUMNS = tuple(f"{role}_history_{name}" for role in ROLES for name in STATISTICS)
"""Names of the columns. `movies` is the logarithm of earlier movies per person listed, plus one;
`mean`, `highest` and `last` are log10 of dollars of one year; the `over_budget` ones are what
earlier movies earned above the expectation from their budgets, in log10, shrunk towards zero where
there are few."""

check_no_leak(TALENT_COLUMNS)

_SHRINKAGE_MOVIES = 3.0
"""Number of additional movies, as expected from their budgets, that each mean is shrunk by."""

_MEMORY_YEARS = 6.0
"""What is recent fades by 1/e in so many years."""

_DAYS_PER_YEAR = 365.25

_MIN_FOR_CURVE = 30
"""Earlier movies without which nothing is expected from a budget."""


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

    def of(self, owner: int, before: int, not_franchise: int) -> list[int]:
        """Return the rows of an owner's movies of other franchises that were released before a day
        (a proleptic ordinal), oldest first.
        """
        start, stop = self._spans.get(owner, (0, 0))
        stop = bisect_left(self._days, before, start, stop)
        return [row for row in range(start, stop) if self._franchises[row] != not_franchise]

    def summarise(self, found: Sequence[Sequence[int]], n_owners: int, day: int) -> list[float]:
        """Return the figures of `STATISTICS` of a role.

        Args:
            found: Rows of each owner who has some; see `of`.
            n_owners: How many owners the movie lists in the role.
            day: Of the movie's release, a proleptic ordinal.
        """
        if not n_owners:
            return [math.nan] * len(STATISTICS)
        if not found:
            return [0.0, 0.0, *[math.nan] * 4, 0.0, 0.0, 0.0]
        rows = [row for own in found for row in own]
        earned, over = [self._earned[row] for row in rows], [self._over[row] for row in rows]
        days = [self._days[row] for row in rows]
        latest = max(days)
        fading = [math.exp((one - day) / (_DAYS_PER_YEAR * _MEMORY_YEARS)) for one in days]
        shrunk = [
            sum(self._over[row] for row in own) / (len(own) + _SHRINKAGE_MOVIES) for own in found
        ]
        return [
            math.log1p(len(rows) / n_owners),
            len(found) / n_owners,
            sum(earned) / len(rows),
            max(earned),
            earned[days.index(latest)],
            (day - latest) / _DAYS_PER_YEAR,
            sum(over) / (len(rows) + _SHRINKAGE_MOVIES),
            max(shrunk),
            sum(w * o for w, o in zip(fading, over, strict=True)) / (sum(fading) + 1),
        ]

    @cached_property
    def version(self) -> str:
        """Hash of all columns."""
        columns = (self.owner, self.day, self.log10_usd, self.over_budget, self.franchise)
        return hash_bytes(*(column.tobytes() for column in columns))

    @cached_property
    def _spans(self) -> Mapping[int, tuple[int, int]]:
        """First row and row behind the last one, by owner: most people asked for have none."""
        owners, starts, counts = np.unique(self.owner, return_index=True, return_counts=True)
        spans = zip(starts.tolist(), (starts + counts).tolist(), strict=True)
        return dict(zip(owners.tolist(), spans, strict=True))

    # most movies have a handful of rows, for which Python's numbers are faster than NumPy's

    @cached_property
    def _days(self) -> list[int]:
        return self.day.tolist()

    @cached_property
    def _earned(self) -> list[float]:
        return self.log10_usd.tolist()

    @cached_property
    def _over(self) -> list[float]:
        return self.over_budget.tolist()

    @cached_property
    def _franchises(self) -> list[int]:
        return self.franchise.tolist()


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
        [_real_log10(one, usd) for one, usd in zip(train, revenue_usd[known], strict=True)]
    )
    over = _over_budget(train, earned)
    franchises = [franchise_number(record) for record in train]
    credits = sorted(
        (owner, record.release_date.toordinal(), earned[i], over[i], franchises[i])
        for i, record in enumerate(train)
        for owner in {o for _, owners in _owners_by_role(record, CAST_COLLECTED) for o in owners}
    )
    columns = list(zip(*credits, strict=True)) or [()] * 5
    kinds = (np.int64, np.int64, np.float64, np.float64, np.int64)
    return TrackRecords(*(np.array(c, dtype=k) for c, k in zip(columns, kinds, strict=True)))


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
    rows = [_describe(record, tracks, day) for record, day in zip(records, days, strict=True)]
    columns = np.array(rows, dtype=np.float32).reshape(len(records), len(TALENT_COLUMNS))
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
    cast = list(dict.fromkeys(p.person_id for p in sorted(record.cast, key=lambda p: p.order)))
    listed = {
        role: list(dict.fromkeys(p.person_id for p in record.crew if p.job in jobs))
        for role, jobs in CREW_JOBS.items()
    }
    companies = list(dict.fromkeys(c.company_id for c in record.companies))
    listed |= {"lead": cast, "cast": cast, "company": companies}
    most = MOST_OF_ROLE if most_cast is None else {**MOST_OF_ROLE, "cast": most_cast}
    return {role: ids[: most[role]] for role, ids in listed.items()}


def _owners_by_role(
    record: MovieRecord, most_cast: int | None = None
) -> Iterator[tuple[str, list[int]]]:
    # leads are looked up among all cast, so that a former supporting actor has a record
    sources = [*CREW_JOBS, "cast", "company"]
    for role, ids in list_people(record, most_cast).items():
        source = sources.index("cast" if role == "lead" else role)
        yield role, [one * len(sources) + source for one in ids]


def _describe(record: MovieRecord, tracks: TrackRecords, as_of: date | None) -> list[float]:
    if record.release_date is None or as_of is None:
        return [np.nan] * len(TALENT_COLUMNS)
    day, franchise = record.release_date.toordinal(), franchise_number(record)
    known = as_of.toordinal() - REVENUE_DAYS
    columns: list[float] = []
    for _, owners in _owners_by_role(record):
        found = [tracks.of(owner, known, franchise) for owner in owners]
        columns += tracks.summarise([rows for rows in found if rows], len(owners), day)
    return columns


def _real_log10(record: MovieRecord, usd: float | None) -> float:
    year = record.release_date.year if record.release_date else None
    real = to_real_usd(usd, year) if usd is not None and usd > 0 else None
    return np.log10(real) if real else np.nan


def _over_budget(records: Sequence[MovieRecord], earned: np.ndarray) -> np.ndarray:
    """Subtract from log10 revenues a curve over budget and year, of movies released before."""
    spent = np.array([_real_log10(record, record.budget_usd) for record in records])
    days = np.array([r.release_date.toordinal() if r.release_date else 0 for r in records])
    years = (days / _DAYS_PER_YEAR - 2000) / 20
    terms = np.stack([np.ones(len(records)), spent - 7, (spent - 7) ** 2, years], axis=1)
    usable = np.flatnonzero(np.isfinite(terms).all(axis=1) & np.isfinite(earned))
    usable = usable[np.argsort(days[usable], kind="stable")]
    x, y = terms[usable], earned[usable]
    # of the first k movies: products to solve for the curve, k = 0, 1, ...
    gram = np.concatenate([np.zeros((1, 4, 4)), np.cumsum(x[:, :, None] * x[:, None, :], axis=0)])
    sides = np.concatenate([np.zeros((1, 4)), np.cumsum(x * y[:, None], axis=0)])
    earlier = np.searchsorted(days[usable], days[usable] - REVENUE_DAYS)
    enough = earlier >= _MIN_FOR_CURVE
    over = np.zeros(len(records))
    if enough.any():
        grams = gram[earlier[enough]] + 0.1 * np.eye(4)
        weights = np.linalg.solve(grams, sides[earlier[enough]][:, :, None])[:, :, 0]
        over[usable[enough]] = y[enough] - (x[enough] * weights).sum(axis=1)
    return over
