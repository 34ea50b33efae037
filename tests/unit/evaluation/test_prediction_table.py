"""The table of predictions holds all that scores are made of."""

import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.metrics.split_results import score_result
from pipeline.evaluation.report.prediction_table import restore_result, write_predictions
from pipeline.models.systems.box_office import LOG10_REVENUE
from pipeline.models.systems.genre import GENRES
from pipeline.models.systems.revenue import REVENUE_CLASS


@pytest.mark.parametrize("task", [LOG10_REVENUE, REVENUE_CLASS, GENRES], ids=lambda task: task.name)
def test_every_score_of_every_model_is_recomputed_from_the_file(make, task, tmp_path):
    results = make(task, splits=("80-10-10", "fold-1"))
    path = write_predictions(tmp_path, results, {0: "Zero"})
    table = pd.read_parquet(path)
    assert table["title"].iloc[0] == "Zero"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    for result in results:
        restored = restore_result(table, task, result.split, result.variant)
        assert np.array_equal(restored.preds, result.preds)
        assert np.array_equal(restored.target, result.target)
        assert score_result(restored, seed=1) == score_result(result, seed=1)


def test_unknown_rows_are_named(make, tmp_path):
    table = pd.read_parquet(write_predictions(tmp_path, make(GENRES), {}))
    with pytest.raises(KeyError, match="no prediction of 'nobody'"):
        restore_result(table, GENRES, "80-10-10", "nobody")
