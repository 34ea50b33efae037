"""What is read of one trailer's file, in a process of its own: frames and sound.

What belongs here: the functions that `Decoders.call` calls, where decoding (`pipeline.media`) and
the choice of frames (`pipeline.frames`) meet. What does not: the assets (see `assets.frames`).
Neither Dagster nor torch is imported here.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipeline.frames.picking import PickedFrames, pick_frames
from pipeline.frames.sampling import choose_pts
from pipeline.media.audio import decode_audio
from pipeline.media.trailer import open_trailer

FRAMES_SAMPLED = 100
"""Frames drawn from each trailer. Source: seed 004."""

FRAMES_KEPT = 30
"""Informative frames kept of them. Source: seed 001."""

FRAME_PX = 224
"""Side of a kept frame, the input of every image backbone."""


def read_frames(
    path: Path, seed: int, beat: Callable[[], None]
) -> tuple[PickedFrames, dict[str, object]]:
    """Sample frames and keep the informative ones.

    Args:
        path: The trailer.
        seed: Of every choice: the movie's id.
        beat: Called as it gets on.

    Returns:
        The kept frames, and the movie's figures.
    """
    with open_trailer(path, beat=beat) as trailer:
        wanted = choose_pts(trailer.timeline.pts, FRAMES_SAMPLED, seed)
        decoded = trailer.decode(wanted, size_px=FRAME_PX)
    picked = pick_frames(decoded.frames, decoded.pts_s, seed, count=FRAMES_KEPT)
    figures = {
        "frames_decoded": len(decoded.frames),
        "is_partial": decoded.is_partial,
        **{f"frames_{reason}": count for reason, count in picked.counts.items()},
    }
    return picked, figures


def read_sound(path: Path, beat: Callable[[], None]) -> np.ndarray:
    """Decode the beginning of a trailer's sound; see `decode_audio`."""
    return decode_audio(path, beat=beat)
