import numpy as np
import pytest
import torch
from pixel_movies import Movies, Table
from present import present

from pipeline.core.errors import TrainingError
from pipeline.core.image_inputs import Fit
from pipeline.models.training.batches import Batch, take_batch
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.pictures import (
    PIXELS,
    ROW,
    BoundedCache,
    FrameReader,
    PosterReader,
    row_table,
)


def batch_of(*rows: int) -> Batch:
    return take_batch(row_table(Movies().inputs), [ROW], np.array(rows))


def noise(height: int = 400, width: int = 300) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def loading(poster=None, frames=None) -> FeatureSet:
    masks = {"metadata": np.ones(3, bool)}
    return FeatureSet(Table({}, masks), load_poster=poster, load_frames=frames)


def test_inputs_that_load_no_frames_are_refused():
    with pytest.raises(TrainingError, match="that load the movies' frames"):
        FrameReader(loading(), 5, 32)


def test_movie_without_a_poster_is_refused_in_a_batch():
    reader = PosterReader(Movies(lacking=(2,)).inputs, Fit.PAD, 32)
    with pytest.raises(TrainingError, match="row 2 has no poster; make"):
        reader.read(batch_of(1, 2))


@pytest.mark.parametrize("fit", list(Fit))
def test_posters_are_squares_of_unsigned_bytes(fit):
    batch = PosterReader(Movies().inputs, fit, 32).read(batch_of(4, 5, 6))
    assert batch.streams[PIXELS].shape == (3, 32, 32, 3)
    assert batch.streams[PIXELS].dtype == torch.uint8
    assert batch.masks[PIXELS].all()


def test_padded_poster_has_black_on_both_sides():
    pixels = PosterReader(Movies().inputs, Fit.PAD, 48).read(batch_of(0)).streams[PIXELS][0]
    assert not pixels[:, :7].any()
    assert not pixels[:, -7:].any()
    assert pixels[:, 24].any()


def test_random_crop_depends_on_the_seed_alone():
    reader = PosterReader(loading(poster=lambda row: noise()), Fit.RANDOM_CROP, 64, keep_mib=8)
    one, again, other = (
        reader.read_to_learn(batch_of(0, 1), seed).streams[PIXELS] for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_random_crop_is_cut_in_the_middle_where_nothing_is_learned():
    reader = PosterReader(loading(poster=lambda row: noise()), Fit.RANDOM_CROP, 280)
    pixels = reader.read(batch_of(0), 5).streams[PIXELS][0].numpy()
    assert (pixels == noise()[60:340, 10:290]).all()


def test_other_fits_are_the_same_while_learning():
    reader = PosterReader(Movies().inputs, Fit.PAD, 32)
    one, other = (reader.read_to_learn(batch_of(0), seed).streams[PIXELS] for seed in (1, 2))
    assert torch.equal(one, other)


def test_memory_for_pictures_is_bounded():
    made = []

    def make(row):
        made.append(row)
        return np.zeros(2**19, np.uint8)

    kept = BoundedCache(make, limit_mib=1)
    for row in (0, 1, 2, 0, 1, 2):
        kept(row)
    assert made == [0, 1, 2, 2]
    assert sorted(kept.arrays) == [0, 1]


def test_frames_of_a_stack_are_shown_again_where_there_are_fewer():
    reader = FrameReader(Movies().inputs, 8, 32, is_cycled=True)
    batch = reader.read(batch_of(0))
    frames = present(Movies().frames(0))
    assert len(frames) == 3
    assert (batch.streams[PIXELS][0].numpy() == frames[[0, 1, 2, 0, 1, 2, 0, 1]]).all()
    assert batch.masks[PIXELS].all()


def test_frames_are_masked_where_each_is_looked_at():
    batch = FrameReader(Movies().inputs, 5, 32).read(batch_of(0, 2))
    assert batch.masks[PIXELS].tolist() == [[True, True, True, False, False], [True] * 5]


def test_frames_are_spread_over_the_trailer_where_nothing_is_learned():
    thirty = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    reader = FrameReader(loading(frames=lambda row: thirty), 15, 8)
    assert reader.read(batch_of(0)).streams[PIXELS][0, :, 0, 0, 0].tolist() == list(range(0, 30, 2))


@pytest.mark.parametrize("shuffles", [False, True])
def test_frames_are_chosen_anew_in_each_step(shuffles):
    thirty = np.arange(30, dtype=np.uint8)[:, None, None, None] * np.ones((1, 8, 8, 3), np.uint8)
    reader = FrameReader(loading(frames=lambda row: thirty), 15, 8, shuffles_order=shuffles)
    chosen = [
        reader.read_to_learn(batch_of(0), seed).streams[PIXELS][0, :, 0, 0, 0].tolist()
        for seed in (1, 1, 2)
    ]
    assert chosen[0] == chosen[1] != chosen[2]
    assert len(set(chosen[0])) == 15
    assert (chosen[0] == sorted(chosen[0])) is not shuffles


def test_frame_choice_can_stay():
    reader = FrameReader(Movies().inputs, 3, 32, chooses_anew=False)
    one, other = (reader.read_to_learn(batch_of(4), seed).streams[PIXELS] for seed in (1, 2))
    assert torch.equal(one, other)
