"""Timestamps that go on where those of a file begin anew or leap, as in files put end to end."""

from fractions import Fraction

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

BACK_S, BACK_IN_DISPLAY_S = Fraction(1, 10), Fraction(1)
"""A step back by more begins a new part, in the order of decoding and in that of display. Source of
the first: the ffmpeg program, which waits for a tenth of a second before it corrects timestamps."""

LEAP_S = 10
"""A step ahead by more begins a new part, where the format allows that. Source: the ffmpeg
program's `dts_delta_threshold`."""

_TS_DISCONT = 0x0200
"""FFmpeg's flag of formats whose timestamps may leap, as those of broadcasts do."""


def may_leap(container: InputContainer) -> bool:
    """Whether the format's timestamps may leap, so that neither they nor a length are certain."""
    return bool(container.format.flags & _TS_DISCONT)


class ContinuousTime:
    """Moves the timestamps of a stream's later parts behind those of the parts before.

    Attributes:
        n_parts: Parts begun so far.
    """

    def __init__(self, container: InputContainer, stream: VideoStream | AudioStream):
        second = 1 / (stream.time_base or Fraction(1, 1000))
        self._back, self._back_in_display = int(BACK_S * second), int(BACK_IN_DISPLAY_S * second)
        self._leap, self._may_leap = int(LEAP_S * second), may_leap(container)
        self._step = 1
        if isinstance(stream, VideoStream) and stream.average_rate:
            self._step = max(1, round(second / stream.average_rate))
        self._last: int | None = None
        self._was_dts = False
        self._offset = self._end = self._end_pts = 0
        self.n_parts = 1

    def apply(self, packet: av.Packet) -> None:
        """Change the timestamps of the next packet, in decoding order."""
        dts, pts = packet.dts, packet.pts
        at = pts if dts is None else dts
        if at is None:
            return
        if pts is None:
            pts = at
        if self._last is None:
            self._end = self._end_pts = at
        else:
            delta = at - self._last
            if (delta < 0 or delta > self._leap) and self._begins_part(delta, dts is not None):
                self._offset = max(self._end - at, self._end_pts - pts)
                self.n_parts += 1
        self._last, self._was_dts = at, dts is not None
        step = packet.duration or self._step
        offset = self._offset
        if self._may_leap and not -self._back <= pts - at <= self._leap:
            # The last packet of a part may bear the next one's; others before it may be to come.
            pts = packet.pts = self._end_pts - offset + step // 2
        if (end := at + offset + step) > self._end:
            self._end = end
        if (end := pts + offset + step) > self._end_pts:
            self._end_pts = end
        if offset:
            packet.dts = None if dts is None else dts + offset
            packet.pts = None if packet.pts is None else pts + offset

    def _begins_part(self, delta: int, is_dts: bool) -> bool:
        if delta > 0:
            return self._may_leap
        return delta < -(self._back if is_dts and self._was_dts else self._back_in_display)
