import json
from dataclasses import asdict

import numpy as np
import pytest

from pipeline.evaluation.metrics.intervals import Interval
from pipeline.evaluation.report.result_json import as_json, list_differences

THIRD = Interval(1 / 3, 0.1 + 0.2, 2 / 3)


def test_scores_survive_json_to_the_last_digit():
    stored = json.loads(json.dumps({"macro_f1_score": asdict(THIRD)}))
    assert list_differences({"macro_f1_score": THIRD}, stored) == []


def test_last_digit_counts():
    nudged = float(np.nextafter(1 / 3, 1))
    [line] = list_differences({"f1": THIRD}, {"f1": {**asdict(THIRD), "estimate": nudged}})
    assert line.startswith(
        "f1, estimate: recomputed 0.3333333333333333, stored 0.33333333333333337"
    )


def test_undefined_score_is_null_when_read_back():
    nothing = Interval(*[float("nan")] * 3)
    assert list_differences({"auc": nothing}, as_json({"auc": asdict(nothing)})) == []


@pytest.mark.parametrize(
    ("recomputed", "stored", "line"),
    [
        ({"a": 1.0}, {}, "a: recomputed, but not stored"),
        ({}, {"a": {"b": 1}}, "a, b: stored, but not recomputed"),
        ({"a": [1, 2]}, {"a": [1]}, "a, 1: recomputed, but not stored"),
        ({"a": np.array([1.0, 2.0])}, {"a": [1.0, 3.0]}, "a, 1: recomputed 2.0, stored 3.0 (-1)"),
        ({"a": "x"}, {"a": None}, "a: recomputed 'x', stored None"),
        ({"a": True}, {"a": 1}, "a: recomputed True, stored 1 (+0)"),
    ],
)
def test_every_difference_names_its_place_and_both_values(recomputed, stored, line):
    assert list_differences(recomputed, stored) == [line]
