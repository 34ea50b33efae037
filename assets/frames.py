"""Frames and sound: what models see and hear of a trailer.

What belongs here: the assets. What does not: decoding (see `pipeline.media`) and the choice of
frames (see `pipeline.frames`).
"""

from collections.abc import Iterator
from pathlib import Path

from assets.movie_assets import movie_asset
from pipeline.outcomes import Outcome
from resources.batch import Batch
from resources.store import npy_bytes, npz_bytes

FRAMES_SAMPLED = 100
"""Frames drawn from each trailer. Source: seed 004."""

FRAMES_KEPT = 30
"""Informative frames kept of them. Source: seed 001."""

FRAME_PX = 224
"""Side of a kept frame, the input of every image backbone."""

WORKERS = 2
"""Trailers decoded side by side, one decoder thread each."""


def trailer_frames(batch: Batch) -> Iterator[Outcome]:
    """Frames of a trailer: 100 drawn by a seed that is the movie's id, 30 informative ones kept.

    Nearly black and nearly uniform frames go (mean and deviation at or below the trailer's 20th
    percentile, and an absolute floor); the counts by reason stand on the partition.
    """

    def pick(tmdb_id: int) -> Outcome:
        with batch.workplace.store.local_copy(_trailer(batch, tmdb_id)) as path:
            picked, metadata = _pick(path, tmdb_id)
        content = npz_bytes(frames=picked.frames, pts_s=picked.pts_s)
        return batch.keep(tmdb_id, {batch.path(tmdb_id, ".npz", "frames"): content}, **metadata)

    return batch.each(pick, workers=WORKERS)


def _trailer(batch: Batch, tmdb_id: int):
    return batch.path(tmdb_id, ".mp4", "trailers")


def _pick(path: Path, seed: int):
    from pipeline.frames.picking import pick_frames
    from pipeline.frames.sampling import choose_pts
    from pipeline.media.trailer import open_trailer

    with open_trailer(path) as trailer:
        wanted = choose_pts(trailer.timeline.pts, FRAMES_SAMPLED, seed)
        decoded = trailer.decode(wanted, size_px=FRAME_PX)
    picked = pick_frames(decoded.frames, decoded.pts_s, seed, count=FRAMES_KEPT)
    metadata = {
        "frames_decoded": len(decoded.frames),
        "is_partial": decoded.is_partial,
        **{f"frames_{reason}": count for reason, count in picked.counts.items()},
    }
    return picked, metadata


def trailer_audio(batch: Batch) -> Iterator[Outcome]:
    """The first 30 s of a trailer's sound: mono, 16 kHz, 16 bit."""

    def decode(tmdb_id: int) -> Outcome:
        from pipeline.media.audio import SAMPLE_RATE_HZ, decode_audio

        separate = batch.path(tmdb_id, ".audio.m4a", "trailers")
        place = separate if separate.exists() else _trailer(batch, tmdb_id)
        with batch.workplace.store.local_copy(place) as path:
            samples = decode_audio(path)
        return batch.keep(
            tmdb_id,
            {batch.path(tmdb_id, ".npy", "audio"): npy_bytes(samples)},
            duration_s=round(len(samples) / SAMPLE_RATE_HZ, 2),
        )

    return batch.each(decode, workers=WORKERS)


ASSETS = [
    movie_asset(
        trailer_frames,
        group="frames",
        kinds={"numpy"},
        metadata={
            "file": "frames/<tmdb_id>.npz",
            "shape": f"frames uint8 RGB (≤ {FRAMES_KEPT}, {FRAME_PX}, {FRAME_PX}, 3); pts_s (n,)",
        },
    ),
    movie_asset(
        trailer_audio,
        group="frames",
        kinds={"numpy"},
        metadata={"file": "audio/<tmdb_id>.npy", "shape": "int16 (≤ 480000,), 16 kHz mono"},
    ),
]
