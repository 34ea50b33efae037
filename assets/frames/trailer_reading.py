"""Frames, clips and sound of one trailer's file, read in a process of its own.

Neither Dagster nor torch is imported here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np

from pipeline.frames.clips import LONGEST_STILL_S, Clip, ClipCutter
from pipeline.frames.filtering import PickedFrames, pick_frames
from pipeline.frames.sampling import (
    FEWEST_KEYFRAMES,
    KEPT_FRAMES,
    SAMPLED_FRAMES,
    choose_keyframes,
    choose_pts,
    is_steady,
)
from pipeline.media.audio import DURATION_S, decode_audio
from pipeline.media.clip_file import CLIP_FRAMES, ClipScaler, ClipWriter
from pipeline.media.shots import SettledFrame, ShotFinder
from pipeline.media.small_pictures import encode_if_drawn, tile_sampled
from pipeline.media.timeline import Timeline, read_timeline
from pipeline.media.trailer import DecodedFrames, decode_whole, open_trailer
from resources.trailers.options import TrailerOptions

Figures = dict[str, Any]
"""Counts and flags by name, for the ledger, whose writer takes them by name."""


@dataclass(frozen=True)
class TrailerReading:
    """What was read from a trailer.

    Attributes:
        picked: The kept frames.
        clips: The file of its clips, or None where clips are disabled.
        clip_pts_s: Time of each frame of each clip, float64, shape (clips, 24).
        figures: The movie's figures.
        picture: All sampled frames, those that were not kept with the reason; b"" where it is not
            drawn.
    """

    picked: PickedFrames
    clips: bytes | None
    clip_pts_s: np.ndarray
    figures: Figures
    picture: bytes


def read_frames(
    path: Path,
    seed: int,
    options: TrailerOptions,
    beat: Callable[[], None],
    *,
    draws_picture: bool = False,
) -> TrailerReading:
    """Sample frames and keep the informative ones; cut clips out of the same decoding.

    Without clips only what the sampled frames depend on is decoded. With them everything is, once;
    the frames are the same, to the byte.

    Args:
        path: The trailer.
        seed: Random seed of every choice: the movie's id.
        options: Which frames, and whether clips.
        beat: Called during decoding.
        draws_picture: Whether the sampled frames are drawn.
    """
    if options.cuts_clips:
        timeline = read_timeline(path, beat)
        maker = ClipMaker(timeline, beat)
        chosen = _choose(timeline, seed, options)
        decoded = decode_whole(path, timeline, chosen, maker.add, beat=beat)
        clips, clip_pts, clip_figures = maker.finish()
    else:
        with open_trailer(path, beat=beat) as trailer:
            timeline = trailer.timeline
            decoded = trailer.decode(_choose(timeline, seed, options))
        clips, clip_pts, clip_figures = None, np.empty((0, CLIP_FRAMES), dtype=np.int64), {}
    picked = pick_frames(
        decoded.frames,
        decoded.pts_s,
        seed,
        count=KEPT_FRAMES,
        drop_duplicates=options.drops_repeats,
        is_damaged=decoded.is_damaged,
        by_time=options.from_keyframes or not is_steady(timeline.pts),
    )
    figures = {**_figures(decoded, picked), **clip_figures}
    sampled = partial(tile_sampled, decoded.frames, picked.reasons)
    picture = encode_if_drawn(sampled) if draws_picture else b""
    return TrailerReading(picked, clips, timeline.seconds(clip_pts), figures, picture)


def read_sound(path: Path, options: TrailerOptions, beat: Callable[[], None]) -> np.ndarray:
    """Decode the beginning of a trailer's sound, or all of it; see `decode_audio`."""
    duration_s = None if options.keeps_whole_sound else DURATION_S
    return decode_audio(path, duration_s=duration_s, beat=beat)


class ClipMaker:
    """Detects shots, cuts clips and encodes them, while a trailer is decoded.

    Args:
        timeline: The trailer's.
        beat: Called for every frame.
    """

    def __init__(self, timeline: Timeline, beat: Callable[[], None]):
        self._beat = beat
        self._scale = ClipScaler()
        self._shots: ShotFinder[av.VideoFrame] = ShotFinder(timeline.time_base)
        self._cutter: ClipCutter[av.VideoFrame] = ClipCutter(timeline.time_base)
        self._writer = ClipWriter()
        self._pts: list[tuple[int, ...]] = []

    def add(self, pts: int, frame: av.VideoFrame) -> None:
        """Add the next frame."""
        self._beat()
        self._cut(self._shots.add(pts, frame, self._scale(frame)))

    def finish(self) -> tuple[bytes, np.ndarray, dict[str, int]]:
        """Return the file, the timestamps of its clips, int64 (clips, 24), and the figures."""
        self._cut(self._shots.finish())
        self._write(self._cutter.finish())
        content, kept = self._writer.finish()
        figures = {
            "shots": self._cutter.n_shots,
            "shots_too_short": self._cutter.n_shots_without,
            "clips": len(kept),
            "clips_thinned_out": len(self._pts) - len(kept),
        }
        pts = np.array([self._pts[i] for i in kept], dtype=np.int64).reshape(-1, CLIP_FRAMES)
        return content, pts, figures

    def _cut(self, settled: list[SettledFrame[av.VideoFrame]]) -> None:
        for one in settled:
            self._write(self._cutter.add(one.pts, one.held, starts_shot=one.starts_shot))

    def _write(self, clips: Iterable[Clip[av.VideoFrame]]) -> None:
        for clip in clips:
            self._beat()
            self._writer.add(clip.frames)
            self._pts.append(clip.pts)


def _choose(timeline: Timeline, seed: int, options: TrailerOptions) -> np.ndarray:
    longest = float(LONGEST_STILL_S / timeline.time_base)
    if options.from_keyframes:
        keys = timeline.key_pts
        return choose_keyframes(
            timeline.pts, keys, SAMPLED_FRAMES, seed, fewest=FEWEST_KEYFRAMES, longest=longest
        )
    return choose_pts(timeline.pts, SAMPLED_FRAMES, seed, longest=longest)


def _figures(decoded: DecodedFrames, picked: PickedFrames) -> Figures:
    return {
        "frames_decoded": len(decoded.frames),
        "is_partial": decoded.is_partial,
        **{f"frames_{reason}": count for reason, count in picked.counts.items()},
    }
