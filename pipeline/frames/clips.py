"""Which frames make the clips of a trailer: 24 at 24 a second, never across a cut."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic, TypeVar

Frame = TypeVar("Frame")

CLIP_FRAMES = 24
"""Frames of a clip. Source: Trailers12k, whose clips have 24 frames."""

CLIP_RATE = 24
"""Frames per second within a clip, whatever the trailer's own rate. Source: the same."""

LONGEST_STILL_S = 2
"""A frame that is shown for longer ends its shot: a still, or a damaged clock."""


@dataclass(frozen=True)
class Clip(Generic[Frame]):
    """One clip.

    Attributes:
        pts: Timestamp of each frame. A frame is repeated where the trailer has fewer than 24 a
            second.
        frames: The frames themselves, as they were added.
        shot: Number of the shot that it belongs to, from 0.
    """

    pts: tuple[int, ...]
    frames: tuple[Frame, ...]
    shot: int


class ClipCutter(Generic[Frame]):
    """Cuts frames, added one by one, into clips that lie entirely within a shot.

    Clips follow one another from a shot's first frame. At each moment the frame that a player would
    show is taken. The rest at the end of a shot, and a shot that is shorter than a clip, are
    dropped.

    Args:
        time_base: Seconds per unit of timestamps.
        n_frames: Frames of a clip.
        rate: Frames per second within a clip.

    Attributes:
        n_shots: Shots begun so far.
        n_shots_without: Shots ended so far that were too short for a clip.

    Example:
        >>> cutter = ClipCutter(Fraction(1, 24))
        >>> clips = [c for i in range(80) for c in cutter.add(i, None, starts_shot=i == 30)]
        >>> [(clip.pts[0], clip.shot) for clip in [*clips, *cutter.finish()]]
        [(0, 0), (30, 1), (54, 1)]
    """

    def __init__(self, time_base: Fraction, *, n_frames: int = CLIP_FRAMES, rate: int = CLIP_RATE):
        if n_frames < 1 or rate < 1:
            raise ValueError(f"expected clips of frames, got {n_frames} frames at {rate} a second")
        self._n_frames = n_frames
        self._step = 1 / (rate * Fraction(time_base))  # exact: no rounding adds up
        # Timestamps are rounded: 1/24 s is 41 or 42 milliseconds.
        self._slack = min(Fraction(1), self._step / 4)
        self._longest = LONGEST_STILL_S / Fraction(time_base)
        self.n_shots = self.n_shots_without = 0
        self._shown: list[tuple[int, Frame]] = []
        self._last: tuple[int, Frame] | None = None
        self._before_pts: int | None = None
        self._first_pts = self._n_moments = 0

    def add(self, pts: int, frame: Frame, *, starts_shot: bool) -> Iterator[Clip[Frame]]:
        """Add the next frame; yield the clip that it completes, or several of a still.

        Args:
            pts: Its timestamp, above those before.
            frame: The frame; held for no longer than its clip needs.
            starts_shot: Whether the frame before it belongs to another shot.
        """
        if self._last is not None:
            end = min(pts, self._last[0] + self._longest)
            yield from self._show_until(end, self._last)
            starts_shot |= end < pts
        if self._last is None or starts_shot:
            self._end_shot()
            self.n_shots += 1
            self._first_pts, self._n_moments, self._before_pts = pts, 0, None
        else:
            self._before_pts = self._last[0]
        self._last = (pts, frame)

    def finish(self) -> Iterator[Clip[Frame]]:
        """End the last shot; its last frame is shown for as long as the one before."""
        if self._last is None:
            return
        last_pts = self._last[0]
        shown_for = 1 if self._before_pts is None else last_pts - self._before_pts
        yield from self._show_until(last_pts + min(shown_for, self._longest), self._last)
        self._end_shot()
        self._last = None

    def _show_until(
        self, end_pts: int | Fraction, last: tuple[int, Frame]
    ) -> Iterator[Clip[Frame]]:
        """Show the last frame at every moment before `end_pts`."""
        while self._moment() < end_pts:
            self._shown.append(last)
            self._n_moments += 1
            if len(self._shown) == self._n_frames:
                pts, frames = zip(*self._shown, strict=True)
                self._shown = []
                yield Clip(pts, frames, self.n_shots - 1)

    def _moment(self) -> Fraction:
        return self._first_pts + self._step * self._n_moments + self._slack

    def _end_shot(self) -> None:
        if self._last is not None and self._n_moments < self._n_frames:
            self.n_shots_without += 1
        self._shown = []
