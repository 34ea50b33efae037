"""Who gets the challenger's answer, how far two versions agree, and what counts as actual."""

import numpy as np
import pytest

from pipeline.core.errors import ConfigurationError
from pipeline.core.tasks import Target
from pipeline.models.systems.box_office import LOG10_REVENUE
from pipeline.models.systems.genre import GENRE
from pipeline.models.systems.revenue import REVENUE_CLASS
from pipeline.models.systems.score import SCORE_TASK
from pipeline.predict.predictions import Answer, Number
from pipeline.predict.trial import (
    Trial,
    actual_values,
    describe_agreement,
    digits_of,
    read_trial,
)


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_share_of_requests_is_the_challengers_and_each_request_keeps_its_answerer(share):
    trial = Trial("revenue", 2, share)
    first = [trial.is_challengers(str(n)) for n in range(4000)]
    assert first == [trial.is_challengers(str(n)) for n in range(4000)]
    assert np.mean(first) == pytest.approx(share, abs=0.03)
    assert share == 1 or first != [
        Trial("revenue", 3, share).is_challengers(str(n)) for n in range(4000)
    ]


@pytest.mark.parametrize("text", ["", "revenue", "revenue=", "=3", "revenue=x", "revenue=-1"])
def test_challenger_of_another_form_is_refused(text):
    with pytest.raises(ConfigurationError, match="SYSTEM=VERSION"):
        read_trial(text, 0.5)


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1, float("nan")])
def test_share_out_of_bounds_is_refused(share):
    with pytest.raises(ConfigurationError, match="share"):
        read_trial("revenue=2", share)


def test_digits_are_those_of_evaluations():
    assert digits_of(Answer(number=Number(7.0, 6.0, 8.0, ""))) == [7.0, 6.0, 8.0]
    assert digits_of(Answer(number=Number(7.0, None, None, ""))) == [7.0]
    assert digits_of(Answer(label="b", probabilities={"a": 0.2, "b": 0.8})) == [0.2, 0.8]


def test_agreement_is_in_the_unit_of_the_task():
    numbers = [([7.0, 6.0, 8.0], [7.5, 6.0, 8.0]), ([7.0, 6.0, 8.0], [6.5, 6.0, 8.0])]
    assert describe_agreement(LOG10_REVENUE, numbers) == {
        "requests": 2, "mean_gap": 0.0, "mean_absolute_gap": 0.5,
    }  # fmt: skip
    classes = [([0.9, 0.1], [0.8, 0.2]), ([0.9, 0.1], [0.2, 0.8])]
    assert describe_agreement(REVENUE_CLASS, classes) == {"requests": 2, "same": 0.5}
    labels = [([0.9, 0.1], [0.9, 0.6])]
    assert describe_agreement(GENRE.tasks[0], labels) == {"requests": 1, "same": 0.5}


def test_actual_values_are_counted_by_the_versions_own_edges_and_deviation():
    revenue_usd = np.array([1e5, 5e6, np.nan])
    target = Target(REVENUE_CLASS, np.array([0, 3, -1]), {"edges_usd": [1e6] * 7})
    values, known = actual_values(
        target, revenue_usd, {"edges_usd": [1e4, 1e6, 1e7, 1e8, 1e9, 2e9, 3e9]}
    )
    assert values.tolist() == [1, 2, -1]
    assert known.tolist() == [True, True, False]
    scores = Target(SCORE_TASK, np.array([0.5, np.nan, -1.0]), {"mean": 6.0, "sd": 2.0})
    values, known = actual_values(scores, revenue_usd, {"mean": 5.0, "sd": 1.0})
    assert values[known].tolist() == [2.0, -1.0]
