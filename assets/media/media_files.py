"""Media: posters and trailers as files."""

from collections.abc import Iterator
from functools import partial
from threading import BoundedSemaphore

from assets.crawl.movie_records import read_record
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.outcomes import Outcome, Reason, lacking
from resources.sources.image_host import ImageHost
from resources.storage.batch import Batch
from resources.trailers.fetched_trailer import FetchedTrailer, tell_tried

KEPT_AT_ONCE = 2
"""Posters that are checked and kept at once; more would wait for each other's core and disk."""

THREADS_BESIDE = 8
"""Threads beyond the host's requests at once: some work on a poster while all requests go on."""


def posters(batch: Batch) -> Iterator[Outcome]:
    """A movie's poster as the image host has it, checked by decoding it."""
    images = batch.run_context.images  # opened, and its sizes asked for, before the threads begin
    make = partial(keep_poster, batch, images, BoundedSemaphore(KEPT_AT_ONCE))
    return batch.each(make, workers=images.at_once + THREADS_BESIDE)


def keep_poster(batch: Batch, images: ImageHost, turns: BoundedSemaphore, tmdb_id: int) -> Outcome:
    """Fetch, check and keep one movie's poster."""
    from pipeline.media.poster import inspect_poster

    record = read_record(batch, tmdb_id)
    if not record.poster_path:
        return lacking(tmdb_id, Reason.NOT_LISTED, "TMDB lists no poster")
    content = images.fetch_poster(record.poster_path)
    with turns:
        info = inspect_poster(content)
        return batch.keep(
            tmdb_id,
            {batch.path(tmdb_id, ".jpg", "posters"): content},
            poster_path=record.poster_path,
            width_px=info.width_px,
            height_px=info.height_px,
            bytes=len(content),
        )


def trailers(batch: Batch) -> Iterator[Outcome]:
    """A movie's trailer, checked by opening it.

    The user's own where there is one (`MARQUEE_TRAILERS`), else the best listed candidate that can
    be had. The figures tell which was used, and why those before it were not.
    """
    sources, decoders = batch.run_context.trailers, batch.run_context.decoders

    def fetch(tmdb_id: int) -> Outcome:
        from pipeline.media.trailer import probe
        from resources.trailers.trailer_sources import want_trailer

        wanted = want_trailer(read_record(batch, tmdb_id))
        inspect = partial(decoders.call, probe)
        return _keep_trailer(batch, tmdb_id, sources.fetch(wanted, batch.staging(), inspect))

    return batch.each(fetch, workers=4)


def _keep_trailer(batch: Batch, tmdb_id: int, fetched: FetchedTrailer) -> Outcome:
    size_bytes = fetched.path.stat().st_size
    files = {batch.path(tmdb_id, ".mp4", "trailers"): fetched.path}
    sound = batch.path(tmdb_id, ".audio.m4a", "trailers")
    if fetched.audio_path:
        files[sound] = fetched.audio_path
    else:
        sound.unlink(missing_ok=True)  # that of an earlier trailer
    return batch.keep(
        tmdb_id,
        files,
        taken=fetched.name,
        is_own=fetched.is_own,
        tried=tell_tried(fetched.tried),
        duration_s=round(fetched.info.duration_s, 2),
        width_px=fetched.info.width_px,
        height_px=fetched.info.height_px,
        codec=fetched.info.codec,
        bytes=size_bytes,
    )


ASSETS = [
    movie_asset(
        posters,
        group="media",
        kinds={"image"},
        metadata={"file": "posters/<tmdb_id>.jpg", "content": "as the host has it, w500"},
    ),
    movie_asset(
        trailers,
        group="media",
        kinds={"video"},
        metadata={"file": "trailers/<tmdb_id>.mp4", "content": "at most 480 lines, with sound"},
    ),
]
