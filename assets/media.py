"""Media: posters and trailers as files.

What belongs here: the assets. What does not: downloads (see `resources`) and looking into files
(see `pipeline.media`).
"""

from collections.abc import Iterator

from assets.crawl import read_record
from assets.movie_assets import movie_asset
from pipeline.outcomes import Outcome, Reason, lacking
from pipeline.records import MovieRecord
from resources.batch import Batch


def posters(batch: Batch) -> Iterator[Outcome]:
    """A movie's poster as the image host has it, checked by decoding it."""
    images = batch.workplace.images

    def fetch(tmdb_id: int) -> Outcome:
        from pipeline.media.poster import inspect_poster

        record = read_record(batch, tmdb_id)
        if not record.poster_path:
            return lacking(tmdb_id, Reason.NOT_LISTED, "TMDB lists no poster")
        content = images.fetch_poster(record.poster_path)
        info = inspect_poster(content)
        return batch.keep(
            tmdb_id,
            {batch.path(tmdb_id, ".jpg", "posters"): content},
            poster_path=record.poster_path,
            width_px=info.width_px,
            height_px=info.height_px,
            bytes=len(content),
        )

    return batch.each(fetch, workers=16)


def trailers(batch: Batch) -> Iterator[Outcome]:
    """A movie's trailer: the best listed candidate that can be had, checked by opening it."""

    def fetch(tmdb_id: int) -> Outcome:
        record = read_record(batch, tmdb_id)
        candidates = _candidates(record)
        if not candidates:
            return lacking(tmdb_id, Reason.NOT_LISTED, "TMDB lists no trailer")
        return _keep_trailer(batch, tmdb_id, candidates)

    return batch.each(fetch, workers=4)


def _candidates(record: MovieRecord) -> tuple:
    from pipeline.crawl.trailers import rank_trailers

    return rank_trailers(record.videos, record.original_language, record.release_date)


def _keep_trailer(batch: Batch, tmdb_id: int, candidates: tuple) -> Outcome:
    from pipeline.media.trailer import probe

    fetched = batch.workplace.trailers.fetch(candidates, batch.staging(), str(tmdb_id))
    info = probe(fetched.path)
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
        video_key=fetched.key,
        tried={key: str(reason) for key, reason in fetched.tried},
        duration_s=round(info.duration_s, 2),
        width_px=info.width_px,
        height_px=info.height_px,
        codec=info.codec,
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
