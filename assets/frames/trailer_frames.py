"""Frames and sound: what models see and hear of a trailer."""

from collections.abc import Iterator

from upath import UPath

from assets.orchestration.asset_specs import options_of
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.outcomes import Outcome
from resources.storage.batch import Batch
from resources.storage.store import npy_bytes, npz_bytes


def trailer_frames(batch: Batch) -> Iterator[Outcome]:
    """Frames and clips of a trailer, out of one decoding.

    100 frames are drawn by a seed that is the movie's id, and 30 informative ones kept. Nearly
    black and nearly uniform frames go (mean and deviation at or below the trailer's 20th
    percentile, and an absolute floor); the counts by reason stand on the partition. Where a
    backbone wants them, clips of 24 frames at 24 a second are cut out of the shots.
    """
    options, decoders = options_of(batch.run_context), batch.run_context.decoders

    def read(tmdb_id: int) -> Outcome:
        from assets.frames.trailer_reading import read_frames

        with batch.run_context.store.local_copy(_trailer(batch, tmdb_id)) as path:
            reading = decoders.call(read_frames, path, tmdb_id, options, beats=True)
        arrays = {"frames": reading.picked.frames, "pts_s": reading.picked.pts_s}
        files: dict[UPath, bytes] = {}
        clips = batch.path(tmdb_id, ".mp4", "clips")
        if reading.clips is None:
            clips.unlink(missing_ok=True)  # when a backbone wanted them
        else:
            arrays["clip_pts_s"] = reading.clip_pts_s
            files[clips] = reading.clips
        files[batch.path(tmdb_id, ".npz", "frames")] = npz_bytes(**arrays)
        return batch.keep(tmdb_id, files, **reading.figures)

    return batch.each(read, workers=decoders.count)


def _trailer(batch: Batch, tmdb_id: int):
    return batch.path(tmdb_id, ".mp4", "trailers")


def trailer_audio(batch: Batch) -> Iterator[Outcome]:
    """The first 30 s of a trailer's sound, or all of it: mono, 16 kHz, 16 bit."""
    options, decoders = options_of(batch.run_context), batch.run_context.decoders

    def decode(tmdb_id: int) -> Outcome:
        from assets.frames.trailer_reading import read_sound
        from pipeline.media.audio import SAMPLE_RATE_HZ

        separate = batch.path(tmdb_id, ".audio.m4a", "trailers")
        place = separate if separate.exists() else _trailer(batch, tmdb_id)
        with batch.run_context.store.local_copy(place) as path:
            samples = decoders.call(read_sound, path, options, beats=True)
        return batch.keep(
            tmdb_id,
            {batch.path(tmdb_id, ".npy", "audio"): npy_bytes(samples)},
            duration_s=round(len(samples) / SAMPLE_RATE_HZ, 2),
        )

    return batch.each(decode, workers=decoders.count)


ASSETS = [
    movie_asset(
        trailer_frames,
        group="frames",
        kinds={"numpy"},
        metadata={
            "file": "frames/<tmdb_id>.npz, clips/<tmdb_id>.mp4",
            "shape": "frames uint8 RGB (≤ 30, 224, 224, 3); pts_s (n,); clip_pts_s (clips, 24)",
        },
    ),
    movie_asset(
        trailer_audio,
        group="frames",
        kinds={"numpy"},
        metadata={"file": "audio/<tmdb_id>.npy", "shape": "int16 (≤ 480000,), 16 kHz mono"},
    ),
]
