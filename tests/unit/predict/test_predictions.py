"""Predictions in the values that people read."""

import json

import numpy as np
from present import present

from pipeline.core.errors import ConfigurationError, InputError
from pipeline.models.systems.genre import GENRES
from pipeline.models.systems.revenue import REVENUE_CLASS
from pipeline.models.systems.score import SCORE_TASK
from pipeline.predict.predictions import (
    Answer,
    ModelVersion,
    Prediction,
    describe_test,
    make_answer,
)
from pipeline.predict.wording import describe_prediction

SHARES = np.array([0.4, 0.3, 0.1, 0.1, 0.05, 0.03, 0.01, 0.01])


def test_score_is_read_in_points():
    answer = make_answer(SCORE_TASK, np.array([0.5]), {"mean": 6.0, "sd": 0.8})
    readable, number = present(answer.readable), present(answer.number)
    assert (readable.value, readable.low) == (6.4, None)
    assert number.unit == "standard deviations"


def test_class_is_the_most_probable_and_labels_are_those_above_one_half():
    assert make_answer(REVENUE_CLASS, SHARES, {}).label == "Disaster"
    answer = make_answer(GENRES, np.arange(10) / 10, {})
    assert answer.labels == ("fantasy", "horror", "romance", "sci-fi", "thriller")


def test_how_often_the_same_class_was_right_is_counted_among_the_test_films():
    answer = Answer(label="Flop")
    score = {"estimate": 0.2, "low": 0.1, "high": 0.3}
    results = {
        "blend": {"kind": "model", "scores": {"macro_f1_score": score}, "y_said": [1, 1, 0, 1]},
        "worst": {"kind": "baseline", "scores": {"macro_f1_score": {**score, "estimate": 0.05}}},
        "best": {"kind": "baseline", "scores": {"macro_f1_score": {**score, "estimate": 0.1}}},
        "undefined": {"kind": "baseline", "scores": {"macro_f1_score": {"estimate": None}}},
    }
    content = {"tmdb_ids": [1, 2, 3, 4], "y_true": [1, 0, 0, 1], "results": results}
    test = present(describe_test(REVENUE_CLASS, "70-20-10", content, "blend", answer))
    assert (test.predicted_so, test.were_so, test.movies) == (3, 2, 4)
    assert (test.baseline, test.baseline_score) == ("best", 0.1)
    assert describe_test(REVENUE_CLASS, "70-20-10", content, "other", answer) is None


def test_prediction_is_json():
    answer = make_answer(REVENUE_CLASS, SHARES, {})
    one = Prediction("revenue", "revenue_class", "classes", None, answer, missing=("text",))
    assert json.loads(json.dumps(one.as_json()))["answer"]["label"] == "Disaster"


def test_refused_input_ends_the_command_like_any_wrong_value():
    assert issubclass(InputError, ConfigurationError)


def test_inputs_are_ranked_by_how_they_move_the_predicted_class():
    def answer(disaster, flop):
        return make_answer(REVENUE_CLASS, np.array([disaster, flop, *[0.05] * 6]), {})

    effects = {"budget": answer(0.4, 0.3), "plot": answer(0.2, 0.5), "cast": answer(0.45, 0.25)}
    one = Prediction(
        "revenue", "revenue_class", "classes",
        ModelVersion("blend", "70-20-10", 1, "", "", ("text",)), answer(0.4, 0.3), effects=effects,
    )  # fmt: skip
    lines = dict(describe_prediction(one))
    assert [name for name in lines if name.startswith("without")] == [
        "without plot",
        "without cast",
    ]
    assert lines["without plot"] == "Flop; with it +20 points for Disaster"
    assert lines["without cast"] == "Disaster; with it -5 points for Disaster"
    assert lines["unmoved by"] == "budget"
