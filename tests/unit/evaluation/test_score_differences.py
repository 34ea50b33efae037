import json
from dataclasses import asdict

import numpy as np
import pytest

from pipeline.evaluation.metrics.intervals import Interval
from pipeline.evaluation.report.result_json import plain
from pipeline.evaluation.report.score_differences import compare_exactly

THIRD = Interval(1 / 3, 0.1 + 0.2, 2 / 3)


def test_scores_survive_json_to_the_last_digit():
    kept = json.loads(json.dumps({"macro_f1_score": asdict(THIRD)}))
    assert compare_exactly({"macro_f1_score": THIRD}, kept) == []


def test_last_digit_counts():
    nudged = float(np.nextafter(1 / 3, 1))
    [line] = compare_exactly({"f1": THIRD}, {"f1": {**asdict(THIRD), "estimate": nudged}})
    assert line.startswith("f1, estimate: now 0.3333333333333333, kept 0.33333333333333337")


def test_score_that_cannot_be_had_is_null_when_read_back():
    nothing = Interval(*[float("nan")] * 3)
    assert compare_exactly({"auc": nothing}, plain({"auc": asdict(nothing)})) == []


@pytest.mark.parametrize(
    ("fresh", "kept", "line"),
    [
        ({"a": 1.0}, {}, "a: computed now, but not kept"),
        ({}, {"a": {"b": 1}}, "a: kept, but not computed now"),
        ({"a": [1, 2]}, {"a": [1]}, "a: now a list of 2, kept a list of 1"),
        ({"a": np.array([1.0, 2.0])}, {"a": [1.0, 3.0]}, "a, 1: now 2.0, kept 3.0 (-1)"),
        ({"a": "x"}, {"a": None}, "a: now 'x', kept None"),
        ({"a": True}, {"a": 1}, "a: now True, kept 1 (+0)"),
        ({"a": {"b": 1}}, {"a": 2}, "a: now some values, kept 2"),
    ],
)
def test_every_difference_names_its_place_and_both_values(fresh, kept, line):
    assert compare_exactly(fresh, kept) == [line]
