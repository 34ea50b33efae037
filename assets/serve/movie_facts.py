"""What is known of a film of the store: its record, and where each result is from."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from assets.orchestration.asset_specs import MOVIE_ASSETS
from assets.predict.predictor import Predictor
from assets.serve.movie_pictures import list_pictures
from pipeline.core.records import MovieRecord
from pipeline.core.staleness import Row
from pipeline.core.track_records import CREW_JOBS
from resources.run_context import RunContext


def describe_movie_facts(
    run_context: RunContext, predictor: Predictor, record: MovieRecord
) -> dict[str, Any]:
    """Describe a film of the store; JSON values.

    Returns:
        `record` is what models may read, `actual` what is known today and none reads, `lineage`
        where the result of each asset is from, `pictures` the names of those that can be drawn.
    """
    return {
        "tmdb_id": record.tmdb_id,
        "title": record.title,
        "source": run_context.source.label,
        "record": _describe_record(record),
        "actual": _describe_actual(predictor, record.tmdb_id),
        "lineage": list(_trace(run_context, record.tmdb_id)),
        "pictures": list(list_pictures(run_context, record.tmdb_id)),
    }


def _describe_record(record: MovieRecord) -> dict[str, Any]:
    people = {
        role: [person.name for person in record.crew if person.job in jobs]
        for role, jobs in CREW_JOBS.items()
    }
    return {
        "release_date": record.release_date.isoformat() if record.release_date else None,
        "plot": record.overview,
        "budget_usd": record.budget_usd,
        "runtime_min": record.runtime_min,
        "genres": list(record.genres),
        "language": record.original_language or None,
        "countries": list(record.countries),
        "certification": record.certification_us,
        "companies": [company.name for company in record.companies],
        "cast": [person.name for person in sorted(record.cast, key=lambda one: one.order)],
        **{role: names for role, names in people.items() if names},
    }


def _describe_actual(predictor: Predictor, tmdb_id: int) -> dict[str, Any]:
    table = predictor.table.table
    row = table.loc[table["tmdb_id"] == tmdb_id].iloc[0]
    numbers = {name: float(row[name]) for name in ("revenue_usd", "vote_average")}
    return {name: None if value != value else value for name, value in numbers.items()}


def _trace(run_context: RunContext, tmdb_id: int) -> Iterator[dict[str, Any]]:
    """Yield where a film's results are from, each asset after its upstreams."""
    for spec in MOVIE_ASSETS:
        if not spec.is_enabled(run_context):
            continue
        row = run_context.ledger.rows(spec.name, [tmdb_id]).get(tmdb_id, Row())
        when = datetime.fromtimestamp(row.written_s, UTC).isoformat(timespec="seconds")
        yield {
            "asset": spec.name,
            "depends_on": list(spec.depends_on),
            "status": row.status or "not made yet",
            "reason": row.reason or None,
            "detail": row.detail or None,
            "made": when if row.written_s else None,
            "code_version": row.code_version or None,
            "content_hash": row.content_hash or None,
            "weights": row.metadata.get("weights"),
        }
