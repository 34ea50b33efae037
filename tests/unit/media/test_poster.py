import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.errors import PosterError
from pipeline.media.poster import POSTER_PX, Fit, PosterInfo, inspect_poster, load_poster
from pipeline.outcomes import Reason


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


def test_another_format_is_of_the_wrong_type():
    assert reason_of(encode(format="TIFF")) is Reason.WRONG_TYPE


def test_animation_is_of_the_wrong_type():
    frames = [Image.new("RGB", (100, 150), colour) for colour in ("red", "blue")]
    file = io.BytesIO()
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    assert reason_of(file.getvalue()) is Reason.WRONG_TYPE


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.9])
def test_file_without_its_end_is_cut_off(format, share):
    noise = np.random.default_rng(0).integers(0, 256, (300, 200, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, format)
    data = file.getvalue()
    assert reason_of(data[: int(len(data) * share)]) is Reason.CUT_OFF


def test_damaged_file_is_malformed():
    data = bytearray(encode(format="PNG"))
    data[60:80] = bytes(20)
    assert reason_of(bytes(data)) is Reason.MALFORMED


def test_tracking_dot_is_too_small():
    assert reason_of(encode(1, 1, format="PNG")) is Reason.TOO_SMALL


@pytest.mark.parametrize("side_px", [8_000, 12_000, 20_000])
def test_picture_that_unpacks_to_gigabytes_is_too_large(side_px):
    file = io.BytesIO()
    Image.new("1", (side_px, side_px)).save(file, "PNG")
    assert len(file.getvalue()) < 100_000
    assert reason_of(file.getvalue()) is Reason.TOO_LARGE


def load_or_reason(data):
    try:
        return load_poster(data)
    except PosterError as err:
        return err.reason


def test_flipped_bytes_never_end_in_anything_but_a_picture_or_a_reason():
    rng = np.random.default_rng(0)
    for format in ("JPEG", "PNG", "WEBP"):
        whole = encode(120, 180, format=format)
        for _ in range(60):
            data = bytearray(whole)
            for at in rng.integers(0, len(data), 4):
                data[at] = rng.integers(256)
            assert isinstance(load_or_reason(bytes(data)), np.ndarray | Reason)


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


def test_scaled_decoding_looks_like_decoding_in_full(tmp_path):
    path = tmp_path / "597.jpg"
    path.write_bytes(encode(1000, 1500, quality=95))
    whole = Image.open(path).convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
    assert np.abs(load_poster(path).astype(int) - np.asarray(whole)).mean() < 2


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
