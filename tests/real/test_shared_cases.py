"""The cases of ../shared/cases, inputs from public reports, have the values that READMEs expect.

`uv run python tests/real/shared_cases.py` prints a line for each.
"""

import io

import numpy as np
import pytest
import zarr
from shared_cases import CASES, RIGHT, find_faults, list_cases, run_case

from pipeline.crawl.datasets.trailers12k import read
from pipeline.frames.sampling import SAMPLED_FRAMES, choose_pts
from pipeline.media.timeline import read_timeline

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not list_cases(), reason="../shared/cases is not beside the checkout"),
]


def test_every_case_has_its_right_value_and_every_value_its_case():
    assert list_cases() == sorted(RIGHT)
    assert len(RIGHT) == 27


@pytest.mark.parametrize("name", sorted({*list_cases(), *RIGHT}))
def test_case_has_its_right_value(name, tmp_path):
    status, output = run_case(name, tmp_path)
    assert not find_faults(name, status, output), output


def test_frames_of_variable_rate_video_are_sampled_by_time():
    """Case 13 shows the kept ones alone, after the darkest have been dropped."""
    timeline = read_timeline(CASES / "13-variable-rate/give/vfr2.mp4")
    seconds = timeline.seconds(timeline.pts)
    assert (seconds < 3).mean() > 0.69  # of all frames, in 7 % of the time
    for seed in range(5):
        chosen = timeline.seconds(choose_pts(timeline.pts, SAMPLED_FRAMES, seed))
        assert 0.05 < (chosen < 3).mean() < 0.12


def test_unstored_chunk_is_read_as_zarr_reads_it():
    """Case 21 shows the shape alone."""
    folder = CASES / "21-zarr-empty-chunks/give"
    (row,) = read(folder)
    expected = zarr.open_group(str(folder / "vggish_audio.zarr"), mode="r")["tt0000001"][:]
    found = np.load(io.BytesIO(row.files["vggish_audio/{tmdb_id}.npy"]))
    assert not expected[0].any()
    assert expected.any()
    np.testing.assert_array_equal(found, expected)
