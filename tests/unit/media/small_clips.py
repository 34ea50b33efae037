"""Pictures and sounds of small clips, and how the sound gets into the file."""

from fractions import Fraction

import av
import numpy as np

RATE_HZ = 44_100


def moving_pictures(n_frames: int, width: int, height: int) -> list[np.ndarray]:
    """Draw a drifting texture with a cut every 25 frames, so that every frame is its own."""
    rng = np.random.default_rng(7)
    textures = rng.integers(0, 256, (n_frames // 25 + 1, height, width, 3), dtype=np.uint8)
    smooth = [np.repeat(np.repeat(t[::8, ::8], 8, axis=0), 8, axis=1) for t in textures]
    return [
        np.ascontiguousarray(np.roll(smooth[i // 25], (i, 2 * i), axis=(0, 1))[:height, :width])
        for i in range(n_frames)
    ]


def add_sound_stream(container, sound):
    layout = "mono" if len(sound) == 1 else "stereo"
    return container.add_stream("aac", rate=RATE_HZ, layout=layout)


def mux_sound(container, stream, sound, rate_hz=RATE_HZ, format="fltp"):
    """Encode (channels, samples) floats within ±1."""
    layout = "mono" if len(sound) == 1 else "stereo"
    if format.startswith("s16"):
        sound = np.rint(sound * 32767).astype(np.int16)
    for start in range(0, sound.shape[1], 1024):
        part = np.ascontiguousarray(sound[:, start : start + 1024])
        frame = av.AudioFrame.from_ndarray(part, format=format, layout=layout)
        frame.sample_rate, frame.pts = rate_hz, start
        frame.time_base = Fraction(1, rate_hz)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
