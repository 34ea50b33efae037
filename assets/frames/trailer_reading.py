"""What is read of one trailer's file, in a process of its own: frames, clips and sound.

Neither Dagster nor torch is imported here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from pipeline.frames.clips import Clip, ClipCutter
from pipeline.frames.picking import PickedFrames, pick_frames
from pipeline.frames.sampling import choose_keyframes, choose_pts
from pipeline.media.audio import DURATION_S, decode_audio
from pipeline.media.clip_file import CLIP_FRAMES, ClipWriter
from pipeline.media.clip_picture import ClipScaler
from pipeline.media.shots import SettledFrame, ShotFinder
from pipeline.media.timeline import Timeline, read_timeline
from pipeline.media.trailer import DecodedFrames, open_trailer
from pipeline.media.whole import decode_whole
from resources.trailers.reading_options import TrailerOptions

FRAMES_SAMPLED = 100
"""Frames drawn from each trailer. Source: seed 004."""

FRAMES_KEPT = 30
"""Informative frames kept of them. Source: seed 001."""

FRAME_PX = 224
"""Side of a kept frame, the input of every image backbone."""


@dataclass(frozen=True)
class TrailerReading:
    """What was read of a trailer.

    Attributes:
        picked: The kept frames.
        clips: The file of its clips, or None where none were asked for.
        clip_pts_s: Time of each frame of each clip, float64, shape (clips, 24).
        figures: The movie's figures.
    """

    picked: PickedFrames
    clips: bytes | None
    clip_pts_s: np.ndarray
    figures: dict[str, object]


def read_frames(
    path: Path, seed: int, options: TrailerOptions, beat: Callable[[], None]
) -> TrailerReading:
    """Sample frames and keep the informative ones; cut clips out of the same decoding.

    Without clips only what the sampled frames need is decoded. With them everything is, once; the
    frames are the same, to the byte.

    Args:
        path: The trailer.
        seed: Of every choice: the movie's id.
        options: Which frames, and whether clips.
        beat: Called as it gets on.
    """
    if options.cuts_clips:
        timeline = read_timeline(path, beat)
        maker = ClipMaker(timeline, beat)
        decoded = decode_whole(path, timeline, _choose(timeline, seed, options), maker.see)
        clips, clip_pts, clip_figures = maker.finish()
    else:
        with open_trailer(path, beat=beat) as trailer:
            timeline = trailer.timeline
            decoded = trailer.decode(_choose(timeline, seed, options), size_px=FRAME_PX)
        clips, clip_pts, clip_figures = None, np.empty((0, CLIP_FRAMES), dtype=np.int64), {}
    picked = pick_frames(
        decoded.frames,
        decoded.pts_s,
        seed,
        count=FRAMES_KEPT,
        drop_duplicates=options.drops_repeats,
    )
    figures = {**_figures(decoded, picked), **clip_figures}
    return TrailerReading(picked, clips, timeline.seconds(clip_pts), figures)


def read_sound(path: Path, options: TrailerOptions, beat: Callable[[], None]) -> np.ndarray:
    """Decode the beginning of a trailer's sound, or all of it; see `decode_audio`."""
    duration_s = None if options.keeps_whole_sound else DURATION_S
    return decode_audio(path, duration_s=duration_s, beat=beat)


class ClipMaker:
    """Finds shots, cuts clips and encodes them, while a trailer is decoded.

    Args:
        timeline: The trailer's.
        beat: Called for every frame.
    """

    def __init__(self, timeline: Timeline, beat: Callable[[], None]):
        self._beat = beat
        self._scale = ClipScaler()
        self._shots = ShotFinder(timeline.time_base)
        self._cutter = ClipCutter(timeline.time_base)
        self._writer = ClipWriter()
        self._pts: list[tuple[int, ...]] = []

    def see(self, pts: int, frame: av.VideoFrame) -> None:
        """Take the next frame."""
        self._beat()
        self._cut(self._shots.see(pts, frame, self._scale(frame)))

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

    def _cut(self, settled: list[SettledFrame]) -> None:
        for one in settled:
            self._write(self._cutter.add(one.pts, one.held, starts_shot=one.starts_shot))

    def _write(self, clips: Iterable[Clip]) -> None:
        for clip in clips:
            self._beat()
            self._writer.add(clip.frames)
            self._pts.append(clip.pts)


def _choose(timeline: Timeline, seed: int, options: TrailerOptions) -> np.ndarray:
    if options.from_keyframes:
        return choose_keyframes(
            timeline.pts, timeline.key_pts, FRAMES_SAMPLED, seed, fewest=FRAMES_KEPT
        )
    return choose_pts(timeline.pts, FRAMES_SAMPLED, seed)


def _figures(decoded: DecodedFrames, picked: PickedFrames) -> dict[str, object]:
    return {
        "frames_decoded": len(decoded.frames),
        "is_partial": decoded.is_partial,
        **{f"frames_{reason}": count for reason, count in picked.counts.items()},
    }
