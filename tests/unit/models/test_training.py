import shutil
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_trainings import (
    N_CLASSES,
    SHORT,
    TASK,
    Table,
    assert_same_weights,
    movies,
    train,
)

from pipeline.core.errors import TrainingError
from pipeline.models.estimators.fusion_estimator import FusionConfig
from pipeline.models.training.estimator import FeatureSet, Trained
from pipeline.models.training.model_registry import load_trained, predict, save_trained
from pipeline.models.training.schedule import Schedule


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Trained:
    """Return the short training of `movies()`; tests leave it as it is."""
    return train(movies(), tmp_path_factory.mktemp("undisturbed"))


def ask(trained: Trained, table: Table, rows: np.ndarray) -> np.ndarray:
    return predict(trained, FeatureSet(table), rows)


def test_published_defaults():
    training = FusionConfig()
    assert training.streams == ("text", "video", "audio")
    assert (training.batch_size, training.dropout) == (16, 0.3)
    schedule = training.schedule
    assert (schedule.learning_rate, schedule.weight_decay) == (1e-4, 0.01)
    assert (schedule.max_epochs, schedule.patience, schedule.seed) == (50, 10, 42)
    assert (schedule.plateau_factor, schedule.plateau_patience) == (0.5, 5)


def test_same_seed_gives_the_same_weights(tmp_path, undisturbed):
    torch.manual_seed(2)
    again = train(movies(), tmp_path)
    assert_same_weights(undisturbed.network, again.network)
    assert undisturbed.fitted == again.fitted


def test_another_seed_gives_other_weights(tmp_path, undisturbed):
    other = train(movies(), tmp_path, replace(SHORT, schedule=replace(SHORT.schedule, seed=43)))
    assert not torch.equal(undisturbed.network.head[0].weight, other.network.head[0].weight)


def test_training_leaves_the_global_generator_alone(tmp_path):
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    train(movies(), tmp_path)
    assert torch.equal(torch.rand(1), wanted)


class Halt(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("every", [1, 2])
def test_interrupted_training_ends_with_the_weights_of_an_undisturbed_one(
    tmp_path, undisturbed, every
):
    table = movies()
    often = replace(SHORT, schedule=replace(SHORT.schedule, checkpoint_every_epochs=every))

    def interrupt(epoch, max_epochs, metrics):
        if epoch == 4:
            raise Halt

    with pytest.raises(Halt):
        train(table, tmp_path, often, on_epoch=interrupt)
    seen = []
    resumed = train(table, tmp_path, often, on_epoch=lambda epoch, *_: seen.append(epoch))
    assert seen[0] == (4 if every == 1 else 3)
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


@pytest.fixture(scope="module")
def one_epoch(tmp_path_factory):
    """Return the folder of a training that was stopped when its first epoch was kept."""
    folder = tmp_path_factory.mktemp("one_epoch")
    with pytest.raises(Halt):
        train(movies(), folder, on_epoch=halt_at(2))
    return folder


def halt_at(first, seen=None):
    """Return a hook that notes epochs and stops the training at one."""

    def note(epoch, *_):
        if seen is not None:
            seen.append(epoch)
        if epoch == first:
            raise Halt

    return note


@pytest.mark.parametrize("change", [None, "data", "config", "parts", "labels"])
def test_checkpoint_of_another_training_is_ignored(tmp_path, one_epoch, change):
    folder = shutil.copytree(one_epoch, tmp_path / "copy")
    table, training = movies(), SHORT
    if change == "data":
        table = replace(table, data_hash="d2")
    elif change == "config":
        training = replace(training, dropout=0.1)
    elif change == "parts":
        table = replace(table, parts=np.roll(table.parts, 1))
    elif change == "labels":
        table = replace(table, labels=table.labels[::-1].copy())
    seen = []
    first = 1 if change else 2
    with pytest.raises(Halt):
        train(table, folder, training, on_epoch=halt_at(first, seen))
    assert seen == [first]


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


def test_history_has_losses_scores_and_rates(undisturbed):
    first = undisturbed.fitted.history[0]
    assert set(first) == {
        "epoch", "learning_rate", "train_loss", "train_accuracy", "train_macro_f1",
        "val_loss", "val_accuracy", "val_macro_f1",
    }  # fmt: skip
    losses = [row["val_loss"] for row in undisturbed.fitted.history]
    assert undisturbed.fitted.best_epoch == int(np.argmin(losses)) + 1


def test_learning_rate_halves_on_a_plateau(tmp_path):
    high = replace(
        SHORT, schedule=Schedule(learning_rate=0.3, max_epochs=8, patience=8, plateau_patience=0)
    )
    rates = [row["learning_rate"] for row in train(movies(), tmp_path, high).fitted.history]
    assert rates[0] == pytest.approx(0.3)
    assert min(rates) <= 0.15


def test_network_learns_what_the_streams_show(tmp_path):
    table = movies(200)
    longer = replace(SHORT, schedule=Schedule(learning_rate=1e-3, max_epochs=15))
    trained = train(table, tmp_path, longer)
    rows = np.flatnonzero((table.parts == "test") & table.masks["text"])
    preds = ask(trained, table, rows).argmax(axis=1)
    assert (preds == table.labels[rows]).mean() > 0.8


def test_test_part_is_not_looked_at(tmp_path, undisturbed):
    table = movies()
    rows = table.parts == "test"
    for values in table.streams.values():
        values[rows] = 1e4
    assert_same_weights(undisturbed.network, train(table, tmp_path).network)


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


def test_saved_model_gives_the_same_probabilities(tmp_path, undisturbed):
    table = movies()
    facts = {"edges_usd": [1e6, 1e8]}
    path = save_trained(
        undisturbed, tmp_path / "m" / "best_multimodal_model.pth", task=TASK,
        target_facts=facts, notes={"weights": "random"},
    )  # fmt: skip
    saved = load_trained(path)
    rows = np.arange(20)
    wanted = ask(undisturbed, table, rows)
    assert (predict(saved, FeatureSet(table), rows) == wanted).all()
    assert wanted.shape == (20, N_CLASSES)
    np.testing.assert_allclose(wanted.sum(axis=1), 1)
    assert saved.task == TASK
    assert saved.facts["target_facts"] == facts
    assert saved.facts["notes"] == {"weights": "random"}
    assert saved.facts["data_hash"] == "d1"
    assert [path.name for path in path.parent.iterdir()] == ["best_multimodal_model.pth"]


def test_model_predicts_without_a_stream(undisturbed):
    table = movies()
    absent = replace(table, masks={**table.masks, "video": np.zeros(60, bool)})
    lacking = replace(table, streams={k: v for k, v in table.streams.items() if k != "video"})
    rows = np.arange(10)
    assert (ask(undisturbed, lacking, rows) == ask(undisturbed, absent, rows)).all()


def test_other_width_is_refused(undisturbed):
    table = movies()
    table.streams["text"] = np.zeros((60, 13), np.float32)
    with pytest.raises(TrainingError, match="expected width 12, got 13"):
        ask(undisturbed, table, np.arange(3))


def test_other_files_are_not_models(tmp_path):
    with pytest.raises(TrainingError, match="train it first"):
        load_trained(tmp_path / "none.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(TrainingError, match="not a model"):
        load_trained(tmp_path / "text.pth")
    torch.save({"a": 1}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match="format 2"):
        load_trained(tmp_path / "other.pth")


@pytest.mark.parametrize("changed", ["arguments", "state_dict"])
def test_model_of_another_version_is_refused_with_a_remedy(changed, tmp_path, undisturbed):
    path = tmp_path / "m.pth"
    save_trained(undisturbed, path, task=TASK, target_facts={}, notes={})
    content = torch.load(path, weights_only=True)
    content[changed] = {**content[changed], "earlier": torch.zeros(1)}
    torch.save(content, path)
    with pytest.raises(TrainingError, match="another version of marquee.*marquee build"):
        load_trained(path)
