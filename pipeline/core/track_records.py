"""Compute track records: what the people and companies of a movie earned before it.

No movie's own revenue affects its own columns: only movies released on an earlier day count, and
only of other franchises, as splits keep a franchise in one set.
"""

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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

LEADS, CAST = 2, 10
"""How many of the cast count as leads, and as cast, by billing."""

ROLES = (*CREW_JOBS, "lead", "cast", "company")

STATISTICS = (
    "movies", "known_share", "mean", "highest", "last", "years_since", "over_budget",
    "best_over_budget", "recent_over_budget",
)  # fmt: skip

TALENT_COLUMNS = tuple(f"{role}_history_{name}" for role in ROLES for name in STATISTICS)
"""Names of the columns. `mean`, `highest` and `last` are log10 of dollars of one year; the
`over_budget` ones are what earlier movies earned above the expectation from their budgets, in
log10, shrunk towards zero where there are few."""

check_no_leak(TALENT_COLUMNS)

_SHRINKAGE_MOVIES = 3.0
"""Number of additional movies, as expected from their budgets, that each mean is shrunk by."""

_MEMORY_YEARS = 6.0
"""What is recent fades by 1/e in so many years."""

_DAYS_PER_YEAR = 365.25


@dataclass(frozen=True)
class TrackRecords:
    """What movies of a training set earned, one row per credit, sorted by owner and day.

    Attributes:
        owner: Role's source and id in one number, int64 (credits,).
        day: Release date, proleptic ordinal, int64 (credits,).
        log10_usd: What the movie earned, dollars of one year, float64 (credits,).
        over_budget: Of it, what its budget and year do not explain; 0 where there is no budget.
        franchise: Hash of the movie's franchise, int64 (credits,).
    """

    owner: np.ndarray
    day: np.ndarray
    log10_usd: np.ndarray
    over_budget: np.ndarray
    franchise: np.ndarray

    def of(self, owner: int, before: int, not_franchise: int) -> np.ndarray:
        """Return the rows of an owner's movies before a day, of other franchises, oldest first."""
        start, stop = self._spans.get(owner, (0, 0))
        stop = bisect_left(self._days, before, start, stop)
        rows = [row for row in range(start, stop) if self._franchises[row] != not_franchise]
        return np.array(rows, dtype=np.int64)

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

    @cached_property
    def _days(self) -> list[int]:
        return self.day.tolist()

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
        for owner in {o for _, owners in _owners_by_role(record) for o in owners}
    )
    columns = list(zip(*credits, strict=True)) or [()] * 5
    kinds = (np.int64, np.int64, np.float64, np.float64, np.int64)
    return TrackRecords(*(np.array(c, dtype=k) for c, k in zip(columns, kinds, strict=True)))


def describe_talent(records: Sequence[MovieRecord], tracks: TrackRecords) -> np.ndarray:
    """Compute the columns of `TALENT_COLUMNS` for each record.

    Args:
        records: Movies to describe.
        tracks: From `collect_track_records`.

    Returns:
        Float32, shape (records, columns), as in `TALENT_COLUMNS`; NaN where nobody of the role
        has an earlier movie, or the movie no date.
    """
    records = tuple(records)
    key = (tracks.version, *map(id, records))
    with _lock:
        if key in _described:
            _described.move_to_end(key)
            return _described[key][1].copy()
    rows = [_describe(record, tracks) for record in records]
    columns = np.array(rows, dtype=np.float32).reshape(len(records), len(TALENT_COLUMNS))
    with _lock:
        _described[key] = (records, columns)
        while len(_described) > _REMEMBERED:
            _described.popitem(last=False)
    return columns.copy()


_REMEMBERED = 8
"""Descriptions that are kept: the members of a blend ask for the same movies one after another."""

_described: OrderedDict[tuple[str | int, ...], tuple[tuple[MovieRecord, ...], np.ndarray]] = (
    OrderedDict()
)
"""The latest, by version of the track records and identities of the records, which it holds."""

_lock = threading.Lock()


def franchise_number(record: MovieRecord) -> int:
    """Hash a movie's franchise to a number that is the same everywhere."""
    return _franchise_hash(franchise_of(record))


@lru_cache(maxsize=100_000)
def _franchise_hash(franchise: str) -> int:
    return int(hash_json(franchise)[:12], 16)


def list_people(record: MovieRecord) -> dict[str, list[int]]:
    """Return the ids of each role: people of TMDB, companies of TMDB under "company"."""
    cast = list(dict.fromkeys(p.person_id for p in sorted(record.cast, key=lambda p: p.order)))
    crew = {
        role: list(dict.fromkeys(p.person_id for p in record.crew if p.job in jobs))
        for role, jobs in CREW_JOBS.items()
    }
    companies = list(dict.fromkeys(c.company_id for c in record.companies))
    return crew | {"lead": cast[:LEADS], "cast": cast[:CAST], "company": companies}


def _owners_by_role(record: MovieRecord) -> Iterator[tuple[str, list[int]]]:
    # leads are looked up among all cast, so that a former supporting actor has a record
    sources = [*CREW_JOBS, "cast", "company"]
    for role, ids in list_people(record).items():
        source = sources.index("cast" if role == "lead" else role)
        yield role, [one * len(sources) + source for one in ids]


def _describe(record: MovieRecord, tracks: TrackRecords) -> list[float]:
    if record.release_date is None:
        return [np.nan] * len(TALENT_COLUMNS)
    day, franchise = record.release_date.toordinal(), franchise_number(record)
    columns: list[float] = []
    for _, owners in _owners_by_role(record):
        found = [tracks.of(owner, day, franchise) for owner in owners]
        columns += _statistics([rows for rows in found if len(rows)], len(owners), day, tracks)
    return columns


def _statistics(
    found: list[np.ndarray], owners: int, day: int, tracks: TrackRecords
) -> list[float]:
    if not found:
        return [0.0, 0.0, *[np.nan] * 4, 0.0, 0.0, 0.0]
    rows = np.concatenate(found)
    earned, over = tracks.log10_usd[rows], tracks.over_budget[rows]
    years = (day - tracks.day[rows]) / _DAYS_PER_YEAR
    weight = np.exp(-years / _MEMORY_YEARS)
    own = [tracks.over_budget[r].sum() / (len(r) + _SHRINKAGE_MOVIES) for r in found]
    return [
        np.log1p(len(rows)),
        len(found) / owners,
        earned.mean(),
        earned.max(),
        earned[years.argmin()],
        years.min(),
        over.sum() / (len(rows) + _SHRINKAGE_MOVIES),
        max(own),
        (weight * over).sum() / (weight.sum() + 1),
    ]


def _real_log10(record: MovieRecord, usd: float | None) -> float:
    year = record.release_date.year if record.release_date else None
    real = to_real_usd(usd, year) if usd is not None and usd > 0 else None
    return np.log10(real) if real else np.nan


def _over_budget(records: Sequence[MovieRecord], earned: np.ndarray) -> np.ndarray:
    """Subtract from log10 revenues the fit of a curve over budget and year."""
    spent = np.array([_real_log10(record, record.budget_usd) for record in records])
    years = np.array([r.release_date.year if r.release_date else np.nan for r in records])
    terms = np.stack([np.ones(len(records)), spent, spent**2, (years - 2000) / 20], axis=1)
    usable = np.isfinite(terms).all(axis=1) & np.isfinite(earned)
    over = np.zeros(len(records))
    if usable.sum() > terms.shape[1]:
        weights, *_ = np.linalg.lstsq(terms[usable], earned[usable], rcond=None)
        over[usable] = earned[usable] - terms[usable] @ weights
    return over
