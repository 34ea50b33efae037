"""What is due: a pure rule over the rows of the ledger.

A movie is due for an asset when it has no row, when a version it depends on or the asset's code
version differs from its row's, when the time of a transient failure has come, or that of a result
that still moves. It is waiting while something it depends on is missing or may still come. What
does
not belong here: reading or writing rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from pipeline.core.outcomes import Outcome, Reason, Status, lacking
from pipeline.core.versions import combine

RETRY_DELAYS_S = (0.0, 3600.0, 6 * 3600.0, 24 * 3600.0, 3 * 24 * 3600.0, 7 * 24 * 3600.0)
"""Wait after the first, second, … failed attempt: the next run tries again, later ones wait."""


RECORDS = "movie_records"
"""The asset whose facets the others depend on."""


@dataclass(frozen=True)
class Row:
    """One movie in one asset, as the ledger keeps it; an empty status means none was written yet.

    Attributes:
        next_attempt_s: When it is due by itself, in seconds since the epoch; 0 on a final row:
            never.
        is_shown: Whether Dagster has been told.
        pending: What a killed run was about to put in place, or None.
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
    is_shown: bool = False
    pending: Mapping[str, object] | None = None

    @property
    def is_final(self) -> bool:
        """Whether there is a result that others may depend on."""
        return bool(self.status) and self.status != Status.RETRY

    @property
    def lineage(self) -> str:
        """What followers depend on: changes with the content, its inputs and its code."""
        return combine([self.input_version, self.code_version, self.content_hash])


@dataclass(frozen=True)
class Step:
    """One per-movie asset in the graph of what depends on what.

    Attributes:
        name: Name of the asset.
        code_version: Raised by hand whenever the asset's results would differ.
        upstreams: Assets whose result the movie must have.
        facet: Part of the movie's record that it depends on, or None; implies `records`.
    """

    name: str
    code_version: str
    upstreams: tuple[str, ...] = ()
    facet: str | None = None

    @property
    def depends_on(self) -> tuple[str, ...]:
        """The assets whose rows decide whether a movie is due for this one."""
        return (RECORDS, *self.upstreams) if self.facet else self.upstreams


class Need(Enum):
    """What a step has to do for one movie."""

    NOTHING = "nothing"
    WORK = "work"
    INHERIT = "inherit"
    WAIT = "wait"


@dataclass(frozen=True)
class Due:
    """What a step has to do for one movie, and the version of the inputs it depends on."""

    need: Need
    input_version: str = ""
    inherited: Outcome | None = None


def judge(
    step: Step,
    tmdb_id: int,
    row: Row | None,
    upstream_rows: Mapping[str, Row | None],
    *,
    settings_version: str,
    now_s: float,
) -> Due:
    """Say what a step has to do for one movie.

    Args:
        step: The step.
        tmdb_id: The movie.
        row: Its row in the ledger, or None.
        upstream_rows: Its rows in each upstream, and in `RECORDS` where the step has a facet.
        settings_version: Version of what else the result depends on (backbone, weights, a stamp).
        now_s: Time in seconds since the epoch.

    Returns:
        The need; for work and inheritance with the version of the inputs.
    """
    rows = {name: upstream_rows.get(name) for name in step.depends_on}
    if any(upstream is None or not upstream.is_final for upstream in rows.values()):
        return Due(Need.WAIT)
    version = combine([settings_version, *_versions(step, rows)])
    if _is_up_to_date(step, row, version, now_s):
        return Due(Need.NOTHING, version)
    inherited = _inherit(tmdb_id, rows)
    return Due(Need.INHERIT if inherited else Need.WORK, version, inherited)


def _versions(step: Step, rows: Mapping[str, Row | None]) -> list[str]:
    versions = [row.lineage for name, row in rows.items() if row and name in step.upstreams]
    record = rows.get(RECORDS)
    if step.facet and record:
        versions += [record.facets.get(step.facet, record.status), record.code_version]
    return versions


def _is_up_to_date(step: Step, row: Row | None, version: str, now_s: float) -> bool:
    if row is None or (row.input_version, row.code_version) != (version, step.code_version):
        return False
    is_settled = row.is_final and not row.next_attempt_s
    return is_settled or (bool(row.status) and now_s < row.next_attempt_s)


def _inherit(tmdb_id: int, rows: Mapping[str, Row | None]) -> Outcome | None:
    """Pass on an upstream's lack: absent stays absent, refused stays refused."""
    for status, reason in (
        (Status.ABSENT, Reason.UPSTREAM_ABSENT),
        (Status.REFUSED, Reason.UPSTREAM_REFUSED),
    ):
        for name, row in rows.items():
            if row and row.status == status:
                return lacking(tmdb_id, reason, f"{name}: {row.reason or row.status}")
    return None


def row_of(
    outcome: Outcome, before: Row | None, step: Step, input_version: str, *, now_s: float
) -> Row:
    """Turn an outcome into the row that follows `before`.

    Attempts are counted over the same inputs since the last result; the wait grows with them
    (`RETRY_DELAYS_S`).
    """
    is_more = before and before.input_version == input_version and not before.is_final
    attempts = (before.attempts if before and is_more else 0) + 1
    delay_s = RETRY_DELAYS_S[min(attempts, len(RETRY_DELAYS_S)) - 1]
    return Row(
        status=outcome.status.value,
        reason=outcome.reason.value if outcome.reason else "",
        detail=outcome.detail,
        attempts=attempts,
        next_attempt_s=outcome.due_again_s if outcome.status.is_final else now_s + delay_s,
        input_version=input_version,
        code_version=step.code_version,
        content_hash=outcome.content_hash,
        facets=outcome.facets,
        metadata=outcome.metadata,
    )


def shown(row: Row) -> Row:
    """Return the row as Dagster has been told of it."""
    return replace(row, is_shown=True)


def reach(steps: Sequence[Step], own: Mapping[str, set[int]]) -> dict[str, set[int]]:
    """Spread what is due along the graph: a movie due upstream is due for every follower.

    Args:
        steps: Steps, each after its upstreams.
        own: Movies due by their own row, by step.

    Returns:
        Movies due by step, own and inherited.

    Example:
        >>> steps = [Step("movie_records", "1"), Step("posters", "1", facet="poster")]
        >>> reach(steps, {"movie_records": {5}, "posters": set()})["posters"]
        {5}
    """
    due: dict[str, set[int]] = {}
    for step in steps:
        due[step.name] = set(own.get(step.name, ()))
        for name in step.depends_on:
            due[step.name] |= due.get(name, set())
    return due
