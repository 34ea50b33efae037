import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
from pipeline.models.networks.fusion import FusionNetwork
from pipeline.models.training.estimator import FeatureSet, RunConfig, Trained
from pipeline.models.training.model_registry import load_trained, predict, save_trained
from pipeline.models.training.schedule import Schedule

N_CLASSES = 3
TASK = Task("revenue_class", TaskKind.CLASSES, "macro_f1_score", ("low", "middle", "high"))
SHORT = FusionConfig(
    streams=("text", "video", "audio", "metadata"),
    schedule=Schedule(learning_rate=1e-3, max_epochs=6, patience=6, plateau_patience=0),
)


@dataclass(frozen=True)
class Table:
    streams: dict[str, np.ndarray]
    masks: dict[str, np.ndarray]
    data_hash: str = "d1"
    labels: np.ndarray = field(default_factory=lambda: np.zeros(0))
    parts: np.ndarray = field(default_factory=lambda: np.zeros(0))


def movies(n: int = 60, seed: int = 3) -> Table:
    """Streams that tell the class, with holes, as `pipeline.splits` packs them."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, N_CLASSES, n)
    streams = {
        "text": rng.normal(size=(n, 12)).astype(np.float32) + labels[:, None],
        "video": rng.normal(size=(n, 20)).astype(np.float32) * 5 + 100,
        "audio": rng.normal(size=(n, 8, 50)).astype(np.float16),
        "metadata": rng.normal(size=(n, 4)).astype(np.float32),
    }
    streams["metadata"][rng.random((n, 4)) < 0.3] = np.nan
    masks = {name: rng.random(n) < 0.8 for name in streams}
    masks["metadata"][:] = True
    for name, values in streams.items():
        values[~masks[name]] = 0
    parts = np.array(["train", "train", "train", "val", "test"] * (n // 5), dtype=object)
    return Table(streams, masks, labels=labels, parts=parts)


def train(table: Table, folder: Path, training: FusionConfig = SHORT, **more) -> Trained:
    return FusionEstimator("any", training).train(
        FeatureSet(table),
        Target(TASK, table.labels, {}),
        table.parts,
        RunConfig(folder, seed=training.schedule.seed, accelerator="cpu", **more),
    )


def ask(trained: Trained, table: Table, rows: np.ndarray) -> np.ndarray:
    return predict(trained, FeatureSet(table), rows)


def assert_same_weights(one: FusionNetwork, other: FusionNetwork) -> None:
    weights = other.state_dict()
    for name, value in one.state_dict().items():
        assert torch.equal(value, weights[name]), name


def test_published_defaults():
    training = FusionConfig()
    assert training.streams == ("text", "video", "audio")
    assert (training.batch_size, training.dropout) == (16, 0.3)
    schedule = training.schedule
    assert (schedule.learning_rate, schedule.weight_decay) == (1e-4, 0.01)
    assert (schedule.max_epochs, schedule.patience, schedule.seed) == (50, 10, 42)
    assert (schedule.plateau_factor, schedule.plateau_patience) == (0.5, 5)


def test_same_seed_gives_the_same_weights(tmp_path):
    table = movies()
    torch.manual_seed(1)
    one = train(table, tmp_path / "a")
    torch.manual_seed(2)
    other = train(table, tmp_path / "b")
    assert_same_weights(one.network, other.network)
    assert one.fitted == other.fitted


def test_another_seed_gives_other_weights(tmp_path):
    table = movies()
    other = replace(SHORT, schedule=replace(SHORT.schedule, seed=43))
    one, two = train(table, tmp_path), train(table, tmp_path, other)
    assert not torch.equal(one.network.head[0].weight, two.network.head[0].weight)


def test_training_leaves_the_global_generator_alone(tmp_path):
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    train(movies(), tmp_path)
    assert torch.equal(torch.rand(1), wanted)


class Halt(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("every", [1, 2])
def test_interrupted_training_ends_with_the_weights_of_an_undisturbed_one(tmp_path, every):
    table = movies()
    undisturbed = train(table, tmp_path / "a")
    often = replace(SHORT, schedule=replace(SHORT.schedule, checkpoint_every_epochs=every))

    def interrupt(epoch, max_epochs, metrics):
        if epoch == 4:
            raise Halt

    with pytest.raises(Halt):
        train(table, tmp_path / "b", often, on_epoch=interrupt)
    seen = []
    resumed = train(table, tmp_path / "b", often, on_epoch=lambda epoch, *_: seen.append(epoch))
    assert seen[0] == (4 if every == 1 else 3)
    assert_same_weights(undisturbed.network, resumed.network)
    assert undisturbed.fitted == resumed.fitted


def test_killed_training_ends_with_the_weights_of_an_undisturbed_one(tmp_path):
    table = movies()
    undisturbed = train(table, tmp_path / "a")
    script = (
        "import os, signal, sys, importlib.util\n"
        "from pathlib import Path\n"
        "spec = importlib.util.spec_from_file_location('t', sys.argv[1])\n"
        "t = importlib.util.module_from_spec(spec); sys.modules['t'] = t\n"
        "spec.loader.exec_module(t)\n"
        "def kill(epoch, *_):\n"
        "    if epoch == 3: os.kill(os.getpid(), signal.SIGKILL)\n"
        "t.train(t.movies(), Path(sys.argv[2]), on_epoch=kill)\n"
    )
    root = Path(__file__).resolve().parents[3]
    killed = subprocess.run(
        [sys.executable, "-c", script, __file__, str(tmp_path / "b")],
        check=False, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert killed.returncode == -signal.SIGKILL
    resumed = train(table, tmp_path / "b")
    assert_same_weights(undisturbed.network, resumed.network)
    assert undisturbed.fitted == resumed.fitted


def test_finished_training_is_read_back_without_another_epoch(tmp_path):
    table = movies()
    stopping = replace(
        SHORT, schedule=replace(SHORT.schedule, learning_rate=0.1, max_epochs=40, patience=2)
    )
    first = train(table, tmp_path, stopping)
    assert len(first.fitted.history) < 40
    seen = []
    again = train(table, tmp_path, stopping, on_epoch=lambda epoch, *_: seen.append(epoch))
    assert seen == []
    assert_same_weights(first.network, again.network)
    assert first.fitted == again.fitted


@pytest.mark.parametrize("change", ["data", "config", "parts", "labels"])
def test_checkpoint_of_another_training_is_ignored(tmp_path, change):
    table, training = movies(), SHORT
    train(table, tmp_path)
    if change == "data":
        table = replace(table, data_hash="d2")
    elif change == "config":
        training = replace(training, dropout=0.1)
    elif change == "parts":
        table = replace(table, parts=np.roll(table.parts, 1))
    else:
        table = replace(table, labels=table.labels[::-1].copy())
    seen = []
    train(table, tmp_path, training, on_epoch=lambda epoch, *_: seen.append(epoch))
    assert seen[0] == 1


def test_ctrl_c_stays_ctrl_c(tmp_path):
    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        train(movies(), tmp_path, on_epoch=interrupt)
    assert signal.getsignal(signal.SIGINT) is before


def test_training_is_silent_and_leaves_only_its_checkpoint(tmp_path, capfd, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trained = train(movies(), tmp_path / "run")
    assert capfd.readouterr() == ("", "")
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert left == [f"{trained.fingerprint}.ckpt"]


def test_history_has_losses_scores_and_rates(tmp_path):
    trained = train(movies(), tmp_path)
    first = trained.fitted.history[0]
    assert set(first) == {
        "epoch", "learning_rate", "train_loss", "train_accuracy", "train_macro_f1",
        "val_loss", "val_accuracy", "val_macro_f1",
    }  # fmt: skip
    losses = [row["val_loss"] for row in trained.fitted.history]
    assert trained.fitted.best_epoch == int(np.argmin(losses)) + 1


def test_learning_rate_halves_on_a_plateau(tmp_path):
    high = replace(
        SHORT, schedule=Schedule(learning_rate=0.3, max_epochs=8, patience=8, plateau_patience=0)
    )
    rates = [row["learning_rate"] for row in train(movies(), tmp_path, high).fitted.history]
    assert rates[0] == pytest.approx(0.3)
    assert min(rates) <= 0.15


def test_network_learns_what_the_streams_tell(tmp_path):
    table = movies(200)
    longer = replace(SHORT, schedule=Schedule(learning_rate=1e-3, max_epochs=15))
    trained = train(table, tmp_path, longer)
    rows = np.flatnonzero((table.parts == "test") & table.masks["text"])
    said = ask(trained, table, rows).argmax(axis=1)
    assert (said == table.labels[rows]).mean() > 0.8


def test_test_part_is_not_looked_at(tmp_path):
    table = movies()
    first = train(table, tmp_path / "a")
    rows = table.parts == "test"
    for values in table.streams.values():
        values[rows] = 1e4
    assert_same_weights(first.network, train(table, tmp_path / "b").network)


def test_stream_that_the_table_lacks_is_left_out(tmp_path):
    table = movies()
    del table.streams["video"], table.masks["video"]
    assert [s.name for s in train(table, tmp_path).network.specs] == ["text", "audio", "metadata"]


def test_empty_part_is_refused(tmp_path):
    table = movies()
    table.parts[table.parts == "val"] = "train"
    with pytest.raises(TrainingError, match="make the splits again"):
        train(table, tmp_path)


def test_infinite_inputs_are_refused(tmp_path):
    table = movies()
    table.streams["text"][:] = np.inf
    table.masks["text"][:] = True
    with pytest.raises(TrainingError, match="finite validation loss"), np.errstate(all="ignore"):
        train(table, tmp_path)


def test_saved_model_gives_the_same_probabilities(tmp_path):
    table = movies()
    trained = train(table, tmp_path)
    facts = {"edges_usd": [1e6, 1e8]}
    path = save_trained(
        trained, tmp_path / "m" / "best_multimodal_model.pth", task=TASK,
        target_facts=facts, notes={"weights": "random"},
    )  # fmt: skip
    saved = load_trained(path)
    rows = np.arange(20)
    wanted = ask(trained, table, rows)
    assert (predict(saved, FeatureSet(table), rows) == wanted).all()
    assert wanted.shape == (20, N_CLASSES)
    np.testing.assert_allclose(wanted.sum(axis=1), 1)
    assert saved.task == TASK
    assert saved.facts["target_facts"] == facts
    assert saved.facts["notes"] == {"weights": "random"}
    assert saved.facts["data_hash"] == "d1"
    assert [path.name for path in path.parent.iterdir()] == ["best_multimodal_model.pth"]


def test_model_predicts_without_a_stream(tmp_path):
    table = movies()
    trained = train(table, tmp_path)
    absent = replace(table, masks={**table.masks, "video": np.zeros(60, bool)})
    lacking = replace(table, streams={k: v for k, v in table.streams.items() if k != "video"})
    rows = np.arange(10)
    assert (ask(trained, lacking, rows) == ask(trained, absent, rows)).all()


def test_other_width_is_refused(tmp_path):
    table = movies()
    trained = train(table, tmp_path)
    table.streams["text"] = np.zeros((60, 13), np.float32)
    with pytest.raises(TrainingError, match="expected width 12, got 13"):
        ask(trained, table, np.arange(3))


def test_other_files_are_not_models(tmp_path):
    with pytest.raises(TrainingError, match="train it first"):
        load_trained(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(TrainingError, match="not a model"):
        load_trained(tmp_path / "text.pth")
    torch.save({"a": 1}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match="format 2"):
        load_trained(tmp_path / "other.pth")
