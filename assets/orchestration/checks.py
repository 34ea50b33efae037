"""The asset checks of per-movie assets: how many movies have which status, and how old records
are.
"""

from collections import Counter
from collections.abc import Mapping

import dagster as dg

from assets.orchestration.asset_specs import MOVIE_ASSETS, RECORD_FILE
from assets.orchestration.record_age import find_kept_too_long
from pipeline.core.outcomes import PENDING, Status
from pipeline.core.staleness import RECORDS
from resources.run_context import RunContext

MAX_WILL_RETRY = 0.2
"""A larger fraction of movies that wait for a retry hints at a source that is down."""


def count_statuses(run_context: RunContext) -> dict[str, dict[str, int]]:
    """Count the known movies by asset and status, in one query.

    Returns:
        For each per-movie asset the number of movies by status label, `PENDING` among them.
    """
    known = run_context.ledger.tally.known()
    by_asset = run_context.ledger.counts()
    return {spec.name: _by_label(by_asset.get(spec.name, {}), known) for spec in MOVIE_ASSETS}


def count_reasons(run_context: RunContext, asset: str) -> dict[str, int]:
    """Count the movies of an asset that will be retried by reason, the most frequent first."""
    counts = run_context.ledger.counts().get(asset, {})
    found = Counter({why: n for (status, why), n in counts.items() if status == Status.WILL_RETRY})
    return dict(found.most_common())


def _by_label(counts: Mapping[tuple[str, str], int], known: int) -> dict[str, int]:
    by_label = {
        status.label: sum(n for (value, _), n in counts.items() if value == status)
        for status in Status
    }
    return {**by_label, PENDING: known - sum(by_label.values())}


def share_ok(counts: Mapping[str, int]) -> float:
    """Return the share of the known movies that have a result."""
    return round(counts[Status.OK.label] / max(sum(counts.values()), 1), 4)


def _status_check(name: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=name,
        name="statuses",
        description="Movies by status; warns when many wait for a retry.",
    )
    def check(run_context: dg.ResourceParam[RunContext]) -> dg.AssetCheckResult:
        counts = count_statuses(run_context)[name]
        known = max(sum(counts.values()), 1)
        tried = max(known - counts[PENDING], 1)
        waiting, reasons = counts[Status.WILL_RETRY.label], count_reasons(run_context, name)
        why = ", ".join(f"{reason} {n}" for reason, n in reasons.items())
        return dg.AssetCheckResult(
            passed=waiting <= MAX_WILL_RETRY * tried,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{waiting} of {tried} movies will be retried{why and f': {why}'}.",
            metadata={
                **counts,
                "share": share_ok(counts),
                **{f"fraction {label}": round(n / known, 4) for label, n in counts.items()},
                "known": known,
            },
        )

    return check


@dg.asset_check(
    asset=RECORDS,
    name="last_lawful_day",
    description="No record is kept longer than its source's terms allow, as far as they are known.",
)
def check_last_lawful_day(run_context: dg.ResourceParam[RunContext]) -> dg.AssetCheckResult:
    """Warn where records are past their last lawful day."""
    kept = find_kept_too_long(run_context, RECORD_FILE)
    return dg.AssetCheckResult(
        passed=not kept.sentences,
        severity=dg.AssetCheckSeverity.WARN,
        description=" ".join(kept.sentences) or None,
        metadata={"to request again": len(kept.waiting), "deleted at source": len(kept.gone)},
    )


CHECKS = [*(_status_check(spec.name) for spec in MOVIE_ASSETS), check_last_lawful_day]
