"""A probe that measures what `check_no_leak` cannot name: inputs that show how completely TMDB's
users have filled in a record, which they do for movies that did well.

It predicts the later number of votes, as far as budget and year do not explain it, from each
input's gaps and sizes alone.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import f, rankdata
from sklearn.isotonic import IsotonicRegression

from pipeline.core.metadata import METADATA_COLUMNS
from pipeline.core.records import MovieRecord
from pipeline.core.release_columns import RELEASE_COLUMNS
from pipeline.core.track_records import CREW_JOBS, TALENT_COLUMNS

COMPLETENESS = (
    "has_tagline", "overview_chars", "countries", "companies", "spoken_languages", "cast", "crew",
    "keywords", *(f"has_{role}" for role in CREW_JOBS),
)  # fmt: skip
"""What measures how much of a record is filled in; none of it is an input."""

CONTENT = frozenset({*METADATA_COLUMNS, *RELEASE_COLUMNS, *TALENT_COLUMNS})
"""Columns whose whole numbers mean something else than how much there is of a field, unless they
rise with it."""

ALARM = 0.005
"""Share of the variance of log votes, beyond budget and year, from which an input shows
completeness."""

SIGNIFICANCE = 0.001
"""Of the F-test; without correction, so that one group in a thousand is a false alarm."""

MIN_MOVIES = 200
"""With fewer movies nothing is probed."""

_MIN_VARIES = 3
"""Gaps, or sizes, that differ in fewer movies are not looked at."""
_RISES = 0.8
"""Share of a column's variance that a rising function of a field's size must explain."""
_LOOK_MOVIES = 4000


@dataclass(frozen=True)
class ProbedGroup:
    """What a group of input columns tells about later votes by gaps and sizes alone.

    Attributes:
        group: Its name: the prefix that its columns share, or the column's own.
        columns: Those whose gaps or sizes vary.
        share: Of the variance of log votes that budget and year leave, what they explain.
        p_value: Of its F-test.
        is_alarm: Whether the share is at least `ALARM`, and no chance.
    """

    group: str
    columns: tuple[str, ...]
    share: float
    p_value: float
    is_alarm: bool


def measure_completeness(records: Sequence[MovieRecord]) -> np.ndarray:
    """Measure how much of each record is filled in: float64 (records, `COMPLETENESS`)."""
    rows = [
        [
            bool(record.tagline.strip()), len(record.overview), len(record.countries),
            len(record.companies), len(record.spoken_languages), len(record.cast),
            len(record.crew), len(record.keywords),
            *(any(p.job in jobs for p in record.crew) for jobs in CREW_JOBS.values()),
        ]
        for record in records
    ]  # fmt: skip
    return np.array(rows, dtype=np.float64).reshape(len(records), len(COMPLETENESS))


def probe_columns(
    columns: np.ndarray,
    names: Sequence[str],
    records: Sequence[MovieRecord],
    votes: np.ndarray,
) -> list[ProbedGroup]:
    """Probe input columns, group by group.

    Args:
        columns: Float64 (movies, columns), NaN unknown.
        names: Of the columns.
        records: The movies' records, whole.
        votes: Later votes, float64 (movies,), NaN unknown.

    Returns:
        The groups in which anything varies, most telling first; none with fewer than `MIN_MOVIES`
        movies of known votes.
    """
    usable = np.flatnonzero(np.isfinite(votes))[:_LOOK_MOVIES]
    if len(usable) < MIN_MOVIES:
        return []
    some = [records[row] for row in usable]
    log_votes, before = np.log10(votes[usable] + 1), _known_before(some)
    measured = measure_completeness(some)
    grouped: dict[str, dict[str, list[np.ndarray]]] = defaultdict(dict)
    for name, column in zip(names, np.asarray(columns, dtype=np.float64)[usable].T, strict=True):
        if shown := _gaps_and_size(name, column, measured):
            grouped[_group_of(name)][name] = shown
    probed = [_probe(group, found, before, log_votes) for group, found in grouped.items()]
    return sorted(probed, key=lambda one: -one.share)


def probe_masks(
    masks: Mapping[str, np.ndarray], records: Sequence[MovieRecord], votes: np.ndarray
) -> list[ProbedGroup]:
    """Probe which movies have a modality at all, as `probe_columns`."""
    names = [f"{name} is there" for name in masks]
    columns = [np.where(mask, 1.0, np.nan) for mask in masks.values()]
    if not columns:
        return []
    return probe_columns(np.stack(columns, axis=1), names, records, votes)


def _group_of(name: str) -> str:
    for prefix in ("genre_", "language_", "certification_", "keyword:"):
        if name.startswith(prefix):
            return prefix[:-1]
    return name.split("_history_")[0]


def _gaps_and_size(name: str, column: np.ndarray, measured: np.ndarray) -> list[np.ndarray]:
    """Return the indicator of gaps, and the ranks of a column that is a size; what varies."""
    unknown = np.isnan(column)
    shown = [unknown.astype(np.float64)]
    known = column[~unknown]
    if len(known) and len(np.unique(known)) > 1:
        is_whole = bool((known >= 0).all() and (known == np.round(known)).all())
        if (is_whole and name not in CONTENT) or _rises_with_size(column, measured):
            filled = np.where(unknown, known.min() - 1, column)
            shown.append(rankdata(filled) / len(filled))
    return [one for one in shown if _varies(one)]


def _varies(values: np.ndarray) -> bool:
    _, counts = np.unique(values, return_counts=True)
    return len(values) - counts.max() >= _MIN_VARIES


def _rises_with_size(column: np.ndarray, measured: np.ndarray) -> bool:
    known = ~np.isnan(column)
    values = column[known]
    for size in measured[known].T:
        if len(np.unique(size)) < 2:
            continue
        fitted = IsotonicRegression().fit_transform(size, values)
        if np.var(values - fitted) < (1 - _RISES) * np.var(values):
            return True
    return False


def _known_before(records: Sequence[MovieRecord]) -> np.ndarray:
    """Return a constant, budget and year with their squares: float64 (records, 5)."""
    budgets = [np.log10(r.budget_usd) if r.budget_usd else np.nan for r in records]
    years = [r.release_date.year / 10 if r.release_date else np.nan for r in records]
    known = np.array([budgets, years], dtype=np.float64).T
    means = [np.nanmean(c) if np.isfinite(c).any() else 0.0 for c in known.T]
    filled = np.where(np.isnan(known), means, known) - means
    return np.hstack([np.ones((len(records), 1)), filled, filled**2])


def _probe(
    group: str,
    found: Mapping[str, Sequence[np.ndarray]],
    before: np.ndarray,
    log_votes: np.ndarray,
) -> ProbedGroup:
    """Test whether gaps and sizes explain votes beyond what is known before (F-test)."""
    shown = np.stack([one for several in found.values() for one in several], axis=1)
    both = np.hstack([before, shown, shown**2])
    left = [_residual_squares(terms, log_votes) for terms in (before, both)]
    ranks = [int(np.linalg.matrix_rank(terms)) for terms in (before, both)]
    more, free = ranks[1] - ranks[0], len(log_votes) - ranks[1]
    share = 1 - left[1] / left[0] if left[0] > 0 else 0.0
    ratio = (left[0] - left[1]) / max(more, 1) / max(left[1] / free, 1e-12)
    p_value = float(f.sf(ratio, max(more, 1), free))
    is_alarm = share >= ALARM and p_value < SIGNIFICANCE
    return ProbedGroup(group, tuple(found), float(share), p_value, bool(is_alarm))


def _residual_squares(terms: np.ndarray, values: np.ndarray) -> float:
    weights, *_ = np.linalg.lstsq(terms, values, rcond=None)
    return float(np.sum((values - terms @ weights) ** 2))
