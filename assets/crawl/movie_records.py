"""Crawl: what TMDB, or a dump that was imported, says of each movie."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from assets.crawl.record_terms import LIVE, RecordTerms, keep_terms, summarise_terms
from assets.orchestration.asset_specs import RECORD_FILE
from assets.orchestration.column_lineage import column_lineage
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.errors import DamagedFileError, ItemError, RecordError
from pipeline.core.outcomes import Outcome, Reason, lacking
from pipeline.core.records import MovieRecord, facets
from pipeline.core.staleness import RECORDS
from pipeline.core.terms import TERMS_KEY
from pipeline.core.versions import combine, hash_json
from resources.sources.tmdb_parts import list_lacked
from resources.storage.batch import MovieBatch


def movie_records(batch: MovieBatch) -> Iterator[Outcome]:
    """What TMDB says of a movie: its answer, kept whole, with credits, keywords and videos.

    What TMDB does not know is taken from public dumps that were imported, and the record says which
    field came from which (`marquee_provenance`).

    Its facets (hashes of the parts that other assets depend on) decide what a change makes due. It
    carries the terms of every source (`marquee_terms`), with the time of reading and the last
    lawful day; one that is too old for its source's terms is requested again.
    """
    terms = RecordTerms(batch.run_context)
    tmdb = None if batch.run_context.source.is_imports else batch.run_context.tmdb
    imports = batch.run_context.imports

    def fetch(tmdb_id: int) -> Outcome:
        try:
            crawled = [(LIVE, tmdb.details(tmdb_id, *_hints(batch, tmdb_id)))] if tmdb else []
        except ItemError as error:
            kept = keep_terms(batch.run_context, batch.rows.get(tmdb_id))
            if error.reason is not Reason.DELETED_AT_SOURCE:
                error.metadata |= kept
                raise
            last = _last_known(batch, tmdb_id)
            return lacking(tmdb_id, error.reason, error.detail, **last, **(kept if last else {}))
        today = datetime.fromtimestamp(batch.run_context.clock(), UTC).date()
        sources = [*crawled, *imports.answers(tmdb_id)]
        answer = _merge(tmdb_id, sources, today)
        record = _parse(answer)
        answer[TERMS_KEY] = terms.describe([name for name, _ in sources])
        content = json.dumps(answer, ensure_ascii=False, sort_keys=True).encode()
        parts = _facets(record, answer)
        return batch.keep(
            tmdb_id,
            {RECORD_FILE.path(batch.run_context.store, tmdb_id): content},
            content_hash=parts["all"],
            facets=parts,
            title=record.title,
            release_date=str(record.release_date or ""),
            imdb_id=record.imdb_id or "",
            original_language=record.original_language,
            lacked=[part for _, fields in crawled for part in list_lacked(fields)],
            trailer_keys=_trailer_keys(record),
            **_fields_by_source(answer),
            **summarise_terms(answer[TERMS_KEY]),
        )

    return batch.each(fetch, workers=16)


def _parse(answer: dict) -> MovieRecord:
    from pipeline.crawl.tmdb.responses import parse_details

    return parse_details(answer)


def _merge(tmdb_id: int, answers: list[tuple[str, Mapping]], today: date) -> dict:
    """Merge TMDB's response and imported dumps into one record; TMDB's values come first."""
    from pipeline.crawl.future_releases import drop_future_release
    from pipeline.crawl.merging import merge_sources

    if not answers:
        raise RecordError(
            Reason.NOT_LISTED, "no dump that was imported tells of it; import one that does"
        )
    return {**drop_future_release(merge_sources(answers), today), "id": tmdb_id}


def _fields_by_source(answer: Mapping) -> dict[str, Any]:
    """Count the record's fields by source, where a dump provides any."""
    from pipeline.crawl.merging import PROVENANCE_KEY

    counts = Counter(answer.get(PROVENANCE_KEY, {}).values())
    return {"fields_told_by": dict(counts)} if counts else {}  # a stored key


def _facets(record: MovieRecord, answer: Mapping) -> dict[str, str]:
    """Hash the record's parts; of the videos only the choice of trailers counts."""
    from pipeline.crawl.merging import BOX_OFFICE_KEY

    parts = {**facets(record), "trailer": hash_json(_trailer_keys(record))}
    if BOX_OFFICE_KEY in answer:
        for name in ("box_office", "all"):
            parts[name] = combine([parts[name], hash_json(answer[BOX_OFFICE_KEY])])
    return parts


def _trailer_keys(record: MovieRecord) -> list[str]:
    """Return the videos that may stand for the movie, the first choice first."""
    from pipeline.crawl.tmdb.trailer_ranking import rank_trailers

    ranked = rank_trailers(record.videos, record.original_language, record.release_date)
    return [video.key for video in ranked]


def _hints(batch: MovieBatch, tmdb_id: int) -> tuple[str, list[str]]:
    """Return the movie's language, and the parts that it lacked in English, at the last crawl."""
    before = batch.rows.get(tmdb_id)
    known = before.metadata if before else {}
    lacked = known.get("lacked")
    return str(known.get("original_language", "")), lacked if isinstance(lacked, list) else []


def _last_known(batch: MovieBatch, tmdb_id: int) -> dict[str, object]:
    """Return what is still known of a movie that TMDB has deleted, and where its last data lie."""
    if not RECORD_FILE.path(batch.run_context.store, tmdb_id).exists():
        return {}
    try:
        record = read_record(batch, tmdb_id)
    except (DamagedFileError, RecordError):
        return {}
    return {
        "title": record.title,
        "release_date": str(record.release_date or ""),
        "imdb_id": record.imdb_id or "",
        "last_data": f"movies/{tmdb_id}.json",
    }


def read_record(batch: MovieBatch, tmdb_id: int) -> MovieRecord:
    """Read a movie's record from the store."""
    return _parse(read_answer(batch, tmdb_id))


def read_answer(batch: MovieBatch, tmdb_id: int) -> dict:
    """Read what TMDB and imported dumps have of a movie, as it is kept."""
    store = batch.run_context.store
    return store.read_json(RECORD_FILE.path(store, tmdb_id))


ASSETS = [
    movie_asset(
        movie_records,
        kinds={"tmdb", "json"},
        metadata={
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn("id", "int", description="TMDB id, the partition's key"),
                    dg.TableColumn("title", "str"),
                    dg.TableColumn("overview", "str", description="plot"),
                    dg.TableColumn("release_date", "date"),
                    dg.TableColumn("budget", "int", description="US dollars; 0 means unknown"),
                    dg.TableColumn("revenue", "int", description="US dollars; a label, no input"),
                    *(
                        dg.TableColumn(name, "object", description="as TMDB has it")
                        for name in (
                            "credits",
                            "keywords",
                            "videos",
                            "release_dates",
                            "belongs_to_collection",
                            "genres",
                        )
                    ),
                    dg.TableColumn("imdb_id", "str"),
                    dg.TableColumn("vote_average", "float", description="TMDB's score; no input"),
                    dg.TableColumn("vote_count", "int", description="no input"),
                    dg.TableColumn(
                        TERMS_KEY,
                        "list",
                        description="of every source: terms, time of reading, last lawful day",
                    ),
                ]
            ),
            **column_lineage(RECORDS),
        },
    ),
]
