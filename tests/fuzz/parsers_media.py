"""Parsers of pictures, videos and sound: somebody's C code over a stranger's bytes."""

import io
import tempfile
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from fuzzing import Parser
from seeds import posters

from pipeline.core.errors import ItemError

_BOXES = (b"ftyp", b"moov", b"trak", b"mdia", b"stbl", b"stsd", b"stts", b"ctts", b"stsc", b"stsz",
          b"stco", b"co64", b"avc1", b"avcC", b"mp4a", b"esds", b"mdat", b"moof", b"edts", b"elst",
          b"tkhd", b"\x00\x00\x00\x01", b"\x1a\x45\xdf\xa3")  # fmt: skip
_CHUNKS = (b"IHDR", b"IDAT", b"IEND", b"PLTE", b"acTL", b"iCCP", b"zTXt", b"\xff\xd8", b"\xff\xd9",
           b"\xff\xc0", b"\xff\xc2", b"\xff\xc4", b"\xff\xdb", b"\xff\xe1Exif\x00\x00", b"VP8X",
           b"ANIM", b"RIFF", b"Adobe")  # fmt: skip


@cache
def pictures() -> tuple[bytes, ...]:
    """Draw small pictures of every kind that comes, and of some that must not."""
    from PIL import Image

    noise = np.random.default_rng(7).integers(0, 255, (60, 50, 4), dtype=np.uint8)
    picture = Image.fromarray(noise)
    kinds = (
        ("JPEG", "RGB", {}), ("JPEG", "CMYK", {}), ("JPEG", "L", {}),
        ("JPEG", "RGB", {"progressive": True}), ("PNG", "RGBA", {}), ("PNG", "P", {}),
        ("PNG", "1", {}), ("PNG", "I;16", {}), ("WEBP", "RGB", {}), ("GIF", "P", {}),
    )  # fmt: skip
    found = []
    for format_, mode, options in kinds:
        with io.BytesIO() as sink:
            converted = picture.convert("L").convert("I;16") if mode == "I;16" else None
            (converted or picture.convert(mode)).save(sink, format_, **options)
            found.append(sink.getvalue())
    return tuple(found)


def _poster(name: str) -> Parser:
    from pipeline.core.image_inputs import Fit
    from pipeline.media.poster import inspect_poster, load_poster

    def check(data: bytes) -> None:
        if name == "poster-inspection":
            info = inspect_poster(data)
            assert min(info.width_px, info.height_px) >= 48
            return
        for fit in Fit:
            square = load_poster(data, fit=fit, rng=np.random.default_rng(0))
            assert square.shape == (224, 224, 3)

    return Parser(
        name,
        check,
        lambda: [*pictures(), *posters(), b"<html>", b""],
        _CHUNKS,
        allowed=(ItemError,),
        memory_mib=1024,  # 50 million pixels, as RGB and as what they were
        is_native=True,
    )


@cache
def videos() -> tuple[bytes, ...]:
    """Film two small clips, one of them with sound, and one in another container."""
    from fractions import Fraction

    kinds = (("a.mp4", "libx264", False), ("b.mp4", "libx264", True), ("c.webm", "libvpx", False))
    with tempfile.TemporaryDirectory() as folder:
        return tuple(
            _film(Path(folder, name), codec, Fraction(1, 12), with_sound=with_sound)
            for name, codec, with_sound in kinds
        )


def _film(path: Path, codec: str, time_base: Fraction, *, with_sound: bool) -> bytes:
    import av

    draw = np.random.default_rng(3)
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=time_base.denominator)
        video.width, video.height, video.pix_fmt, video.gop_size = 48, 32, "yuv420p", 6
        audio = container.add_stream("aac", rate=16_000, layout="mono") if with_sound else None
        for number in range(18):
            picture = draw.integers(0, 255, (32, 48, 3), dtype=np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, time_base
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if audio:
            samples = (draw.standard_normal((1, 16_000)) * 0.2).astype(np.float32)
            sound = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            sound.sample_rate, sound.pts = 16_000, 0
            container.mux(audio.encode(sound))
            container.mux(audio.encode(None))
    return path.read_bytes()


def _video(name: str) -> Parser:
    from pipeline.media.audio import decode_audio
    from pipeline.media.timeline import read_timeline
    from pipeline.media.trailer import decode_frames, probe

    def check(data: bytes) -> None:
        with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
            file.write(data)
            file.flush()
            path = Path(file.name)
            if name == "audio":
                assert decode_audio(path, duration_s=5.0).dtype == np.int16
                return
            info = probe(path)
            assert info.duration_s >= 0
            if name == "video-probing":
                return
            timeline = read_timeline(path)
            decoded = decode_frames(path, timeline.pts[::4][:6], size_px=64, timeline=timeline)
            assert decoded.frames.shape[1:] == (64, 64, 3)

    def seeds() -> list[bytes]:
        return [*videos(), b"<html>", b""]

    return Parser(name, check, seeds, _BOXES, allowed=(ItemError,), memory_mib=1024, is_native=True)


LOADERS: Mapping[str, Callable[[str], Parser]] = {
    "poster-inspection": _poster,
    "poster-loading": _poster,
    "video-probing": _video,
    "video-decoding": _video,
    "audio": _video,
}
