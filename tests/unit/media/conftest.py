"""Small clips and sounds, encoded on the spot; and the folder of real files, where there is one."""

import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # tests are no package

from small_clips import RATE_HZ, add_sound_stream, moving_pictures, mux_sound


@pytest.fixture
def make_clip(tmp_path: Path) -> Callable[..., Path]:
    """Encode moving noise: `make_clip("a.mp4", codec="libx264", options={"bf": "2"})`."""

    def make(
        name: str,
        codec: str = "libx264",
        n_frames: int = 60,
        width: int = 96,
        height: int = 64,
        rate: int = 24,
        gop: int = 12,
        options: dict[str, str] | None = None,
        sound: np.ndarray | None = None,
        pts: list[int] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            video = container.add_stream(codec, rate=rate, options=options or {})
            video.width, video.height, video.pix_fmt = width, height, "yuv420p"
            video.gop_size = gop
            video.codec_context.time_base = Fraction(1, rate)
            audio = None if sound is None else add_sound_stream(container, sound)
            for i, picture in enumerate(moving_pictures(n_frames, width, height)):
                frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
                frame.pts, frame.time_base = (pts[i] if pts else i), Fraction(1, rate)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            if audio is not None:
                mux_sound(container, audio, sound)
        return path

    return make


@pytest.fixture
def make_sound(tmp_path: Path) -> Callable[..., Path]:
    """Write a sound file without loss: `make_sound("a.wav", samples)` with (channels, n)."""

    def make(name: str, sound: np.ndarray, rate_hz: int = RATE_HZ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            layout = "mono" if len(sound) == 1 else "stereo"
            stream = container.add_stream("pcm_s16le", rate=rate_hz, layout=layout)
            mux_sound(container, stream, sound, rate_hz=rate_hz, format="s16p")
        return path

    return make


@pytest.fixture(scope="session")
def real_videos() -> list[Path]:
    """Return the real videos beside the checkout."""
    folder = Path(__file__).resolve().parents[3] / "../shared/data/videos"
    if not folder.is_dir():
        pytest.skip("the folder of real videos (../shared/data/videos) is not beside the checkout")
    return sorted(folder.iterdir())
