"""Damage at random: a picture or a reason comes out, never another error and never a hang."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.core.errors import PosterError
from pipeline.media.poster import encode_reference000_poster, inspect_poster, load_poster

pytestmark = pytest.mark.filterwarnings("ignore")  # Pillow warns where it doubts, and goes on


def encode(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def make_samples():
    pixels = np.random.default_rng(0).integers(0, 256, (72, 48, 4), dtype=np.uint8)
    rgba = Image.fromarray(pixels)
    rgb = rgba.convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = 6
    return [
        encode(rgb, "JPEG", exif=exif, icc_profile=b"none", quality=30),
        encode(rgb, "JPEG", progressive=True, comment=b"a comment"),
        encode(rgb.convert("CMYK"), "JPEG"),
        encode(rgb.convert("L"), "JPEG"),
        encode(rgba, "PNG", exif=exif),
        encode(rgb.quantize(8), "PNG", transparency=bytes([0, 128])),
        encode(Image.fromarray(pixels[..., 0].astype(np.uint16) * 257), "PNG"),
        encode(rgb, "PNG", save_all=True, append_images=[rgb.rotate(180)]),
        encode(rgba, "WEBP", exif=exif),
        encode(rgba, "WEBP", lossless=True),
        encode(rgb, "WEBP", save_all=True, append_images=[rgb.rotate(180)]),
    ]


SAMPLES = make_samples()

damages = st.lists(
    st.one_of(
        st.tuples(st.just("flip"), st.integers(0, 2**16), st.integers(0, 7)),
        st.tuples(st.just("set"), st.integers(0, 200), st.integers(0, 255)),
        st.tuples(st.just("cut"), st.integers(0, 2**16), st.just(0)),
        st.tuples(st.just("drop"), st.integers(0, 2**16), st.integers(1, 40)),
        st.tuples(st.just("double"), st.integers(0, 2**16), st.integers(1, 40)),
    ),
    min_size=1,
    max_size=5,
)


def damage(data, kind, at, value):
    if not data:
        return data
    at %= len(data)
    if kind == "flip":
        return data[:at] + bytes([data[at] ^ 1 << value]) + data[at + 1 :]
    if kind == "set":
        return data[:at] + bytes([value]) + data[at + 1 :]
    if kind == "cut":
        return data[:at]
    if kind == "drop":
        return data[:at] + data[at + value :]
    return data[: at + value] + data[at:]


def assert_picture_or_reason(data):
    try:
        info = inspect_poster(data, min_side_px=1)
        assert min(info.width_px, info.height_px) >= 1
        assert load_poster(data).shape == (224, 224, 3)
    except PosterError:
        return
    encode_reference000_poster(data)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SAMPLES), damages)
def test_damaged_file_is_a_picture_or_a_reason(data, wounds):
    for kind, at, value in wounds:
        data = damage(data, kind, at, value)
    assert_picture_or_reason(data)


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([b"", b"\xff\xd8", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\x00\x00\x00WEBPVP8 "]),
    st.binary(max_size=200),
)
def test_any_bytes_are_a_picture_or_a_reason(magic, rest):
    assert_picture_or_reason(magic + rest)
