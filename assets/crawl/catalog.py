"""The catalog: which movies there are, and which of them changed."""

import time
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from pydantic import Field, field_validator

from assets.crawl.catalog_crawl import Found, Scope, crawl, note_crawled, read_scope
from assets.orchestration.asset_specs import CATALOG
from assets.orchestration.checks import count_statuses, share_ok
from assets.orchestration.movie_events import catalog_version
from assets.orchestration.partitions import register
from assets.orchestration.step_errors import concise_errors
from assets.orchestration.unpartitioned_asset import unpartitioned_asset
from resources.run_context import RunContext

MIN_VOTES = 50
"""Fewest votes of a listed movie where nothing else was ever set; on the studio none are
needed."""

FIRST_RELEASE = "1900-01-01"


LAST_CRAWL = -1


class CatalogConfig(dg.Config):
    """The launch form of the catalog: which movies TMDB is asked for."""

    released_from: str = Field(
        "",
        description="First release date of the list, as 1990-01-01; empty: the last crawl's, else "
        "1900.",
    )
    min_votes: int = Field(
        LAST_CRAWL,
        ge=LAST_CRAWL,
        description="Movies with fewer TMDB votes are not listed; votes are never an input. "
        f"{LAST_CRAWL}: the last crawl's, else {MIN_VOTES} (0 on the studio).",
    )
    is_full: bool = Field(False, description="List everything again, not only what changed.")

    @field_validator("released_from")
    @classmethod
    def _check_date(cls, day: str) -> str:
        try:
            return date.fromisoformat(day).isoformat() if day else ""
        except ValueError:
            raise ValueError("must be a date such as 1990-01-01") from None


WARN_AFTER, FAIL_AFTER = timedelta(hours=26), timedelta(hours=50)
"""A night's crawl is late, or two were missed; each with two hours for the crawl itself."""


@unpartitioned_asset(
    CATALOG.name,
    kinds={"tmdb"},
    freshness_policy=dg.FreshnessPolicy.time_window(FAIL_AFTER, WARN_AFTER),
    metadata={
        "dagster/column_schema": dg.TableSchema(
            columns=[
                dg.TableColumn("tmdb_id", "int", description="the partition's key"),
                dg.TableColumn("change_stamp", "str", description="when a change was last seen"),
            ]
        )
    },
)
def movie_catalog(
    context: dg.AssetExecutionContext,
    config: CatalogConfig,
    run_context: dg.ResourceParam[RunContext],
) -> dg.MaterializeResult:
    """Which movies there are: asks TMDB what is new or changed and registers partitions.

    The first crawl lists every movie of the scope; so does one every four weeks, because a movie
    that gathers votes does not count as changed. The others list movies that came out lately or
    will, and ask for the changes since the last finished crawl. That mark moves only when all of a
    crawl has succeeded.
    """
    began_s = time.monotonic()
    with concise_errors():
        found = _find(run_context, config, context.log.warning)
        added = register(context.instance, found.movies, run_context.source.name)
        _remember(run_context, found)
        note_crawled(run_context, found)
    duration_s = time.monotonic() - began_s
    known = run_context.ledger.tally.known()
    context.log.info(f"{added} new movies, {len(found.changed)} changed, {known} known")
    return dg.MaterializeResult(
        metadata={
            "source": run_context.source.label,
            "movies_known": known,
            "movies_new": added,
            "movies_changed": len(found.changed),
            "movies_per_s": round(len(found.movies) / max(duration_s, 1e-6), 1),
            **_list_shares(run_context),
            "is_full": found.is_full,
        },
        data_version=dg.DataVersion(catalog_version(run_context)),
    )


def _list_shares(run_context: RunContext) -> dict[str, float]:
    """Return the shares of the known movies that have a poster and a trailer in the store."""
    counts = count_statuses(run_context)
    return {
        f"share_with_{one}": share_ok(counts[asset])
        for one, asset in (("poster", "posters"), ("trailer", "trailers"))
    }


def _find(run_context: RunContext, config: CatalogConfig, warn) -> Found:
    if run_context.source.is_imports:  # what is known came in by `marquee import`
        return Found(tuple(run_context.ledger.movies()))
    return crawl(run_context, _scope(run_context, config), is_full=config.is_full, warn=warn)


def _scope(run_context: RunContext, config: CatalogConfig) -> Scope:
    """Keep to the scope that was asked for last, so that a night changes nothing."""
    default = Scope(FIRST_RELEASE, 0 if run_context.source.is_studio else MIN_VOTES)
    last = read_scope(run_context) or default
    return Scope(
        config.released_from or last.released_from,
        last.min_votes if config.min_votes == LAST_CRAWL else config.min_votes,
    )


def _remember(run_context: RunContext, found: Found) -> None:
    """Stamp new movies once, and changed ones again."""
    known = run_context.ledger.movies()
    stamp = datetime.fromtimestamp(run_context.clock(), UTC).isoformat(timespec="milliseconds")
    new = {tmdb_id: "" for tmdb_id in found.movies if tmdb_id not in known}
    run_context.ledger.know_movies({**new, **dict.fromkeys(sorted(found.changed), stamp)})
