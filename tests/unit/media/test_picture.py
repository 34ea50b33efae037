"""Whatever comes under a poster's name is a decoded picture or one reason."""

import struct
import zlib

import numpy as np
import pytest
from picture_files import after_start, chunk, encode, flag, png
from PIL import Image
from present import present

from pipeline.core.errors import PosterError
from pipeline.core.outcomes import Reason
from pipeline.media import picture
from pipeline.media.picture_layout import read_layout
from pipeline.media.poster import inspect_poster, load_poster


def noise(format, **options):
    pixels = np.random.default_rng(0).integers(0, 256, (90, 60, 3), dtype=np.uint8)
    return encode(Image.fromarray(pixels), format, **options)


def reason_of(data):
    with pytest.raises(PosterError) as caught:
        inspect_poster(data)
    return caught.value.reason


# -- not a picture, or not one alone -----------------------------------------------------


@pytest.mark.parametrize("format", ["GIF", "TIFF", "BMP", "PDF", "AVIF", "ICO", "TGA"])
def test_other_formats_are_of_the_wrong_type(format):
    assert reason_of(encode(format=format)) is Reason.WRONG_TYPE


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE html><html><body>Not Found</body></html>",
        b'\xef\xbb\xbf<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
        b'{"success":false,"status_code":34}',
        b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40),
        bytes(100),
    ],
)
def test_what_is_no_picture_is_of_the_wrong_type(data):
    assert reason_of(data) is Reason.WRONG_TYPE


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize(
    "rest",
    [b"\x00\x00\r\n", b"\x00\x00\x00\x18ftypmp42" + bytes(99), encode(), b"PK\x03\x04archive"],
    ids=["padding", "video", "picture", "archive"],
)
def test_what_follows_a_picture_is_not_read(format, rest):
    data = encode(format=format)
    assert inspect_poster(data + rest) == inspect_poster(data)
    assert np.array_equal(load_poster(data + rest), load_poster(data))


def test_comment_that_looks_like_a_page_is_still_a_comment():
    assert inspect_poster(after_start(encode(), 0xFE, b"<html>not shown</html>"))


@pytest.mark.parametrize("format", ["PNG", "WEBP"])
def test_animation_is_of_the_wrong_type(format):
    frames = [flag(), flag().rotate(180)]
    data = encode(frames[0], format, save_all=True, append_images=frames[1:])
    assert reason_of(data) is Reason.WRONG_TYPE


@pytest.mark.parametrize("n_bytes_lost", [0, 900])
def test_of_several_pictures_in_one_jpeg_the_first_is_taken(n_bytes_lost):
    other = flag().rotate(180)
    data = encode(format="MPO", save_all=True, append_images=[other])
    info = inspect_poster(data[: len(data) - n_bytes_lost])
    assert (info.format, info.width_px, info.height_px) == ("JPEG", 96, 144)
    left, right = load_poster(data)[100, [20, 200]].tolist()
    assert left[0] > 200 > 50 > left[2]
    assert right[2] > 200 > 50 > right[0]


# -- cut off -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("JPEG", {}),
        ("JPEG", {"progressive": True}),
        ("PNG", {}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    ],
)
@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 1.0])
def test_file_without_its_end_is_cut_off(format, options, share):
    data = noise(format, **options)
    assert reason_of(data[: max(1, int(len(data) * share) - 1)]) is Reason.CUT_OFF


def test_png_without_its_last_chunk_is_cut_off_although_all_pixels_are_there():
    assert reason_of(encode(format="PNG")[:-12]) is Reason.CUT_OFF


def test_thumbnail_inside_does_not_pass_for_the_end():
    data = after_start(noise("JPEG"), 0xE1, encode(flag(width=16, height=16)))
    assert reason_of(data[:-2]) is Reason.CUT_OFF


# -- too large ---------------------------------------------------------------------------


def bomb_png():
    packer = zlib.compressobj()
    rows = b"".join(packer.compress(bytes(1 << 20)) for _ in range(40))
    data = png(50_000, 50_000, 8, 2, b"")
    return data.replace(chunk(b"IDAT", zlib.compress(b"")), chunk(b"IDAT", rows + packer.flush()))


def bomb_jpeg():
    data = bytearray(encode())
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(data)


def bomb_webp():
    head = b"VP8X" + struct.pack("<IB3x", 10, 0) + (16_000 - 1).to_bytes(3, "little") * 2
    body = b"WEBP" + head + encode(format="WEBP")[12:]
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("make", [bomb_png, bomb_jpeg, bomb_webp])
def test_bomb_is_refused_before_it_is_opened(make, monkeypatch):
    data = make()
    assert len(data) < 100_000
    monkeypatch.setattr(Image, "open", lambda *args, **kwargs: pytest.fail("it was opened"))
    assert reason_of(data) is Reason.TOO_LARGE


def test_text_that_unpacks_to_megabytes_does_not_fill_the_memory():
    bomb = chunk(b"zTXt", b"note\x00\x00" + zlib.compress(bytes(70_000_000)))
    assert reason_of(png(50, 50, 8, 0, bytes(51 * 50), bomb)) is Reason.MALFORMED


@pytest.mark.parametrize("size", [(1, 1), (2, 30_000), (30_000, 2), (47, 200)])
def test_dots_and_lines_are_too_small(size):
    assert reason_of(encode(Image.new("1", size), "PNG")) is Reason.TOO_SMALL


# -- order and layout -----------------------------------------------------------------------


def test_large_pictures_are_decoded_one_at_a_time(monkeypatch):
    held = []
    monkeypatch.setattr(picture, "LARGE_PIXELS", 1000)
    monkeypatch.setattr(Image.Image, "has_transparency_data", property(
        lambda self: held.append(picture._large_one.locked()) or False))  # fmt: skip
    inspect_poster(encode())
    inspect_poster(encode(format="PNG"))
    assert held == [True, True]


def test_layout_tells_size_and_end():
    for format in ("JPEG", "PNG", "WEBP"):
        data = encode(format=format)
        layout = present(read_layout(data + b"more"))
        assert (layout.format, layout.width_px, layout.height_px) == (format, 96, 144)
        assert layout.end == len(data)
