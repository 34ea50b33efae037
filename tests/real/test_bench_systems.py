"""The bench of the systems on a few real movies: everything arrives."""

import numpy as np
import pytest

from benchmarks.paired_scores import draw_interval, rmse
from benchmarks.real_folds import LEFT_OUT
from benchmarks.real_movies import read_real_movies
from benchmarks.systems import measure
from pipeline.models.training.estimator import LATER_FIELDS

pytestmark = [pytest.mark.real, pytest.mark.slow]


def test_models_see_nothing_known_after_release(data):
    movies = read_real_movies(data, limit=50)
    assert len(movies.table) == len(movies.records) == len(movies.texts) == 50
    assert (movies.table[["budget_usd", "revenue_usd"]] >= 1000).all(axis=None)
    reported = {
        name for name in LATER_FIELDS for r in movies.records if getattr(r, name) is not None
    }
    assert reported == set()


def test_every_row_is_measured(data):
    small = {"width": 16, "max_epochs": 1, "pretraining_epochs": 1}
    rows = measure(data, seeds=2, films=150, hyperparameters=small, ablations=True, full=True)
    first, second = ([row for row in rows if row.name.endswith(f"seed {k}")] for k in (7, 8))
    systems = [row.name.split()[0].strip(":") for row in second]
    assert systems == ["box_office"] * 7 + ["revenue"] * 2 + ["box_office"] * 6
    assert all(row.name.startswith("box_office: ") for row in first[15:18]), "transformers"
    ablations = first[18:]
    assert len(ablations) == 2 * (len(LEFT_OUT) + 2), "whole, and as before release"
    assert all("95 % interval" in row.why for row in ablations)
    assert len([row for row in rows if "mean of 2 seeds" in row.name]) == 2
    assert rows[-1].name.startswith("genre")
    for row in rows:
        assert np.isfinite([row.ours, row.peer_value]).all(), row


def test_intervals_draw_whole_franchises():
    true = np.repeat(np.random.default_rng(0).normal(size=200), 2)

    def width(franchises):
        output = {"true": true, "franchise": franchises}
        interval = draw_interval(output, 0, lambda some: rmse(true[some], 0.0))
        return interval.high - interval.low

    assert width(np.arange(400) // 2) > 1.2 * width(np.arange(400))
