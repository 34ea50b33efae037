import io

import numpy as np
import pytest
from PIL import Image

from pipeline.layouts.attr_bbox import Region
from pipeline.media.small_pictures import (
    draw_boxes,
    draw_waveform,
    encode_if_drawn,
    encode_within,
    shrink_poster,
    tile_frames,
    tile_sampled,
)


def noise(*shape):
    return np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)


def poster(width=500, height=750, colour="navy"):
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


@pytest.mark.parametrize("limit_bytes", [20_000, 13_000, 3_000])
def test_picture_of_noise_fits_and_is_a_picture(limit_bytes):
    content = encode_within(Image.fromarray(noise(375, 450, 3)), limit_bytes)
    assert len(content) <= limit_bytes
    assert Image.open(io.BytesIO(content)).format == "JPEG"


def test_picture_that_fits_keeps_its_size():
    content = encode_within(Image.new("RGB", (200, 300), "navy"), 13_000)
    assert Image.open(io.BytesIO(content)).size == (200, 300)


def test_picture_that_cannot_fit_is_an_error():
    with pytest.raises(ValueError, match="does not fit into 10 bytes"):
        encode_within(Image.fromarray(noise(64, 64, 3)), 10)


@pytest.mark.parametrize(("width", "height"), [(500, 750), (750, 500), (60, 90)])
def test_poster_keeps_its_shape(width, height):
    small = shrink_poster(poster(width, height))
    assert small.width <= 200
    assert small.height <= 300
    assert small.width / small.height == pytest.approx(width / height, rel=0.02)


def test_boxes_are_drawn_where_objects_are():
    region = Region("earring", 0.98, (100.0, 200.0, 300.0, 400.0))
    plain, drawn = (np.asarray(draw_boxes(poster(), found)) for found in ([], [region]))
    rows, columns = np.nonzero((plain != drawn).any(axis=2))
    assert (columns.min(), columns.max()) == pytest.approx((60, 180), abs=2)
    assert (rows.min(), rows.max()) == pytest.approx((120, 240), abs=2)


def test_frames_are_tiled_in_their_order():
    frames = np.stack([np.full((224, 224, 3), 8 * number, np.uint8) for number in range(30)])
    tiled = np.asarray(tile_frames(frames))
    assert tiled.shape == (375, 450, 3)
    assert tiled[37::75, 37::75, 0].ravel().tolist() == [8 * number for number in range(30)]


def test_sampled_frames_that_were_not_kept_are_dark_and_say_why():
    frames = np.full((11, 224, 224, 3), 200, np.uint8)
    kept, dropped = np.split(np.asarray(tile_sampled(frames[:2], ["", "flattest"])), 2, axis=1)
    assert (kept == 200).all()
    assert dropped[20:].max() == 70
    assert dropped[:14].max() > 150
    assert tile_sampled(frames, [""] * 11).size == (450, 90)


def test_what_cannot_be_drawn_is_left_out():
    assert encode_if_drawn(lambda: shrink_poster(b"no picture")) == b""


def test_waveform_is_high_where_sound_is_loud():
    loud = (20_000 * np.sin(np.arange(8_000))).astype(np.int16)
    drawn = draw_waveform(np.concatenate([np.zeros(8_000, np.int16), loud]))
    ink = (~np.asarray(drawn)).sum(axis=0)
    assert drawn.mode == "1"
    assert ink[:230].max() <= 3
    assert ink[250:].min() > 60
    assert Image.open(io.BytesIO(encode_within(drawn))).format == "PNG"


@pytest.mark.parametrize("samples", [[0], [-32768, 32767], [5] * 479])
def test_short_sound_has_a_waveform(samples):
    assert draw_waveform(np.array(samples, np.int16)).size == (480, 96)
