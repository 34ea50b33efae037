from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipeline.core.errors import FrameError
from pipeline.core.outcomes import Reason
from pipeline.frames.filtering import (
    BLACK_MEAN,
    FLAT_DEVIATION,
    SINGLE_FRAME_LABELS,
    FrameLabel,
    count_labels,
    keep_informative,
    label_frames,
    measure,
)


def textured(brightness, seed=0, spread=60):
    rng = np.random.default_rng(seed)
    noise = rng.integers(-spread, spread + 1, (16, 16, 3))
    return np.clip(brightness + noise, 0, 255).astype(np.uint8)


def uniform(value):
    return np.full((16, 16, 3), value, dtype=np.uint8)


def trailer(n=10):
    return [textured(90 + 10 * i, seed=i, spread=40 + 4 * i) for i in range(n)]


def test_black_frame_is_dropped():
    assert label_frames(measure(np.stack([uniform(0), *trailer()])))[0] is FrameLabel.BLACK


def test_flat_frame_is_dropped():
    assert label_frames(measure(np.stack([uniform(200), *trailer()])))[0] is FrameLabel.FLAT


def test_darkest_fifth_is_dropped():
    frames = [textured(60, seed=9, spread=59), *trailer(9)]
    assert label_frames(measure(np.stack(frames)))[0] is FrameLabel.DARKEST


def test_flattest_fifth_is_dropped():
    frames = [textured(200, seed=9, spread=20), *trailer(9)]
    assert label_frames(measure(np.stack(frames)))[0] is FrameLabel.FLATTEST


def test_trailer_that_is_a_third_black_keeps_no_black_frame():
    frames = np.stack([uniform(0)] * 5 + trailer(10))
    mask = keep_informative(frames)
    assert not mask[:5].any()
    assert mask[5:].sum() >= 8


def test_near_black_frames_never_stay_however_many():
    frames = np.stack([textured(5, seed=i, spread=3) for i in range(10)])
    assert not keep_informative(frames).any()


def test_no_cut_leaves_only_the_floor_and_the_extremes():
    mask = keep_informative(np.stack([uniform(0), *trailer()]), cut_percentile=0)
    assert mask.tolist() == [False] + [True] * 10


def test_statistics_cover_all_three_channels():
    red = uniform(0)
    red[..., 0] = 255  # every channel is uniform, the frame is not
    statistics = measure(np.stack([red]))
    assert statistics.mean[0] == pytest.approx(85)
    assert statistics.deviation[0] == pytest.approx(np.std([255, 0, 0]))


def test_statistics_agree_with_numpy():
    frames = np.stack(trailer())
    statistics = measure(frames)
    assert statistics.mean == pytest.approx(frames.reshape(10, -1).mean(axis=1))
    assert statistics.deviation == pytest.approx(frames.reshape(10, -1).std(axis=1))


def test_verdicts_are_counted_with_zeros():
    labels = label_frames(measure(np.stack([uniform(0), uniform(200), *trailer()])))
    counts = count_labels(labels)
    assert set(counts) == {label.value for label in SINGLE_FRAME_LABELS}
    assert sum(counts.values()) == 12
    assert (counts["black"], counts["flat"]) == (1, 1)


@pytest.mark.parametrize(
    "frames",
    [
        np.zeros((0, 4, 4, 3), dtype=np.uint8),
        np.zeros((2, 4, 4), dtype=np.uint8),
        np.zeros((2, 4, 4, 3), dtype=np.float32),
    ],
)
def test_what_is_no_frame_array_is_refused(frames):
    with pytest.raises(FrameError) as caught:
        keep_informative(frames)
    assert caught.value.reason is Reason.MALFORMED


def test_percentile_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="percentile"):
        keep_informative(np.stack(trailer()), cut_percentile=100)


@pytest.mark.real
def test_floor_keeps_every_frame_that_reference_implementation_004_kept():
    folder = Path(__file__).resolve().parents[3] / "../shared/data/trailer_frames_seed004"
    if not folder.is_dir():
        pytest.skip("the frames of reference implementation 004 (../shared/data) are not here")
    movies = sorted(path for path in folder.iterdir() if path.is_dir())
    assert len(movies) == 5
    for movie in movies:
        pictures = [Image.open(path).convert("RGB") for path in sorted(movie.glob("*.jpg"))]
        frames = np.stack([np.asarray(picture.resize((224, 224))) for picture in pictures])
        statistics = measure(frames)
        assert statistics.mean.min() > BLACK_MEAN
        assert statistics.deviation.min() > FLAT_DEVIATION
        of_floor = {FrameLabel.BLACK, FrameLabel.FLAT}
        assert of_floor.isdisjoint(label_frames(statistics))


@pytest.mark.real
def test_black_spans_of_a_real_trailer_are_dropped():
    from pipeline.frames.sampling import SAMPLED_FRAMES, choose_pts
    from pipeline.media.trailer import open_trailer

    folder = Path(__file__).resolve().parents[3] / "../shared/data/videos"
    if not folder.is_dir():
        pytest.skip("the folder of real videos (../shared/data/videos) is not beside the checkout")
    with open_trailer(folder / "sintel_trailer_52s_480x204.mp4") as trailer:
        pts = trailer.timeline.pts
        black = trailer.decode(pts[: len(pts) // 100].tolist())  # it begins in black
        sampled = trailer.decode(choose_pts(pts, SAMPLED_FRAMES, seed=45745))
    assert set(label_frames(measure(black.frames))) == {FrameLabel.BLACK}
    labels = label_frames(measure(sampled.frames))
    assert labels.count(FrameLabel.BLACK) >= 5
    kept = sampled.frames[[label is FrameLabel.INFORMATIVE for label in labels]]
    assert len(kept) >= 30
    assert kept.mean(axis=(1, 2, 3)).min() > BLACK_MEAN
