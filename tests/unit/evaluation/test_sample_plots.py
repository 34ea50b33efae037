import numpy as np

from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.plots.sample_plots import draw_samples, sample_predictions
from pipeline.models.systems.poster import COMEDY_HORROR

TARGET = np.arange(40) % 2
PREDICTED = np.where(np.arange(40) % 4 == 0, 1 - TARGET, TARGET)
RESULT = SplitResult(
    COMEDY_HORROR,
    "s",
    "main",
    "model",
    100 + np.arange(40),
    0.2 + 0.6 * np.eye(2)[PREDICTED],
    TARGET,
)


def test_correct_predictions_come_first_and_are_sampled_at_random():
    samples = sample_predictions(RESULT, 6)
    assert [sample.is_correct for sample in samples] == [True] * 6 + [False] * 6
    assert all((sample.tmdb_id % 4 == 0) != sample.is_correct for sample in samples)
    assert samples == sample_predictions(RESULT, 6)
    assert samples != sample_predictions(RESULT, 6, seed=1)
    assert samples[0].probability == 0.8


def test_fewer_wrong_predictions_than_requested_are_all_shown():
    assert sum(not sample.is_correct for sample in sample_predictions(RESULT, 30)) == 10


def test_posters_of_any_size_and_missing_ones_are_drawn(tmp_path):
    samples = sample_predictions(RESULT, 2)
    posters = [np.zeros((30, 20, 3), np.uint8), None, np.full((9, 9, 3), 200, np.uint8), None]
    path = draw_samples(samples, posters, tmp_path / "samples.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_no_sample_is_still_a_plot(tmp_path):
    assert draw_samples([], [], tmp_path / "samples.png").stat().st_size > 100
