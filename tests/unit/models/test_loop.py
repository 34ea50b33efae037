import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from pipeline.core.errors import TrainingError
from pipeline.models.training.batches import Batch, Batches
from pipeline.models.training.learner import Objective
from pipeline.models.training.loop import Fitted, fit_network
from pipeline.models.training.schedule import Schedule

SHORT = Schedule(learning_rate=1e-2, max_epochs=4, patience=4, plateau_patience=0)
STEPS = 5


class Small(nn.Module):
    """Two layers with dropout over one stream."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 8), nn.Dropout(0.5), nn.Linear(8, 1))

    def forward(self, streams, masks):
        return self.layers(streams["text"])[:, 0]


def noise(batch: Batch, seed: int) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    text = batch.streams["text"]
    text = text + torch.randn(text.shape, generator=generator)
    return Batch({"text": text}, batch.masks, batch.target)


def fit(folder: Path, schedule: Schedule = SHORT, transform=noise, **more) -> tuple[Small, Fitted]:
    rng = np.random.default_rng(0)
    text = rng.normal(size=(70, 6)).astype(np.float32)
    table = SimpleNamespace(
        streams={"text": text}, masks={"text": np.ones(70, bool)}, data_hash="d"
    )
    wanted = text.sum(axis=1)
    torch.manual_seed(3)
    network = Small()
    objective = Objective(
        F.mse_loss, lambda said, true: {"rise": -float((said - true).abs().mean())}
    )
    train = Batches(
        table, ("text",), np.arange(50), wanted, batch_size=10, shuffle_seed=schedule.seed,
        transform=transform,
    )  # fmt: skip
    val = Batches(table, ("text",), np.arange(50, 70), wanted, batch_size=20)
    fitted = fit_network(
        network, objective, train, val, schedule,
        folder=folder, fingerprint="f", accelerator="cpu", **more,
    )  # fmt: skip
    return network, fitted


def assert_same(one: tuple[Small, Fitted], other: tuple[Small, Fitted]) -> None:
    weights = other[0].state_dict()
    for name, value in one[0].state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert one[1] == other[1]


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


@pytest.mark.parametrize("steps", [1, 4, 5, 6, 8, 10, 13, 14, 15])
def test_training_stopped_at_any_step_ends_with_the_weights_of_an_undisturbed_one(tmp_path, steps):
    every_step = replace(SHORT, checkpoint_every_steps=1, max_epochs=3)
    undisturbed = fit(tmp_path / "a", every_step)
    if steps < 3 * STEPS:
        with pytest.raises(Halt):
            fit(tmp_path / "b", every_step, transform=halting_after(steps))
    assert_same(undisturbed, fit(tmp_path / "b", every_step))


def test_time_of_earlier_takes_is_told_when_a_training_is_taken_up_or_read_back(tmp_path):
    told: list[float] = []
    with pytest.raises(Halt):
        fit(tmp_path, transform=halting_after(2 * STEPS), on_resume=told.append)
    assert not told
    fit(tmp_path, on_resume=told.append)
    fit(tmp_path, on_resume=told.append)
    assert 0 < told[0] < told[1]


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

    fit(tmp_path, replace(SHORT, cpu_threads=threads), transform=look)
    assert {name.startswith("read-ahead") for name in names} == {threads == 1}


def test_training_taken_up_inside_an_epoch_does_only_the_steps_that_are_left(tmp_path):
    schedule = replace(SHORT, checkpoint_every_steps=2)
    with pytest.raises(Halt):
        fit(tmp_path, schedule, transform=halting_after(STEPS + 4))
    asked = []

    def counting(batch: Batch, seed: int) -> Batch:
        asked.append(seed)
        return noise(batch, seed)

    fit(tmp_path, schedule, transform=counting)
    # four epochs, of which one and four steps were kept
    assert len(asked) == 4 * STEPS - STEPS - 4


def test_training_killed_inside_an_epoch_ends_with_the_weights_of_an_undisturbed_one(tmp_path):
    schedule = replace(SHORT, checkpoint_every_steps=2)
    undisturbed = fit(tmp_path / "a", schedule)
    script = (
        "import os, signal, sys, importlib.util\n"
        "from dataclasses import replace\n"
        "from pathlib import Path\n"
        "spec = importlib.util.spec_from_file_location('t', sys.argv[1])\n"
        "t = importlib.util.module_from_spec(spec); sys.modules['t'] = t\n"
        "spec.loader.exec_module(t)\n"
        "steps = []\n"
        "forward = t.Small.forward\n"
        "def killing(self, streams, masks):\n"
        "    steps.append(self.training)\n"
        "    if sum(steps) == 9: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return forward(self, streams, masks)\n"
        "t.Small.forward = killing\n"
        "t.fit(Path(sys.argv[2]), replace(t.SHORT, checkpoint_every_steps=2))\n"
    )
    root = Path(__file__).resolve().parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", script, __file__, str(tmp_path / "b")],
        check=False, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    kept = torch.load(tmp_path / "b" / "f.ckpt", weights_only=True)
    assert (kept["epoch"], kept["epoch_so_far"]["steps"]) == (1, 2)
    assert_same(undisturbed, fit(tmp_path / "b", schedule))


@pytest.mark.parametrize("optimizer", ["adamw", "adam", "sgd"])
@pytest.mark.parametrize("clip", [0.0, 0.1])
def test_every_optimizer_learns(tmp_path, optimizer, clip):
    schedule = replace(SHORT, optimizer=optimizer, gradient_clip=clip, amsgrad=optimizer != "sgd")
    if optimizer == "sgd":
        schedule = replace(schedule, learning_rate=1e-3)
    _, fitted = fit(tmp_path, schedule)
    losses = [row["train_loss"] for row in fitted.history]
    assert losses[-1] < losses[0]


def test_clipped_gradient_moves_weights_less(tmp_path):
    plain = replace(SHORT, optimizer="sgd", momentum=0.0, weight_decay=0.0, max_epochs=1)
    torch.manual_seed(3)
    start = Small().layers[0].weight.detach()
    moved = [
        (fit(tmp_path / str(clip), replace(plain, gradient_clip=clip))[0].layers[0].weight - start)
        .norm().item()
        for clip in (0.0, 1e-3)
    ]  # fmt: skip
    assert moved[1] <= STEPS * plain.learning_rate * 1e-3 * 1.01 < moved[0]


def test_rate_falls_by_steps_or_not_at_all(tmp_path):
    stepped = replace(SHORT, scheduler="step", step_epochs=2, step_factor=0.5)
    rates = [row["learning_rate"] for row in fit(tmp_path / "a", stepped)[1].history]
    assert rates == pytest.approx([1e-2, 1e-2, 5e-3, 5e-3])
    flat = fit(tmp_path / "b", replace(SHORT, scheduler="none"))[1].history
    assert [row["learning_rate"] for row in flat] == pytest.approx([1e-2] * 4)


def test_rate_of_a_training_taken_up_goes_on_falling(tmp_path):
    stepped = replace(SHORT, scheduler="step", step_epochs=1, step_factor=0.5)
    undisturbed = fit(tmp_path / "a", stepped)
    with pytest.raises(Halt):
        fit(tmp_path / "b", stepped, transform=halting_after(2 * STEPS + 3))
    assert_same(undisturbed, fit(tmp_path / "b", stepped))


def test_best_weights_are_those_of_the_highest_monitored_score(tmp_path):
    rising = replace(SHORT, monitor="val_rise", monitor_mode="max", learning_rate=0.3)
    _, fitted = fit(tmp_path, rising)
    scores = [row["val_rise"] for row in fitted.history]
    assert fitted.best_epoch == int(np.argmax(scores)) + 1


def test_score_that_is_not_there_cannot_be_monitored(tmp_path):
    with pytest.raises(TrainingError, match="val_beauty"):
        fit(tmp_path, replace(SHORT, monitor="val_beauty"))


@pytest.mark.parametrize("wrong", [{"optimizer": "adagrad"}, {"scheduler": "cosine"}])
def test_unknown_names_are_refused(tmp_path, wrong):
    with pytest.raises(TrainingError, match=next(iter(wrong.values()))):
        fit(tmp_path, replace(SHORT, **wrong))


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
        network, Objective(F.mse_loss, lambda *_: {}), some, some, replace(SHORT, max_epochs=1),
        folder=tmp_path, fingerprint="f", accelerator="cpu",
    )  # fmt: skip
    assert torch.equal(network.layers[0].weight, before)
