import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import PosterError
from pipeline.core.image_inputs import Fit
from pipeline.core.outcomes import Reason
from pipeline.media.picture import decode, open_picture
from pipeline.media.poster import (
    POSTER_PX,
    PosterInfo,
    encode_reference000_poster,
    inspect_poster,
    load_embedded_poster,
    load_poster,
)


def encode(width=200, height=300, format="JPEG", mode="RGB", **options):
    """Encode a poster whose left half is red and whose right half is blue."""
    picture = np.zeros((height, width, 3), dtype=np.uint8)
    picture[:, : width // 2, 0] = 250
    picture[:, width // 2 :, 2] = 250
    file = io.BytesIO()
    Image.fromarray(picture).convert(mode).save(file, format, **options)
    return file.getvalue()


def reason_of(data):
    with pytest.raises(PosterError) as caught:
        inspect_poster(data)
    return caught.value.reason


def test_usable_poster_is_described():
    assert inspect_poster(encode()) == PosterInfo(200, 300, "JPEG", "RGB")


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        ("PNG", "RGB"),
        ("PNG", "P"),
        ("PNG", "RGBA"),
        ("JPEG", "L"),
        ("JPEG", "CMYK"),
        ("WEBP", "RGB"),
    ],
)
def test_every_format_and_colour_mode_of_the_hosts_is_loaded(format, mode):
    data = encode(format=format, mode=mode)
    assert inspect_poster(data).mode == mode
    assert load_poster(data).shape == (POSTER_PX, POSTER_PX, 3)


def test_empty_file_is_malformed():
    assert reason_of(b"") is Reason.MALFORMED


def test_web_page_is_of_the_wrong_type():
    assert reason_of(b"<html><body>404 Not Found</body></html>") is Reason.WRONG_TYPE


def test_damaged_file_is_malformed():
    data = bytearray(encode(format="PNG"))
    data[60:80] = bytes(20)
    assert reason_of(bytes(data)) is Reason.MALFORMED


@pytest.mark.parametrize("side_px", [8_000, 12_000])
def test_picture_that_unpacks_to_gigabytes_is_too_large(side_px):
    file = io.BytesIO()
    Image.new("1", (side_px, side_px)).save(file, "PNG")
    assert len(file.getvalue()) < 100_000
    assert reason_of(file.getvalue()) is Reason.TOO_LARGE


def test_resize_keeps_the_whole_poster():
    square = load_poster(encode())
    assert square[:, :100, 0].min() > 200
    assert square[:, 124:, 2].min() > 200


def test_padding_is_black_at_the_sides():
    square = load_poster(encode(), fit=Fit.PAD)
    assert square[:, :30].max() == 0
    assert square[:, 60:100, 0].min() > 200


def test_centre_crop_cuts_top_and_bottom():
    picture = Image.new("RGB", (200, 300), "green")
    picture.paste("white", (0, 0, 200, 40))
    file = io.BytesIO()
    picture.save(file, "PNG")
    assert load_poster(file.getvalue(), fit=Fit.CENTRE_CROP)[:, :, 0].max() < 30


def test_backbones_see_a_poster_in_its_own_shape_decoded_at_half_size():
    data = encode(500, 750, quality=95)
    poster = load_embedded_poster(data)
    assert poster.shape == (336, 224, 3)
    whole = (
        Image.open(io.BytesIO(data)).convert("RGB").resize((224, 336), Image.Resampling.BILINEAR)
    )
    assert np.abs(poster.astype(int) - np.asarray(whole)).mean() < 2


def test_scaled_decoding_looks_like_decoding_in_full(tmp_path):
    path = tmp_path / "597.jpg"
    path.write_bytes(encode(1000, 1500, quality=95))
    whole = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    assert np.abs(load_poster(path).astype(int) - np.asarray(whole)).mean() < 2


def check(data, draft):
    """Say what a check of a JPEG ends in; `draft` is the share of its pixels that are made."""
    try:
        image = open_picture(data)
        image.draft(None, draft)
        decode(image)
    except PosterError as err:
        return err.reason
    return "a picture"


def test_quick_check_of_a_jpeg_decides_as_decoding_in_full_does():
    rng = np.random.default_rng(1)
    noise = Image.fromarray(rng.integers(0, 256, (96, 64, 3), dtype=np.uint8))
    verdicts = set()
    for options in ({}, {"progressive": True}):
        file = io.BytesIO()
        noise.save(file, "JPEG", **options)
        whole = file.getvalue()
        for _ in range(150):
            data = bytearray(whole)
            for at in rng.integers(2, len(data), 3):
                data[at] = rng.integers(256)
            verdict = check(bytes(data), (1, 1))
            assert verdict == check(bytes(data), (64, 96))
            verdicts.add(verdict)
    assert {"a picture", Reason.MALFORMED} <= verdicts


# -- the fourth fit of reference implementation 003 --------------------------------------


def test_random_crop_cuts_280_pixels_wherever_chance_will():
    picture = np.zeros((750, 500, 3), dtype=np.uint8)
    picture[..., 0] = np.arange(500) // 2
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    starts = set()
    for seed in range(12):
        rng = np.random.default_rng(seed)
        square = load_poster(file.getvalue(), fit=Fit.RANDOM_CROP, rng=rng).astype(int)
        assert abs(square[0, -1, 0] - square[0, 0, 0] - 140) <= 2
        starts.add(square[0, 0, 0])
    assert len(starts) > 6
    assert max(starts) - min(starts) > 60


def test_random_crop_is_the_same_for_the_same_generator():
    data = encode(500, 750, "PNG")
    first, second = (
        load_poster(data, fit=Fit.RANDOM_CROP, rng=np.random.default_rng(3)) for _ in range(2)
    )
    assert (first == second).all()


def test_random_crop_frames_a_small_poster_in_black():
    square = load_poster(encode(140, 280), fit=Fit.RANDOM_CROP, rng=np.random.default_rng(0))
    assert square[:, :50].max() == 0
    assert square[:, 60:110, 0].min() > 200


def test_random_crop_wants_a_generator():
    with pytest.raises(ValueError, match="rng"):
        load_poster(encode(), fit=Fit.RANDOM_CROP)


# -- the export for reference implementation 000 ------------------------------------------


@pytest.mark.parametrize(
    ("size", "options"),
    [
        ((500, 750), {}),
        ((182, 268), {}),
        ((400, 600), {}),
        ((2000, 3000), {}),
        ((900, 300), {"format": "PNG", "mode": "RGBA"}),
        ((300, 300), {"format": "WEBP"}),
        ((500, 750), {"mode": "CMYK"}),
        ((500, 750), {"mode": "L"}),
    ],
)
def test_reference000_poster_is_an_rgb_jpeg_of_400_by_600(size, options):
    data = encode_reference000_poster(encode(*size, **options))
    assert inspect_poster(data) == PosterInfo(400, 600, "JPEG", "RGB")
    assert encode_reference000_poster(encode(*size, **options)) == data


def test_reference000_poster_shows_the_whole_poster_whatever_its_shape():
    shown = np.asarray(Image.open(io.BytesIO(encode_reference000_poster(encode(900, 300))))).astype(
        int
    )
    assert np.abs(shown[:, :190] - (250, 0, 0)).max() < 16
    assert np.abs(shown[:, 210:] - (0, 0, 250)).max() < 16


def test_reference000_poster_refuses_what_is_no_poster():
    with pytest.raises(PosterError, match="wrong_type"):
        encode_reference000_poster(b"<html>")


def test_real_posters_are_usable():
    folder = Path(__file__).resolve().parents[3] / "../shared/data/posters/images"
    if not folder.is_dir():
        pytest.skip(
            "the folder of real posters (../shared/data/posters) is not beside the checkout"
        )
    for path in sorted(folder.iterdir())[::40]:
        info = inspect_poster(path.read_bytes())
        assert load_poster(path).shape == (224, 224, 3)
        assert info.height_px > info.width_px
