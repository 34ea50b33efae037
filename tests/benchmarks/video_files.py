"""The videos that the benchmark of frames decodes: generated ones, kept for the next run."""

import getpass
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

DURATION_S = 120
RATE = 24
SCENE_S = 2.5
GRAIN = 5
"""Half the range of the film grain, of 0 to 255."""

GROUP_S = 5
"""Longest group of pictures, as hosts of videos encode for seeking."""

CONTENT = 1
"""Part of the files' names: rises with every change of what is drawn or how it is encoded."""

_REAL = Path(__file__).parents[2] / "../shared/data/videos"


@dataclass(frozen=True)
class Size:
    """A generated trailer's picture and bitrate."""

    name: str
    width_px: int
    height_px: int
    bits_per_s: int


SIZES = (Size("720p", 1280, 720, 2_500_000), Size("360p", 640, 360, 700_000))


def generated_trailer(size: Size, duration_s: int = DURATION_S) -> Path:
    """Return an H.264 trailer of this size, encoding it at the first call on this machine."""
    folder = Path(tempfile.gettempdir()) / f"marquee-bench-{getpass.getuser()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"frames-{CONTENT}-{size.name}-{duration_s}s.mp4"
    if not path.exists():
        unfinished = path.with_suffix(".part.mp4")
        _encode(unfinished, size, duration_s)
        unfinished.replace(path)
    return path


def h264_videos(files: Sequence[Path] = ()) -> list[Path]:
    """Return the H.264 videos among the given files, or among the real ones beside the checkout."""
    from pipeline.media.trailer import probe

    return [path for path in files or real_videos() if probe(path).codec == "h264"]


def real_videos() -> list[Path]:
    """Return the real videos beside the checkout; none where there is no such folder."""
    return sorted(_REAL.iterdir()) if _REAL.is_dir() else []


def _encode(path: Path, size: Size, duration_s: int) -> None:
    import av

    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "fast"})
        stream.width, stream.height, stream.pix_fmt = size.width_px, size.height_px, "yuv420p"
        stream.bit_rate, stream.gop_size = size.bits_per_s, GROUP_S * RATE
        for i, planes in enumerate(_pictures(size, duration_s * RATE)):
            frame = av.VideoFrame(size.width_px, size.height_px, "yuv420p")
            for plane, values in zip(frame.planes, planes, strict=True):
                padded = np.zeros((plane.height, plane.line_size), dtype=np.uint8)
                padded[:, : plane.width] = values
                plane.update(padded)
            frame.pts, frame.time_base = i, Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _pictures(size: Size, n_frames: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Draw scenes that pan over a texture, with something moving before it, and grain."""
    rng = np.random.default_rng(20_261)
    width, height = size.width_px, size.height_px
    grains = rng.integers(-GRAIN, GRAIN + 1, (4, height + 64, width + 64), dtype=np.int16)
    scene_frames = round(SCENE_S * RATE)
    ground = thing = blue = red = pan = np.empty(0)
    for i in range(n_frames):
        at = i % scene_frames
        if at == 0:
            ground = _texture(rng, height + 128, width + 256)
            thing = _texture(rng, height // 3, width // 4)
            blue, red = (_texture(rng, height // 2 + 64, width // 2 + 128) for _ in range(2))
            pan = rng.uniform(0.2, 2, 2)
        down, right = (np.array([1, 2]) * pan * at * 0.5).astype(int) // 2
        luma = ground[2 * down :, 2 * right :][:height, :width].astype(np.int16)
        top, left = height // 3 + int(2 * pan[0] * at) // 2, int(width / 2 / scene_frames * at)
        place = luma[top : top + height // 3, left : left + width // 4]
        place[:] = thing[: place.shape[0], : place.shape[1]]
        y, x = rng.integers(0, 64, 2)
        luma += grains[i % len(grains), y : y + height, x : x + width]
        u, v = (c[down:, right:][: height // 2, : width // 2] for c in (blue, red))
        yield np.clip(luma, 0, 255).astype(np.uint8), u, v


def _texture(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Draw shapes of several sizes laid over one another."""
    from PIL import Image

    sizes = (128, 32, 8)
    layers = [
        Image.fromarray(
            rng.integers(0, 256, (height // side + 2, width // side + 2), dtype=np.uint8)
        ).resize((width, height), Image.Resampling.BICUBIC)
        for side in sizes
    ]
    weights = np.array([0.5, 0.3, 0.2])
    stacked = np.stack([np.asarray(layer, dtype=np.float32) for layer in layers])
    return np.tensordot(weights, stacked, axes=1).clip(16, 235).astype(np.uint8)
