"""Count the movies of every per-movie asset by status, as an account that must add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from assets.orchestration.asset_specs import MOVIE_ASSETS, WHOLE
from pipeline.core.outcomes import PENDING, Status
from resources.run_context import RunContext

INTERRUPTED = "interrupted"
"""Stands for the reason of a movie whose result a run was about to keep when it was ended."""

COLUMNS = (*(status.label for status in Status), PENDING)
"""The statuses as people read them, and that of movies which were not tried yet."""


_VALUES = frozenset(status.value for status in Status)


@dataclass(frozen=True)
class Line:
    """The movies of one asset with one status and reason, and one of them as an example."""

    status: str
    reason: str
    movies: int
    example: int
    detail: str


@dataclass(frozen=True)
class Account:
    """The movies of one asset; it adds up where every known movie is counted exactly once.

    Attributes:
        asset: Name of the asset.
        known: Number of known movies.
        counts: Known movies by status, one of `COLUMNS`.
        lines: Known movies by status and reason, where there is a reason.
        unknown: Movies that have a row and are not known.
        invalid: Known movies whose row has a status that does not exist.
    """

    asset: str
    known: int
    counts: Mapping[str, int]
    lines: tuple[Line, ...]
    unknown: tuple[int, ...] = ()
    invalid: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Sum of the counts."""
        return sum(self.counts.values())

    @property
    def adds_up(self) -> bool:
        """Whether no movie is lost, counted twice or made up."""
        return self.total == self.known and not self.unknown and not self.invalid


def take_account(run_context: RunContext) -> list[Account]:
    """Count the movies of every asset, each count by itself: none is a remainder.

    A disabled asset (see `list_disabled`) is not counted where it has no movie.

    A build may be running meanwhile. Movies become known before they get a row, so rows are read
    first: then each one's movie is known.
    """
    rows = {spec.name: run_context.ledger.statuses(spec.name) for spec in MOVIE_ASSETS}
    known = set(run_context.ledger.movies())
    disabled = list_disabled(run_context)
    return [
        _count(asset, known, of_asset)
        for asset, of_asset in rows.items()
        if of_asset or asset not in disabled
    ]


def list_disabled(run_context: RunContext) -> list[str]:
    """List the assets that the preset and the settings disable."""
    return [spec.name for spec in MOVIE_ASSETS if not spec.is_enabled(run_context)]


def _count(asset: str, known: set[int], rows: Mapping[int, tuple[str, str, str]]) -> Account:
    counts = dict.fromkeys(COLUMNS, 0)
    counts[PENDING] = len(known - set(rows))
    movies: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], tuple[int, str]] = {}
    invalid = []
    for tmdb_id, (value, reason, detail) in rows.items():
        if tmdb_id not in known:
            continue
        if value and value not in _VALUES:
            invalid.append(tmdb_id)
            continue
        key = (Status(value).label, reason) if value else (PENDING, INTERRUPTED)
        counts[key[0]] += 1
        movies[key] += 1
        examples.setdefault(key, (tmdb_id, detail))
    lines = [Line(*key, movies[key], *examples[key]) for key in movies if key[1]]
    lines.sort(key=lambda line: (COLUMNS.index(line.status), -line.movies, line.reason))
    unknown = sorted(set(rows) - known - {WHOLE})
    return Account(asset, len(known), counts, tuple(lines), tuple(unknown), tuple(invalid))
