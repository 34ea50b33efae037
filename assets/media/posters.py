"""The `posters` asset: one file per movie, as the image host serves it."""

from collections.abc import Iterator
from functools import partial
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from assets.crawl.movie_records import read_record
from assets.orchestration.asset_specs import POSTER_FILE
from assets.orchestration.movie_asset import movie_asset
from assets.orchestration.pictures import draw_poster
from pipeline.core.outcomes import Outcome, Reason, lacking
from resources.storage.batch import MovieBatch

CHECKED_AT_ONCE = 2
"""Posters that are checked and stored at once; more would compete for one core and one disk."""

EXTRA_THREADS = 8
"""Threads beyond the host's concurrent requests: some check a poster while all requests go on."""

if TYPE_CHECKING:  # it loads requests, which loading definitions does not need
    from resources.sources.image_host import ImageHost


def posters(batch: MovieBatch) -> Iterator[Outcome]:
    """Download each movie's poster from the image host and check it by decoding it."""
    images = batch.run_context.images  # opened, and its sizes fetched, before the threads begin
    fetch = partial(store_poster, batch, images, BoundedSemaphore(CHECKED_AT_ONCE))
    return batch.each(fetch, workers=images.at_once + EXTRA_THREADS)


def store_poster(
    batch: MovieBatch, images: "ImageHost", slots: BoundedSemaphore, tmdb_id: int
) -> Outcome:
    """Fetch, check and store one movie's poster."""
    from pipeline.media.poster import inspect_poster

    record = read_record(batch, tmdb_id)
    if not record.poster_path:
        return lacking(tmdb_id, Reason.NOT_LISTED, "TMDB lists no poster")
    content = images.fetch_poster(record.poster_path)
    with slots:
        info = inspect_poster(content)
        return batch.keep(
            tmdb_id,
            {POSTER_FILE.path(batch.run_context.store, tmdb_id): content},
            poster_path=record.poster_path,
            width_px=info.width_px,
            height_px=info.height_px,
            bytes=len(content),
        )


ASSET = movie_asset(
    posters,
    kinds={"image"},
    metadata={"content": "as the host has it, w500"},
    draw=draw_poster,
)
