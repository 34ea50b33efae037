import av
import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import TrailerError
from pipeline.core.outcomes import Reason
from pipeline.media.clip_file import CLIP_FRAMES, CLIP_PX, ClipScaler, ClipWriter, read_clips


def clips(count):
    """Moving clouds, another picture in every clip."""
    rng = np.random.default_rng(1)
    for _ in range(count):
        small = Image.fromarray(rng.integers(0, 256, (14, 14, 3), dtype=np.uint8))
        picture = np.asarray(small.resize((CLIP_PX, CLIP_PX), Image.Resampling.BICUBIC))
        yield np.stack([np.roll(picture, (i, 2 * i), axis=(0, 1)) for i in range(CLIP_FRAMES)])


def pictures(clip):
    scale = ClipScaler()
    return [scale(av.VideoFrame.from_ndarray(frame, format="rgb24")) for frame in clip]


def write(path, given, **options):
    writer = ClipWriter(**options)
    for clip in given:
        writer.add(pictures(clip))
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


def test_a_clip_does_not_depend_on_its_neighbours(tmp_path):
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


@pytest.mark.parametrize(
    "clip",
    [
        [av.VideoFrame(112, 112, "yuv420p")] * CLIP_FRAMES,
        [av.VideoFrame(CLIP_PX, CLIP_PX, "rgb24")] * CLIP_FRAMES,
        [av.VideoFrame(CLIP_PX, CLIP_PX, "yuv420p")] * (CLIP_FRAMES - 1),
    ],
)
def test_pictures_of_another_size_kind_or_number_are_a_mistake(clip):
    with pytest.raises(ValueError, match=r"expected (24 )?pictures"):
        ClipWriter().add(clip)


def test_pictures_shown_for_longer_are_written_once_and_read_as_often_as_shown(tmp_path):
    every = [pictures(clip) for clip in clips(3)]
    held = [[clip[i // 7 * 7] for i in range(CLIP_FRAMES)] for clip in every]
    held[1] = [held[0][-1]] * CLIP_FRAMES  # a still goes on from one clip into the next
    writer = ClipWriter()
    for clip in held:
        writer.add(clip)
    content, _ = writer.finish()
    (tmp_path / "a.mp4").write_bytes(content)
    with av.open(tmp_path / "a.mp4") as container:
        assert container.streams.video[0].frames == 4 + 1 + 4
    back = list(read_clips(tmp_path / "a.mp4"))
    for one, other in zip(held, back, strict=True):
        for picture, frame in zip(one, other, strict=True):
            assert psnr_db(picture.to_ndarray(format="rgb24"), frame) > 30
    third = list(read_clips(tmp_path / "a.mp4", at_most=2))[1]
    np.testing.assert_array_equal(third, back[2])


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
