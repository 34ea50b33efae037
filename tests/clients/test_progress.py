"""How far a step is, as its log lines tell it."""

import pytest

from assets.orchestration.progress import Progress


def progress(total, done):
    shown = Progress("box_office_model", total, lambda line: None)
    shown.counts["trained"] = done
    shown._began_s = 0.0
    return shown.line(10.0)


def test_few_results_of_parallel_work_estimate_nothing():
    assert progress(19, 1) == "box_office_model: 1/19 (1 trained), 0.1/s"
    assert "left" not in progress(1000, 50)


@pytest.mark.parametrize(("total", "done", "left_s"), [(19, 5, 28), (1000, 100, 90)])
def test_time_left_follows_the_rate(total, done, left_s):
    assert progress(total, done).endswith(f"about {left_s} s left")
