"""The terms that a record carries: of every source that it was made of, and when each was read."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.core.outcomes import Status
from pipeline.core.staleness import Row
from pipeline.core.terms import describe_terms, join_terms, read_time_s
from resources.run_context import RunContext

_IMPORTED_AT = "imported_at:{kind}"
"""Name of the ledger's note of when a dump was imported."""

SHOWN = ("terms", "fetched_at", "last_lawful_day")
"""What the ledger's row keeps of a record's terms."""

LIVE = "tmdb"
"""The name of the live source among those that a record is merged from, also for the studio."""


def note_import(run_context: RunContext, kind: str) -> None:
    """Note that a dump was imported now."""
    moment = datetime.fromtimestamp(int(run_context.clock()), UTC)
    run_context.ledger.set_note(_IMPORTED_AT.format(kind=kind), moment.isoformat())


class RecordTerms:
    """Describes the terms of the records of one run.

    Args:
        run_context: Its source, ledger and clock.
    """

    def __init__(self, run_context: RunContext):
        self._run_context = run_context
        kinds = run_context.imports.kinds()
        notes = {kind: run_context.ledger.note(_IMPORTED_AT.format(kind=kind)) for kind in kinds}
        self._imported_s = {kind: read_time_s(note) for kind, note in notes.items()}

    def describe(self, sources: Sequence[str]) -> list[dict[str, str]]:
        """Describe the terms of a record that is made now.

        A dump counts from its import; one whose import an earlier version did not note, from now.

        Args:
            sources: `LIVE`, or kinds of dumps, in the order of trust.
        """
        now_s = self._run_context.clock()
        live = self._run_context.source.terms_id
        return [
            describe_terms(live, now_s)
            if source == LIVE
            else describe_terms(source, self._imported_s.get(source) or now_s)
            for source in sources
        ]


def summarise_terms(entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """Return what the ledger's row keeps of a record's terms."""
    joined = join_terms(entries)
    return {name: joined[name] for name in SHOWN}


def keep_terms(run_context: RunContext, before: Row | None) -> dict[str, Any]:
    """Return the terms of a record that stays because its source gave no newer one.

    Args:
        run_context: Whose source.
        before: The movie's row until now; one of an earlier version counts from when it was
            written.
    """
    if before is None:
        return {}
    known = {name: str(before.metadata[name]) for name in SHOWN if name in before.metadata}
    if known or not (before.status == Status.OK or "last_data" in before.metadata):
        return known
    live = run_context.source.terms_id
    return summarise_terms([describe_terms(live, before.written_s)]) if live else {}
