import numpy as np
import pandas as pd
import pytest

from benchmarks.systems_posters import (
    COLOURS,
    HYPERPARAMETERS,
    METADATA,
    NETWORK,
    OURS,
    SHOWN,
    TRIVIAL,
    Posters,
    answer_all,
    describe_colours,
    measure,
)
from pipeline.core.metadata import METADATA_COLUMNS
from pipeline.core.tasks import Target
from pipeline.models.systems.poster import PROFIT

pytestmark = pytest.mark.slow


def posters(n: int) -> Posters:
    rng = np.random.default_rng(0)
    return Posters(
        pd.DataFrame({"tmdb_id": np.arange(n)}),
        rng.random((n, len(METADATA_COLUMNS))).astype(np.float32),
        [rng.integers(0, 256, (60, 40, 3), dtype=np.uint8) for _ in range(n)],
        rng.random((n, 8)).astype(np.float32),
        "d1",
    )


def test_nothing_is_measured_without_real_posters(tmp_path):
    rows = measure(tmp_path)
    assert len(rows) == len(SHOWN)
    assert all(row.is_ok is None and "no real posters" in row.why for row in rows)


def test_boosting_does_not_see_the_genres_that_are_asked_for():
    columns = posters(4).streams(has_genres=False).columns["metadata"]
    assert not [name for name in columns if "genre" in name]
    assert "log10_budget" in columns
    assert len(posters(4).streams(has_genres=True).columns["metadata"]) == len(METADATA_COLUMNS)


def test_colours_tell_red_from_blue():
    red, blue = (np.zeros((8, 8, 3), np.uint8) for _ in range(2))
    red[..., 0] = blue[..., 2] = 250
    assert np.abs(describe_colours(red) - describe_colours(blue)).max() == 250
    assert describe_colours(red)[-64:].sum() == pytest.approx(1)


def test_network_and_peers_answer_about_the_same_movies(monkeypatch):
    monkeypatch.setattr(
        "benchmarks.systems_posters.HYPERPARAMETERS",
        {**HYPERPARAMETERS, "input_px": 32, "width": 8, "max_epochs": 1},
    )
    parts = np.array(["train"] * 30 + ["val"] * 5 + ["test"] * 5, dtype=object)
    target = Target(PROFIT, np.arange(40) % 2, {})
    answers = answer_all(posters(40), target, parts, 1)
    assert set(answers) == {OURS, TRIVIAL, COLOURS, METADATA, NETWORK}
    assert {output.shape for output in answers.values()} == {(5, 2)}
