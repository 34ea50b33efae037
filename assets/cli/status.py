"""What became of every film in every asset, as an account that must add up."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from assets.orchestration.asset_specs import STEPS, is_asked_for
from assets.orchestration.lineage import WHOLE
from pipeline.core.outcomes import Status
from resources.run_context import RunContext

NOT_TRIED = "not_tried"
UNFINISHED = "begun, not finished"
"""What stands for the reason of a film that a run was about to keep when it was ended."""

STATUSES = tuple(status.value for status in Status)


@dataclass(frozen=True)
class Line:
    """The films of one asset with one status and reason, and one of them as an example."""

    status: str
    reason: str
    films: int
    example: int
    detail: str


@dataclass(frozen=True)
class Account:
    """The films of one asset; it adds up where every known film stands in it exactly once.

    Attributes:
        asset: Name of the asset.
        known: Films known.
        counts: Known films by status, and those not yet tried.
        lines: Known films by status and reason, where there is a reason.
        strangers: Films that have a row and are not known.
        unclear: Known films whose row has a status that there is not.
    """

    asset: str
    known: int
    counts: Mapping[str, int]
    lines: tuple[Line, ...]
    strangers: tuple[int, ...] = ()
    unclear: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Sum of the counts."""
        return sum(self.counts.values())

    @property
    def adds_up(self) -> bool:
        """Whether no film is lost, counted twice or made up."""
        return self.total == self.known and not self.strangers and not self.unclear


def take_account(run_context: RunContext) -> list[Account]:
    """Count the films of every asset, each in its own right: nothing is a remainder.

    An asset that is not asked for (see `list_off`) is left out where it has no film.

    A build may be at work meanwhile. Films become known before they get a row, so rows are read
    first: then each one's film is known.
    """
    rows = {step.name: run_context.ledger.statuses(step.name) for step in STEPS}
    known = set(run_context.ledger.movies())
    off = list_off(run_context)
    return [
        _count(asset, known, of_asset)
        for asset, of_asset in rows.items()
        if of_asset or asset not in off
    ]


def list_off(run_context: RunContext) -> list[str]:
    """Name the assets that neither the preset nor the settings ask for."""
    return [step.name for step in STEPS if not is_asked_for(step, run_context)]


def count_statuses(run_context: RunContext) -> dict[str, dict[str, int]]:
    """Count by asset and status in one question; quick, where `take_account` is thorough."""
    known = len(run_context.ledger.movies())
    by_asset = run_context.ledger.counts()
    counts = {}
    for step in STEPS:
        found = by_asset.get(step.name, {})
        row = {name: sum(n for (s, _), n in found.items() if s == name) for name in STATUSES}
        counts[step.name] = row | {NOT_TRIED: known - sum(row.values())}
    return counts


def _count(asset: str, known: set[int], rows: Mapping[int, tuple[str, str, str]]) -> Account:
    counts = dict.fromkeys((*STATUSES, NOT_TRIED), 0)
    counts[NOT_TRIED] = len(known - set(rows))
    films: Counter[tuple[str, str]] = Counter()
    examples: dict[tuple[str, str], tuple[int, str]] = {}
    unclear = []
    for tmdb_id, (status, reason, detail) in rows.items():
        if tmdb_id not in known:
            continue
        key = (status, reason) if status else (NOT_TRIED, UNFINISHED)
        if key[0] not in counts:
            unclear.append(tmdb_id)
            continue
        counts[key[0]] += 1
        films[key] += 1
        examples.setdefault(key, (tmdb_id, detail))
    lines = [Line(*key, films[key], *examples[key]) for key in films if key[1]]
    strangers = sorted(set(rows) - known - {WHOLE})
    lines.sort(key=_place)
    return Account(asset, len(known), counts, tuple(lines), tuple(strangers), tuple(unclear))


def _place(line: Line) -> tuple[int, int, str]:
    return ((*STATUSES, NOT_TRIED).index(line.status), -line.films, line.reason)
