"""The catalog: which movies there are, and which of them changed.

What belongs here: what TMDB is asked for, and the mark up to which it was asked. What does not:
what it says of each movie (see `assets.crawl`).
"""

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from pydantic import Field

from assets.partitions import SINGLE_RUN, register
from assets.stopping import stopping
from pipeline.errors import ItemError
from pipeline.versions import hash_json
from resources.workplace import Workplace

CRAWLED_UNTIL = "crawled_until"
CATALOG_SCOPE = "catalog_scope"
FIRST_RELEASE = "1900-01-01"


class CatalogConfig(dg.Config):
    """Which movies TMDB is asked for."""

    released_from: str = Field(
        "", description="First release date of the list, ISO; empty: the last crawl's, else 1900."
    )
    min_votes: int = Field(
        50, description="Films with fewer TMDB votes are not listed; votes are never an input."
    )
    is_full: bool = Field(False, description="List everything again, not only what changed.")


@dg.asset(
    group_name="crawl",
    kinds={"tmdb"},
    code_version="1",
    backfill_policy=SINGLE_RUN,
    tags={"marquee/stage": "crawl"},
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
    workplace: dg.ResourceParam[Workplace],
) -> dg.MaterializeResult:
    """Which movies there are: asks TMDB what is new or changed and registers partitions.

    The first crawl lists every movie of the scope, later ones ask for the changes since the day of
    the last finished crawl. That day moves only when all of a crawl has succeeded.
    """
    with stopping():
        today = datetime.fromtimestamp(workplace.clock(), UTC).date()
        config = _with_scope(workplace, config)
        listed, changed = _crawl(workplace, config, today)
        added = register(context.instance, listed, workplace.source.name)
        _remember(workplace, listed, changed)
        workplace.ledger.set_note(CATALOG_SCOPE, _scope(config))
        workplace.ledger.set_note(CRAWLED_UNTIL, today.isoformat())
    known = workplace.ledger.movies()
    context.log.info(f"{added} new movies, {len(changed)} changed, {len(known)} known")
    return dg.MaterializeResult(
        metadata={
            "source": workplace.source.label,
            "movies_known": len(known),
            "movies_new": added,
            "movies_changed": len(changed),
        },
        data_version=dg.DataVersion(hash_json(sorted(known.items()))),
    )


def _with_scope(workplace: Workplace, config: CatalogConfig) -> CatalogConfig:
    """Keep to the first release date that was asked for last, so that a night changes nothing."""
    last = workplace.ledger.note(CATALOG_SCOPE)
    released_from = config.released_from or (json.loads(last)[0] if last else FIRST_RELEASE)
    return CatalogConfig(
        released_from=released_from, min_votes=config.min_votes, is_full=config.is_full
    )


def _scope(config: CatalogConfig) -> str:
    return json.dumps([config.released_from, config.min_votes])


def _crawl(workplace: Workplace, config: CatalogConfig, today: date) -> tuple[list[int], set[int]]:
    """List movies of the scope, and those of the known ones that changed."""
    ledger, tmdb = workplace.ledger, workplace.tmdb
    known, until = ledger.movies(), ledger.note(CRAWLED_UNTIL)
    horizon = today + timedelta(days=730)
    is_full = until is None or config.is_full or ledger.note(CATALOG_SCOPE) != _scope(config)
    changed = set() if until is None else set(tmdb.changed_ids(date.fromisoformat(until), today))
    if is_full:
        # The studio's own catalogue is its scope; votes are asked of TMDB alone.
        filters = {} if workplace.source.is_studio else {"vote_count.gte": str(config.min_votes)}
        listed = tmdb.discover_ids(date.fromisoformat(config.released_from), horizon, filters)
    else:
        listed = [i for i in sorted(changed - set(known)) if _is_in_scope(workplace, config, i)]
    return sorted({*known, *listed}), changed & set(known)


def _is_in_scope(workplace: Workplace, config: CatalogConfig, tmdb_id: int) -> bool:
    """Ask TMDB whether a movie that it lists as changed, and that is new to us, belongs here."""
    try:
        from pipeline.crawl.tmdb import parse_details

        record = parse_details(workplace.tmdb.details(tmdb_id))
    except ItemError:
        return False
    released = record.release_date
    min_votes = 0 if workplace.source.is_studio else config.min_votes
    return (record.vote_count or 0) >= min_votes and (
        released is not None and released >= date.fromisoformat(config.released_from)
    )


def _remember(workplace: Workplace, listed: list[int], changed: set[int]) -> None:
    """Stamp new movies once, and changed ones anew."""
    known = workplace.ledger.movies()
    stamp = datetime.fromtimestamp(workplace.clock(), UTC).isoformat(timespec="seconds")
    new = {tmdb_id: "" for tmdb_id in listed if tmdb_id not in known}
    workplace.ledger.know_movies({**new, **dict.fromkeys(changed, stamp)})
