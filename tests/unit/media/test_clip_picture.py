import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange, Colorspace
from PIL import Image

from pipeline.media.clip_file import CLIP_FORMAT, CLIP_PX, ClipScaler
from pipeline.media.container import decode_video
from pipeline.media.frame_decoding import Scaler


def shown_difference(frame):
    """Mean difference per channel of a clip's picture to the frame scaled as RGB."""
    picture = ClipScaler()(frame)
    assert (picture.format.name, picture.width, picture.height) == (CLIP_FORMAT, CLIP_PX, CLIP_PX)
    shown = Scaler(CLIP_PX)(av.VideoFrame.from_ndarray(picture.to_ndarray(), format=CLIP_FORMAT))
    return np.abs((shown.astype(float) - Scaler(CLIP_PX)(frame)).mean(axis=(0, 1)))


@pytest.mark.parametrize("colorspace", [Colorspace.ITU601, Colorspace.ITU709])
@pytest.mark.parametrize("color_range", [ColorRange.MPEG, ColorRange.JPEG])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p10le"])
def test_colours_stay_whatever_the_video_calls_them(colorspace, color_range, pixels):
    small = Image.fromarray(np.random.default_rng(1).integers(0, 256, (9, 16, 3), dtype=np.uint8))
    rgb = np.asarray(small.resize((320, 180), Image.Resampling.BICUBIC))
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
        format=pixels, dst_colorspace=colorspace, dst_color_range=color_range
    )
    assert shown_difference(frame).max() < 3


def test_a_video_on_its_side_is_stood_up(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.set_display_rotation(90)
        half = np.full((64, 96, 3), 20, dtype=np.uint8)
        half[:32] = 220
        container.mux(stream.encode(av.VideoFrame.from_ndarray(half, format="rgb24")))
        container.mux(stream.encode(None))
    _, frame = next(decode_video(path))
    assert shown_difference(frame).max() < 3
    brightness = ClipScaler()(frame).to_ndarray()[:CLIP_PX].astype(float)
    assert abs(brightness[:, :100].mean() - brightness[:, 124:].mean()) > 100
