import threading
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from small_trainings import LOOP, STEPS, Small, assert_same_fit, fit, noise
from torch.nn import functional as F

from pipeline.core.errors import TrainingError
from pipeline.models.training.batches import Batch, Batches
from pipeline.models.training.fitted import Objective
from pipeline.models.training.loop import fit_network


class Halt(Exception):  # noqa: N818
    pass


def halting_after(steps: int):
    """A transform that raises when so many batches were asked for."""
    seen = []

    def transform(batch: Batch, seed: int) -> Batch:
        seen.append(seed)
        if len(seen) > steps:
            raise Halt
        return noise(batch, seed)

    return transform


EVERY_STEP = replace(LOOP, checkpoint_every_steps=1, max_epochs=3)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the network and what was fitted of a training that nobody stopped."""
    return fit(tmp_path_factory.mktemp("undisturbed"), EVERY_STEP)


@pytest.mark.parametrize("steps", [1, 4, 5, 6, 8, 10, 13, 14])
def test_training_stopped_at_any_step_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path, undisturbed, steps
):
    with pytest.raises(Halt):
        fit(tmp_path, EVERY_STEP, transform=halting_after(steps))
    assert_same_fit(undisturbed, fit(tmp_path, EVERY_STEP))


def test_finished_training_has_the_same_weights_again(tmp_path, undisturbed):
    assert_same_fit(undisturbed, fit(tmp_path, EVERY_STEP))
    assert_same_fit(undisturbed, fit(tmp_path, EVERY_STEP))


def test_time_of_earlier_runs_is_reported_when_a_training_resumes_or_is_read_back(tmp_path):
    earlier_s: list[float] = []
    with pytest.raises(Halt):
        fit(tmp_path, transform=halting_after(2 * STEPS), on_resume=earlier_s.append)
    assert not earlier_s
    fit(tmp_path, on_resume=earlier_s.append)
    fit(tmp_path, on_resume=earlier_s.append)
    assert 0 < earlier_s[0] < earlier_s[1]


def test_steps_leave_nothing_behind_for_devices_that_are_not_in_use(tmp_path):
    before = len(torch.cuda._queued_calls)
    fit(tmp_path)
    assert len(torch.cuda._queued_calls) <= before + 1


@pytest.mark.parametrize("threads", [1, 2])
def test_batches_are_read_ahead_where_a_core_is_left(tmp_path, threads):
    names: set[str] = set()

    def look(batch: Batch, seed: int) -> Batch:
        names.add(threading.current_thread().name)
        return noise(batch, seed)

    fit(tmp_path, replace(LOOP, cpu_threads=threads), transform=look)
    assert {name.startswith("read-ahead") for name in names} == {threads == 1}


def test_training_resumed_inside_an_epoch_does_only_the_steps_that_are_left(tmp_path):
    schedule = replace(LOOP, checkpoint_every_steps=2)
    with pytest.raises(Halt):
        fit(tmp_path, schedule, transform=halting_after(STEPS + 4))
    asked = []

    def counting(batch: Batch, seed: int) -> Batch:
        asked.append(seed)
        return noise(batch, seed)

    fit(tmp_path, schedule, transform=counting)
    # four epochs, of which one and four steps were kept
    assert len(asked) == 4 * STEPS - STEPS - 4


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("clip", [0.0, 0.1])
def test_every_optimizer_learns(tmp_path, optimizer, clip):
    schedule = replace(LOOP, optimizer=optimizer, gradient_clip=clip, amsgrad=optimizer != "sgd")
    if optimizer == "sgd":
        schedule = replace(schedule, learning_rate=1e-3)
    _, fitted = fit(tmp_path, schedule)
    losses = [row["train_loss"] for row in fitted.history]
    assert losses[-1] < losses[0]


FIRST = "layers.0.weight"


def test_clipped_gradient_moves_weights_less(tmp_path):
    plain = replace(LOOP, optimizer="sgd", momentum=0.0, weight_decay=0.0, max_epochs=1)
    torch.manual_seed(3)
    start = Small().get_parameter(FIRST).detach()
    moved = []
    for clip in (0.0, 1e-3):
        network, _ = fit(tmp_path / str(clip), replace(plain, gradient_clip=clip))
        moved.append((network.get_parameter(FIRST) - start).norm().item())
    assert moved[1] <= STEPS * plain.learning_rate * 1e-3 * 1.01 < moved[0]


def test_rate_falls_by_steps_or_not_at_all(tmp_path):
    stepped = replace(LOOP, scheduler="step", step_epochs=2, step_factor=0.5)
    rates = [row["learning_rate"] for row in fit(tmp_path / "a", stepped)[1].history]
    assert rates == pytest.approx([1e-2, 1e-2, 5e-3, 5e-3])
    flat = fit(tmp_path / "b", replace(LOOP, scheduler="none"))[1].history
    assert [row["learning_rate"] for row in flat] == pytest.approx([1e-2] * 4)


def test_rate_of_a_resumed_training_goes_on_falling(tmp_path):
    stepped = replace(LOOP, scheduler="step", step_epochs=1, step_factor=0.5)
    undisturbed = fit(tmp_path / "a", stepped)
    with pytest.raises(Halt):
        fit(tmp_path / "b", stepped, transform=halting_after(2 * STEPS + 3))
    assert_same_fit(undisturbed, fit(tmp_path / "b", stepped))


def test_best_weights_are_those_of_the_highest_monitored_score(tmp_path):
    rising = replace(LOOP, monitor="val_rise", monitor_mode="max", learning_rate=0.3)
    _, fitted = fit(tmp_path, rising)
    scores = [row["val_rise"] for row in fitted.history]
    assert fitted.best_epoch == int(np.argmax(scores)) + 1


def test_score_that_is_not_there_cannot_be_monitored(tmp_path):
    with pytest.raises(TrainingError, match="val_beauty"):
        fit(tmp_path, replace(LOOP, monitor="val_beauty"))


@pytest.mark.parametrize("wrong", [{"optimizer": "adagrad"}, {"scheduler": "cosine"}])
def test_unknown_names_are_refused(tmp_path, wrong):
    with pytest.raises(TrainingError, match=next(iter(wrong.values()))):
        fit(tmp_path, replace(LOOP, **wrong))


def test_frozen_weights_stay(tmp_path):
    network = Small()
    network.layers[0].requires_grad_(False)
    before = network.layers[0].weight.clone()
    rng = np.random.default_rng(0)
    text = rng.normal(size=(20, 6)).astype(np.float32)
    table = SimpleNamespace(
        streams={"text": text}, masks={"text": np.ones(20, bool)}, data_hash="d"
    )
    some = Batches(table, ("text",), np.arange(20), text.sum(axis=1), batch_size=10)
    fit_network(
        network, Objective(F.mse_loss, lambda *_: {}), some, some, replace(LOOP, max_epochs=1),
        folder=tmp_path, fingerprint="f", accelerator="cpu",
    )  # fmt: skip
    assert torch.equal(network.layers[0].weight, before)
