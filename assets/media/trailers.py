"""The `trailers` asset: one video per movie, with its sound in a second file where it came so."""

from collections.abc import Iterator
from functools import partial
from typing import cast

from assets.crawl.movie_records import read_record
from assets.orchestration.asset_specs import TRAILER_FILE, TRAILER_SOUND_FILE
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.outcomes import Outcome
from resources.storage.batch import MovieBatch, outcome_of
from resources.trailers.fetched_trailer import (
    FetchedTrailer,
    NoTrailerError,
    describe_attempts,
    find_due_s,
)

DOWNLOADS_AT_ONCE = 4


def trailers(batch: MovieBatch) -> Iterator[Outcome]:
    """Fetch each movie's trailer and check it by opening it.

    The user's own file is used where there is one (`MARQUEE_TRAILERS`), else the best listed
    candidate that is available. The metadata state which was used, and why those before it were
    not.
    """
    sources, decoders = batch.run_context.trailers, batch.run_context.decoders

    def fetch(tmdb_id: int) -> Outcome:
        from pipeline.media.trailer import probe
        from resources.trailers.trailer_sources import request_trailer

        wanted = request_trailer(read_record(batch, tmdb_id))
        inspect = partial(decoders.call, probe)
        try:
            fetched = sources.fetch(wanted, batch.staging(), inspect)
        except NoTrailerError as error:
            next_attempt_s = find_due_s(error.tried, batch.run_context.clock())
            failed = outcome_of(batch.step.name, tmdb_id, error)
            return failed.with_next_attempt(next_attempt_s)
        return _store_trailer(batch, tmdb_id, fetched)

    return batch.each(fetch, workers=DOWNLOADS_AT_ONCE)


def _store_trailer(batch: MovieBatch, tmdb_id: int, fetched: FetchedTrailer) -> Outcome:
    from pipeline.media.trailer import TrailerInfo

    size_bytes, info = fetched.path.stat().st_size, cast(TrailerInfo, fetched.info)
    files = {TRAILER_FILE.path(batch.run_context.store, tmdb_id): fetched.path}
    sound = TRAILER_SOUND_FILE.path(batch.run_context.store, tmdb_id)
    if fetched.audio_path:
        files[sound] = fetched.audio_path
    else:
        sound.unlink(missing_ok=True)  # that of an earlier trailer
    return batch.keep(
        tmdb_id,
        files,
        next_attempt_s=find_due_s(fetched.tried, batch.run_context.clock(), only_live=True),
        taken=fetched.name,  # stored keys; they stay as they are in every store
        is_own=fetched.is_own,
        tried=describe_attempts(fetched.tried),
        duration_s=round(info.duration_s, 2),
        width_px=info.width_px,
        height_px=info.height_px,
        codec=info.codec,
        bytes=size_bytes,
    )


ASSET = movie_asset(
    trailers,
    kinds={"video"},
    metadata={"content": "at most 480 lines, with sound"},
)
