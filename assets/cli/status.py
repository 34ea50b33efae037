"""Count the movies of every per-movie asset by status, as an account that must add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assets.orchestration.asset_specs import MOVIE_ASSETS
from pipeline.core.outcomes import PENDING, Status
from resources.run_context import RunContext
from resources.storage.tally import Group, Tally

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

    A build may be running meanwhile. Movies become known before they get a row, so rows are counted
    first: then each one's movie is known.
    """
    tally, disabled = run_context.ledger.tally, list_disabled(run_context)
    groups, unknown = tally.groups(), tally.unknown()
    known = tally.known()
    by_asset = {
        spec.name: [group for group in groups if group.asset == spec.name] for spec in MOVIE_ASSETS
    }
    return [
        _count(asset, known, of_asset, unknown.get(asset, ()), tally)
        for asset, of_asset in by_asset.items()
        if of_asset or unknown.get(asset) or asset not in disabled
    ]


def list_disabled(run_context: RunContext) -> list[str]:
    """List the assets that the preset and the settings disable."""
    return [spec.name for spec in MOVIE_ASSETS if not spec.is_enabled(run_context)]


def _count(
    asset: str, known: int, groups: Sequence[Group], unknown: Sequence[int], tally: Tally
) -> Account:
    valid = [group for group in groups if not group.status or group.status in _VALUES]
    invalid = [i for group in groups if group not in valid for i in tally.of_group(group)]
    counts = dict.fromkeys(COLUMNS, 0)
    counts[PENDING] = max(known - sum(group.movies for group in groups), 0)
    lines = []
    for group in valid:
        status = Status(group.status).label if group.status else PENDING
        reason = group.reason if group.status else INTERRUPTED
        counts[status] += group.movies
        if reason:
            detail = tally.detail(asset, group.example)
            lines.append(Line(status, reason, group.movies, group.example, detail))
    lines.sort(key=lambda line: (COLUMNS.index(line.status), -line.movies, line.reason))
    return Account(asset, known, counts, tuple(lines), tuple(unknown), tuple(sorted(invalid)))
