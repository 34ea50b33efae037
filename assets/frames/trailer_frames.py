"""The `trailer_frames` asset: informative frames of each trailer, and clips of its shots."""

from collections.abc import Iterator
from functools import partial

from assets.orchestration.asset_settings import reading_options
from assets.orchestration.asset_specs import CLIPS_FILE, FRAMES_FILE, TRAILER_FILE
from assets.orchestration.movie_asset import movie_asset
from assets.orchestration.movie_page import shows_pictures
from assets.orchestration.pictures import draw_frames
from pipeline.core.outcomes import Outcome
from resources.storage.batch import MovieBatch
from resources.storage.store import StorePath, npz_bytes


def trailer_frames(batch: MovieBatch) -> Iterator[Outcome]:
    """Sample frames of each trailer, and cut clips out of the same decoding.

    100 frames are drawn with the movie's id as random seed, and 30 informative ones kept. Nearly
    black and nearly uniform frames are dropped (mean and deviation at or below the trailer's 20th
    percentile, and an absolute floor); the partition's metadata count them by reason. Where a
    backbone requires them, clips of 24 frames at 24 a second are cut out of the shots.
    """
    options, decoders = reading_options(batch.run_context), batch.run_context.decoders
    draws_picture = shows_pictures(batch.run_context)

    def read(tmdb_id: int) -> Outcome:
        from assets.frames.trailer_reading import read_frames

        with batch.run_context.store.local_copy(
            TRAILER_FILE.path(batch.run_context.store, tmdb_id)
        ) as path:
            reading = decoders.call(
                partial(read_frames, draws_picture=draws_picture),
                path, tmdb_id, options, beats=True,
            )  # fmt: skip
        arrays = {"frames": reading.picked.frames, "pts_s": reading.picked.pts_s}
        files: dict[StorePath, bytes] = {}
        clips = CLIPS_FILE.path(batch.run_context.store, tmdb_id)
        if reading.clips is None:
            clips.unlink(missing_ok=True)  # from a time when a backbone required them
        else:
            arrays["clip_pts_s"] = reading.clip_pts_s
            files[clips] = reading.clips
        files[FRAMES_FILE.path(batch.run_context.store, tmdb_id)] = npz_bytes(**arrays)
        return batch.keep(tmdb_id, files, **reading.figures).showing(reading.picture)

    return batch.each(read, workers=decoders.count)


ASSET = movie_asset(
    trailer_frames,
    kinds={"numpy"},
    metadata={
        "shape": "frames uint8 RGB (≤ 30, 224, 224, 3); pts_s (n,); clip_pts_s (clips, 24)",
    },
    draw=draw_frames,
)
