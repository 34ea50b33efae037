"""Decide from the ledger's rows what each asset has to do for a movie; read and write no row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from pipeline.core.outcomes import Outcome, Reason, Status, lacking
from pipeline.core.versions import combine

RETRY_DELAYS_S = (0.0, 3600.0, 6 * 3600.0, 24 * 3600.0, 3 * 24 * 3600.0, 7 * 24 * 3600.0)
"""Wait after the first, second, … failed attempt: the next run tries again, later ones wait."""

CLOCK_TOLERANCE_S = 600.0
"""How far the clocks of machines that share a ledger may be apart."""

RECORDS = "movie_records"
"""The asset whose facets the others depend on."""

FACETS_VERSION = "1"
"""Raised where the same facet of a record means something else, which makes all assets that depend
on a facet stale. A new code version of the records alone reaches those whose facets it changes."""


@dataclass(frozen=True)
class Row:
    """One movie in one asset, as the ledger keeps it; an empty status means no result yet.

    Attributes:
        next_attempt_s: When it is stale by itself, in seconds since the epoch; 0 on a final row:
            never.
        is_published: Whether Dagster's event log has the event of this row.
        pending: What a killed run was about to put in place, or None.
        written_s: When it was written, in seconds since the epoch.
    """

    status: str = ""
    reason: str = ""
    detail: str = ""
    attempts: int = 0
    next_attempt_s: float = 0.0
    input_version: str = ""
    code_version: str = ""
    content_hash: str = ""
    facets: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, object] = field(default_factory=dict)
    is_published: bool = False
    pending: Mapping[str, object] | None = None
    written_s: float = field(default=0.0, compare=False)

    @property
    def is_final(self) -> bool:
        """Whether there is a result that others may depend on."""
        return bool(self.status) and self.status != Status.WILL_RETRY

    @property
    def lineage(self) -> str:
        """The version that downstream assets depend on: of content, inputs and code."""
        return combine([self.input_version, self.code_version, self.content_hash])

    def due_by(self, moment_s: float) -> "Row":
        """Return the row, if it is final, with a next attempt at that moment or earlier.

        Args:
            moment_s: Seconds since the epoch; 0: no such moment.
        """
        if not moment_s or not self.is_final:
            return self
        return replace(self, next_attempt_s=min(self.next_attempt_s or moment_s, moment_s))

    def published(self) -> "Row":
        """Return the row with its event in Dagster's log."""
        return replace(self, is_published=True)


@dataclass(frozen=True)
class Step:
    """One per-movie asset in the dependency graph.

    Attributes:
        name: Name of the asset.
        code_version: Raised by hand whenever the asset's results would differ.
        upstreams: Assets whose result the movie must have.
        facet: Part of the movie's record that it depends on, or None; implies `RECORDS`.
    """

    name: str
    code_version: str
    upstreams: tuple[str, ...] = ()
    facet: str | None = None

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The assets whose rows decide whether a movie is stale in this one."""
        return (RECORDS, *self.upstreams) if self.facet else self.upstreams


class Action(Enum):
    """What a step has to do for one movie."""

    NOTHING = "nothing"
    WORK = "work"
    INHERIT = "inherit"
    WAIT = "wait"


@dataclass(frozen=True)
class Decision:
    """What a step has to do for one movie, and the version of the inputs it depends on."""

    action: Action
    input_version: str = ""
    inherited: Outcome | None = None


def decide(
    step: Step,
    tmdb_id: int,
    row: Row | None,
    upstream_rows: Mapping[str, Row | None],
    *,
    settings_version: str,
    now_s: float,
    force: bool = False,
) -> Decision:
    """Decide what a step has to do for one movie.

    It works where the movie has no row, where a version that it depends on or the code version
    differs from the row's, and where the time of the next attempt has come. It waits while an
    upstream has no final result.

    Args:
        step: The step.
        tmdb_id: The movie.
        row: Its row in the ledger, or None.
        upstream_rows: Its rows in each upstream, and in `RECORDS` where the step has a facet.
        settings_version: Version of what else the result depends on (backbone, weights, a stamp).
        now_s: Time in seconds since the epoch.
        force: Work also where the movie is up to date or waits for its next attempt.

    Returns:
        The action; for work and inheritance with the version of the inputs.
    """
    rows = {name: upstream_rows.get(name) for name in step.depends_on}
    if any(upstream is None or not upstream.is_final for upstream in rows.values()):
        return Decision(Action.WAIT)
    version = combine([settings_version, *_versions(step, rows)])
    if not force and _is_up_to_date(step, row, version, now_s):
        return Decision(Action.NOTHING, version)
    inherited = _inherit(tmdb_id, rows)
    return Decision(Action.INHERIT if inherited else Action.WORK, version, inherited)


def _versions(step: Step, rows: Mapping[str, Row | None]) -> list[str]:
    versions = [row.lineage for name, row in rows.items() if row and name in step.upstreams]
    record = rows.get(RECORDS)
    if step.facet and record:
        versions += [record.facets.get(step.facet, record.status), FACETS_VERSION]
    return versions


def _is_up_to_date(step: Step, row: Row | None, version: str, now_s: float) -> bool:
    if row is None or row.pending is not None:  # a killed run was about to put a file in place
        return False
    if (row.input_version, row.code_version) != (version, step.code_version):
        return False
    is_settled = row.is_final and not row.next_attempt_s
    waits = now_s < row.next_attempt_s and not is_from_the_future(row, now_s)
    return is_settled or (bool(row.status) and waits)


def is_from_the_future(row: Row, now_s: float) -> bool:
    """Whether a row was written by a clock that ran ahead; its next attempt is due now."""
    return row.written_s > now_s + CLOCK_TOLERANCE_S


def _inherit(tmdb_id: int, rows: Mapping[str, Row | None]) -> Outcome | None:
    """Pass an upstream's lack on: unavailable stays unavailable, rejected stays rejected."""
    for status, reason in (
        (Status.UNAVAILABLE, Reason.UPSTREAM_UNAVAILABLE),
        (Status.REJECTED, Reason.UPSTREAM_REJECTED),
    ):
        for name, row in rows.items():
            if row and row.status == status:
                return lacking(tmdb_id, reason, f"{name}: {row.reason or row.status}")
    return None


def row_of(
    outcome: Outcome, before: Row | None, step: Step, input_version: str, *, now_s: float
) -> Row:
    """Return the row of an outcome that follows `before`.

    Attempts are counted over the same inputs since the last result; the wait grows with them
    (`RETRY_DELAYS_S`).
    """
    is_repeated = before and before.input_version == input_version and not before.is_final
    attempts = (before.attempts if before and is_repeated else 0) + 1
    delay_s = RETRY_DELAYS_S[min(attempts, len(RETRY_DELAYS_S)) - 1]
    return Row(
        status=outcome.status.value,
        reason=outcome.reason.value if outcome.reason else "",
        detail=outcome.detail,
        attempts=attempts,
        next_attempt_s=outcome.next_attempt_s
        if outcome.status.is_final
        else max(outcome.next_attempt_s, now_s + delay_s),
        input_version=input_version,
        code_version=step.code_version,
        content_hash=outcome.content_hash,
        facets=outcome.facets,
        metadata=outcome.metadata,
    )


def propagate_downstream(
    steps: Sequence[Step], stale: Mapping[str, set[int]]
) -> dict[str, set[int]]:
    """Propagate stale movies along the graph: stale upstream is stale downstream.

    Args:
        steps: Steps, each after its upstreams.
        stale: Movies that are stale by their own row, by step.

    Returns:
        Stale movies by step, their own and those of their upstreams.

    Example:
        >>> steps = [Step("movie_records", "1"), Step("posters", "1", facet="poster")]
        >>> propagate_downstream(steps, {"movie_records": {5}, "posters": set()})["posters"]
        {5}
    """
    reached: dict[str, set[int]] = {}
    for step in steps:
        reached[step.name] = set(stale.get(step.name, ()))
        for name in step.depends_on:
            reached[step.name] |= reached.get(name, set())
    return reached
