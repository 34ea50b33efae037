"""Crawl: what TMDB, or a dump that was imported, says of each movie.

What belongs here: the movies' records. What does not: which movies there are (see
`assets.catalog`), requests (see `resources`) and reading of answers (see `pipeline.crawl`).
"""

import json
from collections.abc import Iterator

import dagster as dg

from assets.movie_assets import movie_asset
from pipeline.errors import FetchError
from pipeline.outcomes import Outcome, Reason, lacking
from pipeline.records import MovieRecord, facets
from pipeline.versions import hash_json
from resources.batch import Batch


def movie_records(batch: Batch) -> Iterator[Outcome]:
    """What TMDB says of a movie: its answer, kept whole, with credits, keywords and videos.

    Its facets (hashes of the parts that other assets hang on) decide what a change makes due.
    """
    tmdb = batch.workplace.tmdb

    def fetch(tmdb_id: int) -> Outcome:
        try:
            answer = tmdb.details(tmdb_id)
        except FetchError as error:
            if error.reason is not Reason.DELETED_AT_SOURCE:
                raise
            return lacking(tmdb_id, error.reason, error.detail)
        record = _parse(answer)
        content = json.dumps(answer, ensure_ascii=False, sort_keys=True).encode()
        parts = _facets(record)
        return batch.keep(
            tmdb_id,
            {batch.path(tmdb_id, ".json", "movies"): content},
            content_hash=parts["all"],
            facets=parts,
            title=record.title,
            release_date=str(record.release_date or ""),
        )

    return batch.each(fetch, workers=16)


def _parse(answer: dict) -> MovieRecord:
    from pipeline.crawl.tmdb import parse_details

    return parse_details(answer)


def _facets(record: MovieRecord) -> dict[str, str]:
    """Hash the record's parts; of the videos only the choice of trailers counts."""
    from pipeline.crawl.trailers import rank_trailers

    ranked = rank_trailers(record.videos, record.original_language, record.release_date)
    return {**facets(record), "trailer": hash_json([video.key for video in ranked])}


def read_record(batch: Batch, tmdb_id: int) -> MovieRecord:
    """Read a movie's record from the store."""
    path = batch.workplace.store.path("movies", f"{tmdb_id}.json")
    return _parse(batch.workplace.store.read_json(path))


ASSETS = [
    movie_asset(
        movie_records, group="crawl", kinds={"tmdb", "json"},
        metadata={
            "file": "movies/<tmdb_id>.json",
            "dagster/column_schema": dg.TableSchema(
                columns=[
                    dg.TableColumn("id", "int", description="TMDB id, the partition's key"),
                    dg.TableColumn("title", "str"),
                    dg.TableColumn("overview", "str", description="plot"),
                    dg.TableColumn("release_date", "date"),
                    dg.TableColumn("budget", "int", description="US dollars; 0 means unknown"),
                    dg.TableColumn("revenue", "int", description="US dollars; a label, no input"),
                    dg.TableColumn("credits, keywords, videos, release_dates, …", "object"),
                ]
            ),
        },
    ),
]  # fmt: skip
