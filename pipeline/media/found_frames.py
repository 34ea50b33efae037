"""Decoded frames become RGB arrays of one size, upright, each in its place among the wanted."""

import av
import numpy as np
from av.video.reformatter import Interpolation, VideoReformatter

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason

SCALING = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
"""Bilinear over the whole footprint of a target pixel (no aliasing), equal on every processor."""


class FoundFrames:
    """The wanted frames that came, each written once to its place: no second copy of them all."""

    def __init__(self, wanted: set[int], size_px: int | None):
        self.wanted = wanted
        self._pts = np.array(sorted(wanted), dtype=np.int64)
        self._rows = {at: row for row, at in enumerate(self._pts.tolist())}
        self._is_found = np.zeros(len(wanted), dtype=bool)
        self._frames: np.ndarray | None = None
        self._scale = Scaler(size_px)

    @property
    def is_complete(self) -> bool:
        """Whether every wanted frame came."""
        return bool(self._is_found.all())

    def add(self, at: int, frame: av.VideoFrame) -> None:
        """Take a frame, unless it is not wanted or came before."""
        row = self._rows.get(at)
        if row is None or self._is_found[row]:
            return
        rgb = self._scale(frame)
        if self._frames is None:  # the first frame's size holds for all
            self._frames = np.empty((len(self._pts), *rgb.shape), dtype=np.uint8)
        self._frames[row] = rgb
        self._is_found[row] = True

    def collect(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the timestamps that came, ascending, and their frames."""
        if self._frames is None:
            detail = f"none of {len(self.wanted)} wanted frames can be decoded"
            raise TrailerError(Reason.MALFORMED, detail)
        if self.is_complete:
            return self._pts, self._frames
        return self._pts[self._is_found], self._frames[self._is_found]


class Scaler:
    """Turn decoded frames into RGB arrays of one size, upright."""

    def __init__(self, size_px: int | None):
        self._size = None if size_px is None else (size_px, size_px)
        self._reformatter = VideoReformatter()

    def __call__(self, frame: av.VideoFrame) -> np.ndarray:
        """Return a frame as uint8 RGB, shape (height, width, 3)."""
        if self._size is None:  # the first frame's size holds for all
            self._size = (frame.width, frame.height)
        width, height = self._size
        rgb = self._reformatter.reformat(
            frame, width, height, "rgb24", interpolation=SCALING, threads=1
        )
        return np.rot90(rgb.to_ndarray(), k=round(frame.rotation / 90) % 4)
