import numpy as np
import pandas as pd
import pytest

from pipeline.core.tasks import Task, TaskKind
from pipeline.evaluation.metrics.segment_errors import assign_segments, score_segments
from pipeline.evaluation.metrics.split_results import SplitResult

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
