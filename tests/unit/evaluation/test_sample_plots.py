import numpy as np

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.sample_plots import choose_samples, draw_samples
from pipeline.models.systems.poster import COMEDY_HORROR

TRUE = np.arange(40) % 2
SAID = np.where(np.arange(40) % 4 == 0, 1 - TRUE, TRUE)
RESULT = SplitResult(
    COMEDY_HORROR, "s", "main", "model", 100 + np.arange(40), TRUE, 0.2 + 0.6 * np.eye(2)[SAID]
)


def test_hits_come_before_misses_and_are_chosen_by_chance_alone():
    samples = choose_samples(RESULT, 6)
    assert [sample.is_hit for sample in samples] == [True] * 6 + [False] * 6
    assert all((sample.tmdb_id % 4 == 0) != sample.is_hit for sample in samples)
    assert samples == choose_samples(RESULT, 6)
    assert samples != choose_samples(RESULT, 6, seed=1)
    assert samples[0].probability == 0.8


def test_fewer_misses_than_asked_for_are_all_shown():
    assert sum(not sample.is_hit for sample in choose_samples(RESULT, 30)) == 10


def test_pictures_of_any_size_and_missing_ones_are_drawn(tmp_path):
    samples = choose_samples(RESULT, 2)
    pictures = [np.zeros((30, 20, 3), np.uint8), None, np.full((9, 9, 3), 200, np.uint8), None]
    path = draw_samples(samples, pictures, tmp_path / "samples.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_no_sample_is_still_a_picture(tmp_path):
    assert draw_samples([], [], tmp_path / "samples.png").stat().st_size > 100
