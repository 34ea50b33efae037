"""Movies that have nothing to do, noted so that a build or a sensor need not look through them.

What is decided for a movie depends on its own rows and stamp, on the clock, and on what is the same
for all movies: rules, code versions, settings, the user's folder of trailers, a host's pause, and
what Dagster shows. The last are one version; the database counts changes of the first.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import dagster as dg

from assets.orchestration import asset_settings, asset_specs, record_age
from assets.orchestration.asset_specs import MOVIE_ASSETS, MovieAssetSpec
from assets.orchestration.shown_movies import shown_version
from pipeline.core import outcomes, staleness, versions
from pipeline.core.staleness import CLOCK_TOLERANCE_S, Row
from pipeline.core.versions import combine, hash_bytes
from resources.run_context import RunContext

_ALL = "all"
_RULES = (staleness, outcomes, versions, asset_specs, asset_settings, record_age)
"""Modules that decide: with another text of one of them all movies are looked through again."""


class IdleLookup:
    """Which movies a search for stale ones may leave out, and what it found to be idle.

    Args:
        run_context: Ledger, settings and clock.
        instance: Dagster's.
        specs: The assets that are searched.
    """

    def __init__(
        self,
        run_context: RunContext,
        instance: dg.DagsterInstance,
        specs: Sequence[MovieAssetSpec],
    ):
        self._idle, self._now_s = run_context.ledger.idle, run_context.clock()
        shown = shown_version(run_context, instance)
        scopes = {_ALL: MOVIE_ASSETS, _scope(specs): specs} if shown else {}
        self._versions = {
            scope: _version(run_context, shown, some) for scope, some in scopes.items()
        }
        self._scope = _scope(specs)

    def others(self, tmdb_ids: Iterable[int]) -> list[int]:
        """List those of these movies that have to be looked through, by TMDB id."""
        if not self._versions:
            return sorted(tmdb_ids)
        wanted = set(tmdb_ids)
        return [i for i in self._idle.others(self._versions, self._now_s) if i in wanted]

    def changes(self, tmdb_ids: Sequence[int]) -> dict[int, int]:
        """Return how often movies' rows have changed; ask before reading the rows."""
        return self._idle.changes(tmdb_ids) if self._versions else {}

    def note(
        self, changes: Mapping[int, int], stale: set[int], waiting: Mapping[int, "Moments"]
    ) -> None:
        """Note the movies that were looked through and are not stale.

        Args:
            changes: How often their rows had changed before they were read.
            stale: Movies with work.
            waiting: The moments between which a row's next attempt is not due, by movie.
        """
        from resources.storage.idle_movies import IdleNote

        if not self._versions:
            return
        notes = dict[int, IdleNote]()
        for tmdb_id, count in changes.items():
            if tmdb_id not in stale:
                moments = waiting.get(tmdb_id, ALWAYS)
                notes[tmdb_id] = IdleNote(count, *moments)
        self._idle.note(self._scope, self._versions[self._scope], notes)


Moments = tuple[float, float]
"""From when until when something holds, in seconds since the epoch."""

ALWAYS: Moments = (-math.inf, math.inf)


def waiting_moments(row: Row) -> Moments:
    """Return when a row that is up to date stays so: until its next attempt, and not by a clock
    before the moment at which it was written.

    Example:
        >>> waiting_moments(Row("retry", next_attempt_s=5000.0, written_s=1000.0))
        (400.0, 5000.0)
    """
    if not row.next_attempt_s:
        return ALWAYS
    return row.written_s - CLOCK_TOLERANCE_S, row.next_attempt_s


def overlap(one: Moments, other: Moments) -> Moments:
    """Return the moments that lie in both."""
    return max(one[0], other[0]), min(one[1], other[1])


@cache
def rules_version() -> str:
    """Return the version of the code that decides what is stale."""
    from assets.orchestration import staleness as search

    files = [module.__file__ or "" for module in (*_RULES, search)]
    return hash_bytes(*(Path(file).read_bytes() for file in files))


def _scope(specs: Sequence[MovieAssetSpec]) -> str:
    """Return a short name of a choice of assets."""
    names = [spec.name for spec in specs]
    return _ALL if names == [spec.name for spec in MOVIE_ASSETS] else combine(names)


def _version(run_context: RunContext, shown: str, specs: Sequence[MovieAssetSpec]) -> str:
    """Return the version of all that decides beside a movie's rows and the clock."""
    found = [rules_version(), shown]
    for spec in specs:
        found += [spec.name, spec.code_version, *spec.depends_on, spec.facet or ""]
        if spec.is_enabled(run_context):
            found += [
                "enabled",
                spec.settings_version(run_context),
                spec.beside_rows(run_context),
                spec.find_pause(run_context),
            ]
    return combine(found)
