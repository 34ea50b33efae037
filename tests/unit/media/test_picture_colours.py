"""Every colour mode, turn and coding that a poster may come in is shown as it is meant."""

import base64
import struct

import numpy as np
import pytest
from picture_files import BLUE, RED, after_start, encode, flag, png
from PIL import Image

from pipeline.media.picture import decode, open_picture
from pipeline.media.poster import inspect_poster, load_poster

WHITE = (255, 255, 255)

ARITHMETIC_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIx"
    "wcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgyIRwhMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIy"
    "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjL/yQARCABIADADASIAAhEBAxEB/8wACgAQEAUBEBEF/9oADAMBAAIRAxEAPw"
    "D/AKWn1Xvd24n2bSuiT4DBQ7HufXDREPckgU+iYi/BigTYPHfEIP8Ax3DdayemNmuBWYFjTu7mIg+/z/hQgXQU1RiS"
    "x1bH+ue8qSOquBWzVWat46tzusCVicb7Iek7ZXbujKNc+PVO/9k="
)
"""Made by libjpeg-turbo's `cjpeg -quality 75 -arithmetic`: 48×72, left half red, right half blue.
Pillow reads such files and cannot write them."""


def pixels(data):
    return np.asarray(decode(open_picture(data))).astype(int)


def assert_is_flag(data, tolerance=12):
    shown = pixels(data)
    width = shown.shape[1]
    assert np.abs(shown[:, : width // 2 - 10] - RED).max() <= tolerance
    assert np.abs(shown[:, width // 2 + 10 :] - BLUE).max() <= tolerance
    assert inspect_poster(data)


# -- colours -----------------------------------------------------------------------------


def test_inverted_cmyk_of_adobe_has_its_colours():
    assert_is_flag(encode(flag("CMYK"), quality=95))


def test_cmyk_without_adobes_mark_is_not_inverted():
    inverted = Image.fromarray(255 - np.asarray(flag("CMYK")), "CMYK")
    data = encode(inverted, quality=95)
    at = data.index(b"\xff\xee")
    assert_is_flag(data[:at] + data[at + 16 :])


def test_ycck_has_its_colours():
    # YCCK is the YCbCr of what lies opposite to RGB, beside an inverted black; Pillow inverts
    # all four as it writes CMYK, so they are inverted here first.
    opposite = Image.fromarray(255 - np.asarray(flag()))
    planes = [Image.fromarray(255 - np.asarray(p)) for p in opposite.convert("YCbCr").split()]
    data = encode(Image.merge("CMYK", [*planes, Image.new("L", opposite.size, 0)]), quality=95)
    at = data.index(b"\xff\xee")
    data = bytearray(data)
    data[at + 15] = 2  # the colours are YCCK
    assert_is_flag(bytes(data))


def test_16_bit_grey_keeps_its_upper_bits():
    grey = np.tile(np.linspace(0, 65_535, 64).astype(np.uint16), (64, 1))
    shown = pixels(encode(Image.fromarray(grey), "PNG"))
    assert (shown[0, :, 0] == grey[0] >> 8).all()


def test_16_bit_colour_keeps_its_upper_bits():
    row = struct.pack(">HHH", 0xFA00, 0x0000, 0x80FF) * 50
    assert pixels(png(50, 50, 16, 2, (b"\x00" + row) * 50))[0, 0].tolist() == [0xFA, 0, 0x80]


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_what_is_transparent_shows_white(mode):
    image = Image.new("RGBA", (60, 90), (0, 0, 0, 0))
    image.paste((0, 0, 0, 255), (0, 0, 30, 90))
    shown = pixels(encode(image.convert(mode), "PNG"))
    assert shown[0, 0].tolist() == [0, 0, 0]
    assert shown[0, 59].tolist() == [255, 255, 255]


def test_half_transparent_mixes_with_white():
    image = Image.new("RGBA", (60, 90), (200, 0, 0, 128))
    assert np.abs(pixels(encode(image, "WEBP", lossless=True))[0, 0] - (227, 127, 127)).max() <= 1


@pytest.mark.parametrize("transparency", [1, bytes([255, 0])])
def test_transparent_entry_of_a_palette_shows_white(transparency):
    image = Image.new("P", (60, 90), 0)
    image.putpalette([250, 0, 0, 0, 250, 0])
    image.paste(1, (30, 0, 60, 90))
    shown = pixels(encode(image, "PNG", transparency=transparency))
    assert (tuple(shown[0, 0]), tuple(shown[0, 59])) == (RED, WHITE)


def test_colour_that_stands_for_transparent_shows_white():
    shown = pixels(encode(flag(), "PNG", transparency=BLUE))
    assert (tuple(shown[0, 0]), tuple(shown[0, 95])) == (RED, WHITE)


# -- turned, profiled, oddly coded -------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_poster_is_shown_upright(format):
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side: a quarter turn clockwise makes it upright
    data = encode(flag(width=144, height=96), format, exif=exif)
    info = inspect_poster(data)
    assert (info.width_px, info.height_px) == (96, 144)
    shown = load_poster(data).astype(int)
    assert np.abs(shown[:90] - RED).max() < 40
    assert np.abs(shown[134:] - BLUE).max() < 40


@pytest.mark.parametrize("value", [0, 9, 65_535])
def test_unknown_orientation_is_none(value):
    exif = Image.Exif()
    exif[0x0112] = value
    assert_is_flag(encode(quality=95, exif=exif))


@pytest.mark.parametrize("exif", [b"Exif\x00\x00", b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif"])
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_exif_does_no_harm(exif):
    assert_is_flag(after_start(encode(quality=95), 0xE1, exif))


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_broken_colour_profile_does_no_harm(format):
    assert_is_flag(encode(format=format, quality=95, icc_profile=b"no profile at all"), 40)


def test_segments_without_content_do_no_harm():
    data = encode(quality=95)
    for marker in (0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xFE):
        data = after_start(data, marker, b"")
    assert_is_flag(data)


@pytest.mark.parametrize("length", [0, 1])
def test_segment_shorter_than_its_own_length_does_no_harm(length):
    data = encode(quality=95)
    assert_is_flag(data[:2] + b"\xff\xe5" + struct.pack(">H", length) + data[2:])


def test_coarsest_jpeg_is_a_picture():
    assert pixels(encode(quality=1)).shape == (144, 96, 3)


def test_arithmetic_coding_is_read():
    assert_is_flag(ARITHMETIC_JPEG)
