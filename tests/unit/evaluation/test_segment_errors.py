from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.regression_metrics import score_intervals
from pipeline.evaluation.metrics.segment_errors import assign_segments, score_segments
from pipeline.evaluation.metrics.split_results import SplitResult
from pipeline.evaluation.wording import describe_coverage_by_segment

TABLE = pd.DataFrame(
    {
        "tmdb_id": [1, 2, 3, 4],
        "budget_usd": [0, 5e5, 1e6, 2e8],
        "release_date": ["1999-12-31", "2000-01-01", "2009-05-05", "2010-01-01"],
        "franchise": ["a", "b", "a", "c"],
        "has_keywords": [True, False, True, True],
    }
)
NUMBER = Task("number", TaskKind.REGRESSION, "rmse_error")


def test_movies_are_assigned_by_budget_decade_franchise_and_keywords():
    segments = assign_segments(TABLE)
    assert segments["budget"].tolist() == ["unknown", "below 1 M$", "1–10 M$", "100 M$ and more"]
    assert segments["decade"].tolist() == ["1990s", "2000s", "2000s", "2010s"]
    assert segments["franchise"].tolist()[:2] == ["with other films of it", "none in these films"]
    assert segments["keywords"].tolist()[:2] == ["with keywords", "without keywords"]
    assert segments.index.tolist() == [1, 2, 3, 4]


def test_unknown_date_is_a_segment_and_a_missing_column_is_left_out():
    table = TABLE.drop(columns="has_keywords").assign(release_date=[None, *["2001-01-01"] * 3])
    segments = assign_segments(table)
    assert segments["decade"].tolist()[0] == "unknown"
    assert "keywords" not in segments


def test_errors_are_computed_segment_by_segment_in_order():
    result = SplitResult(
        NUMBER, "s", "model", "model", np.array([4, 3, 2]), np.array([2.0, 1.0, -1.0]), np.zeros(3)
    )
    rows = score_segments(result, assign_segments(TABLE), seed=0)
    by_group = {(row["grouping"], row["group"]): row for row in rows}
    assert ("budget", "unknown") not in by_group
    assert [row["group"] for row in rows if row["grouping"] == "decade"] == ["2000s", "2010s"]
    both = by_group["decade", "2000s"]
    assert both["movies"] == 2
    assert both["rmse_error"].estimate == both["mae_error"].estimate == 1
    assert both["bias"].estimate == 0
    assert by_group["decade", "2010s"]["bias"].estimate == 2


def test_movie_without_segments_is_refused():
    result = SplitResult(NUMBER, "s", "model", "model", np.array([9]), np.ones(1), np.zeros(1))
    with pytest.raises(KeyError):
        score_segments(result, assign_segments(TABLE), seed=0)


def test_coverage_and_width_stand_beside_the_errors_of_a_segment():
    n = 60
    table = pd.DataFrame({
        "tmdb_id": np.arange(n), "budget_usd": 1e6, "release_date": "2001-01-01",
        "franchise": np.arange(n), "original_language": ["en"] * 55 + ["fr"] * 5,
    })  # fmt: skip
    target = np.where(np.arange(n) < 12, 9.0, 0.0)  # 12 of 60 lie outside
    preds = np.tile([0.0, -1.0, 2.0], (n, 1))
    result = SplitResult(NUMBER, "s", "model", "model", np.arange(n), preds, target)
    rows = {row["group"]: row for row in score_segments(result, assign_segments(table), seed=0)}
    assert rows["English"]["interval_coverage_score"].estimate == pytest.approx(43 / 55)
    assert rows["English"]["interval_width"].estimate == 3
    assert rows["English"]["is_off"]
    assert not rows["other or unknown"]["is_off"], "five films say little"
    text = describe_coverage_by_segment([
        {**row, "interval_coverage_score": asdict(row["interval_coverage_score"])}
        for row in rows.values()
    ])  # fmt: skip
    assert text.startswith("In 0 of 4 segments of at least 50 films they cover 87 % to 93 %.")
    assert "language English (0.782)" in text


def test_interval_score_punishes_width_and_misses():
    target = np.zeros(1)
    scores = [
        score_intervals(np.array([[0.0, *ends]]), target)[0]
        for ends in ((-1.0, 1.0), (-2.0, 2.0), (0.5, 1.5))
    ]
    assert scores == pytest.approx([2.0, 4.0, 1.0 + 20 * 0.5])
