"""The stale movies of a build, in ranges, beside other builds on the same store."""

import logging
import time
from collections.abc import Sequence

import dagster as dg

from assets.cli.job_runs import EMBEDDINGS, PlannedRun, Runs
from assets.orchestration.asset_settings import find_host_pause
from assets.orchestration.asset_specs import MovieAssetSpec
from assets.orchestration.jobs import stale_ranges
from assets.orchestration.movie_claims import POLL_S, left_to_others
from assets.orchestration.partitions import range_tags
from assets.orchestration.run_slots import cut_for
from resources.run_context import RunContext
from resources.storage.lock import owning
from resources.storage.owner import Owner

LOG = logging.getLogger("marquee")


def build_movies(
    runs: Runs,
    run_context: RunContext,
    instance: dg.DagsterInstance,
    specs: Sequence[MovieAssetSpec],
    *,
    only: Sequence[int] | None,
    limit: int | None,
    range_movies: int,
) -> int:
    """Process the stale movies. Those that another run is working on are waited for, and finished
    where it did not.

    Args:
        runs: Where runs are executed.
        run_context: Store and ledger.
        instance: Dagster's.
        specs: Assets that count.
        only: Movies that count; None means all.
        limit: Maximum number of movies.
        range_movies: Movies in one run.

    Returns:
        The number of movies that were stale.
    """
    wanted, first = only, None
    with owning(run_context.ledger) as owner:
        while wanted is None or wanted:
            ranges = stale_ranges(
                run_context, instance, specs=specs, only=wanted, limit=limit,
                range_movies=range_movies,
            )  # fmt: skip
            first = sum(map(len, ranges)) if first is None else first
            if pause := find_host_pause(run_context):
                LOG.warning("%s", pause)
            wanted = _run_ranges(runs, instance, ranges, specs)
            if wanted:
                _wait_for_others(owner, specs, wanted)
    return first or 0


def _run_ranges(
    runs: Runs,
    instance: dg.DagsterInstance,
    ranges: Sequence[Sequence[str]],
    specs: Sequence[MovieAssetSpec],
) -> list[int]:
    """Run all ranges; return the movies that were left to other runs."""
    if runs.slots > 1:
        ranges = cut_for(runs.slots, ranges)
    chains = [
        [
            PlannedRun(
                "movies",
                tags=range_tags(keys, only=True),
                selection=[spec.name for spec in chosen],
                what=f"range {number} of {len(ranges)}: {len(keys)} stale movies",
                embeds_or_trains=any(spec.stage == EMBEDDINGS for spec in chosen),
            )
            for chosen in runs.parts(specs)
        ]
        for number, keys in enumerate(ranges, start=1)
    ]
    left = set[int]()
    for run_id in runs.run(chains):
        left |= left_to_others(instance, run_id)
    return sorted(left)


def _wait_for_others(owner: Owner, specs: Sequence[MovieAssetSpec], left: Sequence[int]) -> None:
    """Wait until no other run is working on these movies."""
    names, waited_for = [spec.name for spec in specs], ""
    while holders := {
        who for i, who in owner.claims.of_others(owner.id, names).items() if i in set(left)
    }:
        if min(holders) != waited_for:
            waited_for = min(holders)
            LOG.warning(
                "%s is working on some of %d movies; waiting until it has finished.",
                waited_for, len(left),
            )  # fmt: skip
        time.sleep(POLL_S)
