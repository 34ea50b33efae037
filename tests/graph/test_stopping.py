import sys

import dagster as dg
import pytest
from present import present

from assets.orchestration.step_errors import concise_errors
from pipeline.core.errors import TrainingError


@pytest.fixture(autouse=True)
def frames_stay(monkeypatch):
    monkeypatch.setattr(sys, "tracebacklimit", 1000, raising=False)


def stop(error):
    with concise_errors():
        raise error


def test_our_own_errors_say_their_message_alone():
    with pytest.raises(dg.Failure) as caught:
        stop(TrainingError("no movies; make the splits again"))
    assert caught.value.description == "no movies; make the splits again"


def test_a_full_disk_is_reported_in_a_sentence_that_names_the_file():
    with pytest.raises(dg.Failure) as caught:
        stop(OSError(28, "No space left on device", "models/model.pth"))
    output = present(caught.value.description)
    assert output.startswith("models/model.pth cannot be written (No space left on device). Free")


def test_other_errors_keep_their_frames():
    with pytest.raises(FileNotFoundError):
        stop(FileNotFoundError(2, "No such file or directory"))
