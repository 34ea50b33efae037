"""A decoded frame as a file of clips keeps it: small, upright, with half the colour."""

import av
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from pipeline.media.found_frames import SCALING, Scaler

CLIP_PX = 224
"""Side of a clip's frames, the largest input of the clip backbones."""

CLIP_FORMAT = "yuv420p"
"""Pixel format of a clip's pictures, in the colours that a video without tags has: BT.601."""


class ClipScaler:
    """Turn decoded frames into pictures of a clip.

    A frame goes to its size as the video has it, in brightness and colour, and never through RGB,
    which costs twice the time; only a frame that lies on its side does.
    """

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()
        self._upright = Scaler(CLIP_PX)

    def __call__(self, frame: av.VideoFrame) -> av.VideoFrame:
        """Return a frame as a picture of 224 x 224 px."""
        if round(frame.rotation / 90) % 4:
            frame = av.VideoFrame.from_ndarray(self._upright(frame), format="rgb24")
        return self._reformatter.reformat(
            frame,
            CLIP_PX,
            CLIP_PX,
            CLIP_FORMAT,
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            interpolation=SCALING,
            threads=1,
        )
