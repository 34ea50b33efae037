"""Files that are damaged in every way we could think of: cut, flipped, misnamed, hostile."""

import io
import random
import struct
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image

VIDEO, SOUND, POSTER = "video", "sound", "poster"
N_WAYS = 4
RATE_HZ = 16_000
N_FRAMES = 48


@dataclass(frozen=True)
class Broken:
    """A damaged file: what it should have been, how it was damaged, its ending and its bytes."""

    kind: str
    damage: str
    ending: str
    data: bytes


@dataclass(frozen=True)
class Whole:
    """A file before it is damaged."""

    kind: str
    ending: str
    data: bytes


def broken_files(wholes: Sequence[Whole], count: int, seed: int = 4) -> Iterator[Broken]:
    """Damage files in turn, each way in turn, `count` times."""
    draw = random.Random(seed)
    ways: tuple[tuple[str, Callable[[random.Random, Whole], tuple[str, bytes]]], ...] = (
        ("cut", _cut), ("bits flipped", _flip), ("wrong type", _misname), ("hostile size", _swell),
    )  # fmt: skip
    for number in range(count):
        damage, spoil = ways[number % len(ways)]
        whole = wholes[number // len(ways) % len(wholes)]
        ending, data = spoil(draw, whole)
        yield Broken(whole.kind, damage, ending, data)


def generated_files() -> list[Whole]:
    """Encode a video of each common container, sounds and posters."""
    return [
        Whole(VIDEO, ".mp4", _video("mp4", "libx264", "aac")),
        Whole(POSTER, ".jpg", _picture("JPEG")),
        Whole(VIDEO, ".webm", _video("webm", "libvpx-vp9", "libopus")),
        Whole(SOUND, ".wav", _sound()),
        Whole(VIDEO, ".avi", _video("avi", "mpeg4", "mp3")),
        Whole(POSTER, ".png", _picture("PNG")),
        Whole(VIDEO, ".ts", _video("mpegts", "libx264", "aac")),
        Whole(SOUND, ".m4a", _video("mp4", None, "aac")),
        Whole(VIDEO, ".mp4", _video("mp4", "libx265", None)),
        Whole(POSTER, ".webp", _picture("WEBP")),
    ]


def _cut(draw: random.Random, whole: Whole) -> tuple[str, bytes]:
    """End early, begin late, or lose a piece within."""
    size = len(whole.data)
    start, end = sorted((draw.randrange(size), draw.randrange(size)))
    way = draw.randrange(4)
    if way == 0:
        return whole.ending, whole.data[start:]
    if way == 1:
        return whole.ending, whole.data[:start] + whole.data[end:]
    return whole.ending, whole.data[: draw.choice((0, 1, 40, start, end, size - 1))]


def _flip(draw: random.Random, whole: Whole) -> tuple[str, bytes]:
    """Turn bits, a few or many, anywhere or in the headers alone."""
    data = bytearray(whole.data)
    within = draw.choice((len(data), len(data), min(len(data), 1500)))
    for _ in range(draw.choice((1, 8, 64, 1000))):
        data[draw.randrange(within)] ^= 1 << draw.randrange(8)
    return whole.ending, bytes(data)


def _misname(draw: random.Random, whole: Whole) -> tuple[str, bytes]:
    """Be something else than the name says, or carry another name."""
    strangers = (
        b"<!DOCTYPE html><html><body>Sign in to continue</body></html>", b'{"status_code": 34}',
        b"%PDF-1.7\n" + bytes(range(256)) * 8, b"PK\x03\x04" + bytes(3000), b"\x7fELF" + bytes(500),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\nfile:///etc/passwd\n", bytes(2000), b"RIFF\x00\x00",
        b"ffconcat version 1.0\nfile /etc/passwd\n", draw.randbytes(5000), whole.data[::-1],
        _picture("GIF"), _sound(),
    )  # fmt: skip
    if draw.random() < 0.3:
        return draw.choice((".jpg", ".mp4", ".txt", ".m3u8", "")), whole.data
    return whole.ending, draw.choice(strangers)


def _swell(draw: random.Random, whole: Whole) -> tuple[str, bytes]:
    """Write great numbers where sizes, counts and rates stand."""
    data = bytearray(whole.data)
    names = (b"avc1", b"hev1", b"stsz", b"stts", b"stsc", b"stco", b"mdhd", b"tkhd", b"esds",
             b"mdat", b"IHDR", b"\xff\xc0", b"VP8 ", b"fmt ", b"data", b"avih", b"strh", b"strf",
             b"\xb0\x82", b"\xba\x82", b"\x16\x54\xae\x6b", b"mvhd", b"moov", b"mp4a")  # fmt: skip
    places = [at for name in names if (at := data.find(name)) >= 0]
    great = (2**32 - 1, 2**31 - 1, 2**31, 0xFFFF_0000, 0x7FFF_7FFF, 60_000 << 16 | 60_000, 0)
    for _ in range(draw.choice((1, 1, 2, 4))):
        at = draw.choice(places or [0]) + draw.choice((-4, 4, 8, 12, 16, 20, 24, 28, 32, 36))
        at = max(0, min(at, len(data) - 4))
        data[at : at + 4] = struct.pack(draw.choice((">I", "<I")), draw.choice(great))
    return whole.ending, bytes(data)


def _video(container_format: str, codec: str | None, sound_codec: str | None) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container_format) as container:
        options = {"x265-params": "log-level=none:pools=1"} if codec == "libx265" else {}
        video = codec and container.add_stream(codec, rate=24, options=options)
        audio = sound_codec and container.add_stream(sound_codec, rate=48_000, layout="mono")
        if video:
            video.width, video.height, video.pix_fmt, video.gop_size = 128, 72, "yuv420p", 12
            for picture in _pictures():
                container.mux(video.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
            container.mux(video.encode(None))
        if audio:
            _add_tone(container, audio)
    return file.getvalue()


def _add_tone(container: av.container.OutputContainer, stream: av.AudioStream) -> None:
    resampler = av.AudioResampler(stream.format, stream.layout, 48_000, stream.frame_size or 960)
    tone = (0.3 * np.sin(np.arange(96_000) / 20)).astype(np.float32)[None]
    frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48_000, 0, Fraction(1, 48_000)
    for part in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(part))
    container.mux(stream.encode(None))


def _pictures() -> Iterator[np.ndarray]:
    rng, blocks = np.random.default_rng(5), np.empty((9, 16, 3), np.uint8)
    for i in range(N_FRAMES):
        if i % 30 == 0:
            blocks = rng.integers(0, 256, (9, 16, 3), dtype=np.uint8)
        yield np.roll(blocks.repeat(8, axis=0).repeat(8, axis=1), i, axis=1)


def _sound() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, RATE_HZ, 0, "NONE", ""))
        tone = (9000 * np.sin(np.arange(2 * RATE_HZ) / 9)).astype("<i2")
        writer.writeframes(np.repeat(tone, 2).tobytes())
    return file.getvalue()


def _picture(name: str) -> bytes:
    file = io.BytesIO()
    picture = next(_pictures()).repeat(3, axis=0)[:200]
    Image.fromarray(picture).save(file, name)
    return file.getvalue()


def real_files(folder: Path) -> list[Whole]:
    """Return small real videos, their sound, and posters; none where the folder is not there."""
    videos = sorted(folder.glob("videos/*chaplin*")) + sorted(folder.glob("videos/noaudio*"))
    posters = sorted(folder.glob("posters/images/*.jpg"))[:3]
    return [
        *(
            Whole(kind, path.suffix, path.read_bytes())
            for path in videos
            for kind in (VIDEO, SOUND)
        ),
        *(Whole(POSTER, path.suffix, path.read_bytes()) for path in posters),
    ]
