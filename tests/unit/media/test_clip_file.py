import numpy as np
import pytest
from PIL import Image

from pipeline.errors import TrailerError
from pipeline.media.clip_file import CLIP_FRAMES, CLIP_PX, ClipWriter, read_clips
from pipeline.outcomes import Reason


def clips(count):
    """Moving clouds, another picture in every clip."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        small = Image.fromarray(rng.integers(0, 256, (14, 14, 3), dtype=np.uint8))
        picture = np.asarray(small.resize((CLIP_PX, CLIP_PX), Image.Resampling.BICUBIC))
        yield np.stack([np.roll(picture, (i, 2 * i), axis=(0, 1)) for i in range(CLIP_FRAMES)])


def write(path, given, **options):
    writer = ClipWriter(**options)
    for clip in given:
        writer.add(clip)
    content, kept = writer.finish()
    path.write_bytes(content)
    return kept


def psnr_db(one, other):
    return 10 * np.log10(255**2 / ((one.astype(float) - other) ** 2).mean())


def test_clips_come_back_in_order_and_nearly_as_they_were(tmp_path):
    given = list(clips(3))
    assert write(tmp_path / "a.mp4", given) == [0, 1, 2]
    back = list(read_clips(tmp_path / "a.mp4"))
    assert [clip.shape for clip in back] == [(CLIP_FRAMES, CLIP_PX, CLIP_PX, 3)] * 3
    for one, other in zip(given, back, strict=True):
        assert np.abs(one.mean(axis=(1, 2)) - other.mean(axis=(1, 2))).max() < 3
        assert psnr_db(one, other) > 30  # loud colours lose most; real videos keep 40 and more


def test_a_clip_does_not_hang_on_its_neighbours(tmp_path):
    first, second, third = clips(3)
    write(tmp_path / "a.mp4", [first, second, third], at_most=2)
    kept = list(read_clips(tmp_path / "a.mp4"))
    assert [psnr_db(a, b) > 30 for a, b in zip([first, third], kept, strict=True)] == [True, True]


@pytest.mark.parametrize(
    ("count", "at_most", "kept"),
    [(4, 4, [0, 1, 2, 3]), (5, 4, [0, 2, 4]), (9, 4, [0, 4, 8]), (3, 1, [0])],
)
def test_more_clips_than_wanted_are_thinned_evenly(tmp_path, count, at_most, kept):
    clip = next(clips(1))
    assert write(tmp_path / "a.mp4", [clip] * count, at_most=at_most) == kept
    assert sum(1 for _ in read_clips(tmp_path / "a.mp4")) == len(kept)


def test_the_same_clips_give_the_same_bytes(tmp_path):
    write(tmp_path / "a.mp4", clips(2))
    write(tmp_path / "b.mp4", clips(2))
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_no_clip_is_an_empty_file_and_reads_as_none(tmp_path):
    assert write(tmp_path / "a.mp4", []) == []
    assert list(read_clips(tmp_path / "a.mp4")) == []


def test_a_clip_of_another_size_is_a_mistake():
    with pytest.raises(ValueError, match="224"):
        ClipWriter().add(np.zeros((CLIP_FRAMES, 112, 112, 3), dtype=np.uint8))


def test_a_cut_off_file_of_clips_is_malformed(tmp_path):
    path = tmp_path / "a.mp4"
    write(path, clips(2))
    path.write_bytes(path.read_bytes()[:-20_000])  # its index goes with it
    with pytest.raises(TrailerError) as caught:
        list(read_clips(path))
    assert caught.value.reason is Reason.MALFORMED


def test_another_video_is_no_file_of_clips(make_clip):
    with pytest.raises(TrailerError) as caught:
        list(read_clips(make_clip("a.mp4")))
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize(("at_most", "wanted"), [(0, [0, 1, 2, 3]), (2, [0, 3]), (9, [0, 1, 2, 3])])
def test_some_clips_are_read_spread_evenly_and_as_among_all(tmp_path, at_most, wanted):
    write(tmp_path / "a.mp4", clips(4))
    every = list(read_clips(tmp_path / "a.mp4"))
    some = list(read_clips(tmp_path / "a.mp4", at_most=at_most))
    np.testing.assert_array_equal(np.stack(some), np.stack([every[i] for i in wanted]))
