from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
import pytest
import torch

from pipeline.core.errors import LeakError, TrainingError
from pipeline.core.ragged import Ragged, pack_ragged
from pipeline.core.records import MovieRecord
from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
from pipeline.models.networks.fusion import FusionNetwork
from pipeline.models.networks.streams import StreamEncoder, StreamSpec
from pipeline.models.systems.revenue import CUT_BLEND, REVENUE
from pipeline.models.training.batches import Batch
from pipeline.models.training.estimator import FeatureSet, RunConfig, Trained, override_config
from pipeline.models.training.inference import Output
from pipeline.models.training.model_registry import load_trained, predict, save_trained

ESTIMATORS = REVENUE.estimators()

CLASSES = Task("revenue_class", TaskKind.CLASSES, "macro_f1_score", ("low", "middle", "high"))
NUMBER = Task("score", TaskKind.REGRESSION, "mae_error", unit="standard deviations")
LABELS = Task("genres", TaskKind.LABELS, "micro_ap_score", ("action", "drama"))
N = 120
PARTS = np.array(["train", "train", "train", "val", "test"] * (N // 5), dtype=object)
QUICK = {"max_epochs": 8, "learning_rate": 3e-3, "batch_size": 16}
OVER_STREAMS = [name for name in ESTIMATORS if name != CUT_BLEND]
"""What needs no records."""


@dataclass(frozen=True)
class Table:
    streams: dict
    masks: dict
    data_hash: str = "d1"
    columns: dict = field(default_factory=dict)


def movies(n: int = N, seed: int = 3) -> tuple[FeatureSet, np.ndarray]:
    """Streams that tell a hidden number, with holes, as `pipeline.splits` packs them."""
    rng = np.random.default_rng(seed)
    hidden = rng.uniform(-1, 1, n).astype(np.float32)
    streams = {
        "text": rng.normal(size=(n, 12)).astype(np.float32) * 0.3 + hidden[:, None],
        "video": rng.normal(size=(n, 20)).astype(np.float32) * 5 + 100,
        "audio": rng.normal(size=(n, 8, 50)).astype(np.float16),
        "poster": rng.normal(size=(n, 10)).astype(np.float32),
        "metadata": rng.normal(size=(n, 4)).astype(np.float32) * 0.3 + hidden[:, None],
    }
    streams["metadata"][rng.random((n, 4)) < 0.3] = np.nan
    masks = {name: rng.random(n) < 0.8 for name in streams}
    masks["metadata"][:] = True
    for name, values in streams.items():
        values[~masks[name]] = 0
    lengths = rng.integers(0, 5, n)
    streams["frames"] = pack_ragged(
        [
            rng.normal(size=(length, 6)) * 0.3 + place
            for length, place in zip(lengths, hidden, strict=True)
        ]
    )
    masks["frames"] = lengths > 0
    return FeatureSet(Table(streams, masks)), hidden


def target(hidden: np.ndarray, task: Task = CLASSES) -> Target:
    if task.kind is TaskKind.CLASSES:
        return Target(task, np.digitize(hidden, [-0.33, 0.33]), {"edges_usd": [1e6, 1e8]})
    if task.kind is TaskKind.REGRESSION:
        return Target(task, 5 + 2 * hidden.astype(np.float64), {})
    labels = np.stack([hidden > 0, hidden < 0.5], axis=1)
    return Target(task, labels.astype(np.float32), {})


def train(
    name: str, folder, *, inputs=None, wanted=None, **hyperparameters
) -> tuple[Trained, FeatureSet]:
    some, hidden = movies()
    inputs = inputs or some
    trained = ESTIMATORS[name].train(
        inputs,
        wanted or target(hidden),
        PARTS,
        RunConfig(folder, hyperparameters={**QUICK, **hyperparameters}, accelerator="cpu"),
    )
    return trained, inputs


@pytest.mark.parametrize("name", OVER_STREAMS)
def test_every_variant_learns_saves_and_answers_alike(tmp_path, name):
    trained, inputs = train(name, tmp_path)
    rows = np.flatnonzero(PARTS == "test")
    preds = predict(trained, inputs, rows)
    np.testing.assert_allclose(preds.sum(axis=1), 1)
    _, hidden = movies()
    assert (preds.argmax(axis=1) == target(hidden).values[rows]).mean() > 0.55
    path = save_trained(
        trained, tmp_path / "m" / "model.pth", task=CLASSES, target_facts={"edges_usd": [1.0]},
        notes={"weights": "random"},
    )  # fmt: skip
    saved = load_trained(path)
    assert (predict(saved, inputs, rows) == preds).all()
    assert saved.task == CLASSES
    assert saved.facts["target_facts"] == {"edges_usd": [1.0]}
    assert saved.facts["config"] == trained.config
    assert saved.kind == trained.kind


@pytest.mark.parametrize("name", OVER_STREAMS)
def test_every_variant_scores_as_the_naive_baseline_where_labels_are_shuffled(tmp_path, name):
    inputs, _ = movies(400, seed=5)
    parts = np.array(["train", "train", "val", "test", "test"] * 80, dtype=object)
    shuffled = np.random.default_rng(0).permutation(np.arange(400) % 3)
    trained = ESTIMATORS[name].train(
        inputs,
        Target(CLASSES, shuffled, {}),
        parts,
        RunConfig(tmp_path, accelerator="cpu", hyperparameters={**QUICK, "batch_size": 32}),
    )
    rows = np.flatnonzero(parts == "test")
    hits = (predict(trained, inputs, rows).argmax(axis=1) == shuffled[rows]).mean()
    assert abs(hits - 1 / 3) < 3 * (2 / 9 / len(rows)) ** 0.5


@pytest.mark.parametrize("task", [NUMBER, LABELS])
@pytest.mark.parametrize("fusion", ["fusion", "attention fusion"])
def test_numbers_and_labels_are_learned_by_the_same_networks(tmp_path, task, fusion):
    inputs, hidden = movies()
    wanted = target(hidden, task)
    estimator = FusionEstimator("any", FusionConfig(streams=("text", "metadata"), fusion=fusion))
    hyperparameters = {**QUICK, "max_epochs": 20}
    trained = estimator.train(
        inputs,
        wanted,
        PARTS,
        RunConfig(tmp_path, hyperparameters=hyperparameters, accelerator="cpu"),
    )
    rows = np.flatnonzero(PARTS == "test")
    preds = predict(trained, inputs, rows)
    if task is NUMBER:
        assert preds.shape == (len(rows),)
        assert np.abs(preds - wanted.values[rows]).mean() < 0.8 * wanted.values.std()
    else:
        assert preds.shape == (len(rows), 2)
        assert ((preds > 0.5) == wanted.values[rows]).mean() > 0.75


def test_published_network_is_as_published():
    config = ESTIMATORS["seed streams"].config
    assert config.streams == ("text", "video", "audio")
    assert (config.batch_size, config.dropout, config.weigh_classes) == (16, 0.3, True)
    schedule = config.schedule
    assert (schedule.learning_rate, schedule.weight_decay) == (1e-4, 0.01)
    assert (schedule.optimizer, schedule.scheduler) == ("adamw", "plateau")
    assert (schedule.max_epochs, schedule.patience, schedule.seed) == (50, 10, 42)
    assert (schedule.plateau_factor, schedule.plateau_patience) == (0.5, 5)


def test_hyperparameters_reach_config_and_schedule():
    config = override_config(
        FusionConfig(), {"dropout": 0.1, "patience": 2, "streams": ["text"]}, seed=7
    )
    assert (config.dropout, config.schedule.patience, config.streams) == (0.1, 2, ("text",))
    assert config.schedule.seed == 7
    assert override_config(FusionConfig(), {"seed": 5}, seed=7).schedule.seed == 5


def test_unknown_hyperparameter_is_refused():
    with pytest.raises(TrainingError, match="beauty"):
        override_config(FusionConfig(), {"beauty": 1})


def test_another_seed_gives_other_weights(tmp_path):
    inputs, hidden = movies()
    one, two = (
        ESTIMATORS["seed streams"].train(
            inputs,
            target(hidden),
            PARTS,
            RunConfig(tmp_path, seed=seed, hyperparameters={"max_epochs": 1}, accelerator="cpu"),
        )
        for seed in (1, 2)
    )
    assert one.fingerprint != two.fingerprint
    assert not torch.equal(one.network.head[0].weight, two.network.head[0].weight)


@pytest.mark.parametrize("name", ["revenue", "vote_average", "popularity"])
def test_smuggled_stream_is_refused(tmp_path, name):
    inputs, _ = movies()
    inputs.table.streams[name] = np.ones((N, 1), np.float32)
    inputs.table.masks[name] = np.ones(N, bool)
    with pytest.raises(LeakError, match=name):
        train("all streams", tmp_path, inputs=inputs)


def test_smuggled_column_is_refused(tmp_path):
    inputs, _ = movies()
    inputs.table.columns["metadata"] = ("log10_budget", "a", "b", "log10_revenue")
    with pytest.raises(LeakError, match="log10_revenue"):
        train("all streams", tmp_path, inputs=inputs)


def test_records_that_tell_what_was_earned_are_refused(tmp_path):
    inputs, _ = movies()
    records = [MovieRecord(i, "A", release_date=date(2000, 1, 1)) for i in range(N)]
    records[3] = replace(records[3], revenue_usd=1e9)
    with pytest.raises(LeakError, match="revenue_usd"):
        train("all streams", tmp_path, inputs=replace(inputs, records=records))


def test_unknown_targets_are_refused(tmp_path):
    _, hidden = movies()
    wanted = target(hidden)
    wanted.values[0] = -1
    with pytest.raises(TrainingError, match="1 without"):
        train("all streams", tmp_path, wanted=wanted)


def test_unknown_fusion_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="osmosis"):
        train("all streams", tmp_path, fusion="osmosis")


def padded(batch_streams: torch.Tensor, mask: torch.Tensor, more: int = 10):
    streams = torch.nn.functional.pad(batch_streams, (0, 0, 0, more), value=7.0)
    return streams, torch.nn.functional.pad(mask, (0, more))


@pytest.mark.parametrize("reader", ["mean", "lstm", "gru"])
def test_ten_more_padded_frames_change_nothing(reader):
    torch.manual_seed(0)
    network = FusionNetwork([StreamSpec("frames", reader, 6)], 3).eval()
    values, mask = movies()[0].table.streams["frames"].take(np.arange(20))
    values, mask = torch.from_numpy(values), torch.from_numpy(mask)
    before = network({"frames": values}, {"frames": mask})
    values, mask = padded(values, mask)
    torch.testing.assert_close(network({"frames": values}, {"frames": mask}), before)


def test_order_of_frames_matters_to_recurrent_readers_only():
    torch.manual_seed(0)
    values = torch.randn(1, 5, 6)
    mask = torch.ones(1, 5, dtype=torch.bool)
    for reader, moved in (("mean", False), ("lstm", True), ("gru", True)):
        encoder = StreamEncoder(StreamSpec("frames", reader, 6)).eval()
        same = torch.allclose(encoder(values, mask), encoder(values.flip(1), mask), atol=1e-6)
        assert same is not moved


def test_scaler_of_a_sequence_sees_its_vectors_and_no_padding():
    frames = Ragged(np.array([[1.0], [3.0], [5.0]], np.float32), np.array([0, 1, 1, 3]))
    table = Table({"frames": frames}, {"frames": np.array([True, False, True])})
    encoder = StreamEncoder(StreamSpec("frames", "mean", 1))
    encoder.fit_scaler(table, np.array([0, 1, 2]))
    assert encoder.mean.tolist() == [3.0]
    assert encoder.scale.tolist() == pytest.approx([(8 / 3) ** 0.5])


def test_attention_never_sees_an_absent_stream(tmp_path):
    trained, _ = train("attention fusion", tmp_path, max_epochs=1)
    network = trained.network
    streams = {"text": torch.randn(2, 12), "video": torch.randn(2, 20)}
    streams |= {"audio": torch.randn(2, 8, 50), "poster": torch.randn(2, 10)}
    streams["metadata"] = torch.randn(2, 4)
    masks = {name: torch.ones(2, dtype=torch.bool) for name in streams}
    masks["video"][1] = False
    before = network(streams, masks)
    streams["video"][1] = float("nan")
    with torch.no_grad():
        network.encoders["video"].absent.fill_(100)
    torch.testing.assert_close(network(streams, masks), before)
    nothing = {name: torch.zeros_like(mask) for name, mask in masks.items()}
    assert torch.isfinite(network(streams, nothing)).all()


def test_extra_heads_learn_beside_the_first_where_their_targets_are_known(tmp_path):
    inputs, hidden = movies()
    score, genres = target(hidden, NUMBER), target(hidden, LABELS)
    score.values[::2] = np.nan
    genres.values[1::2] = np.nan
    inputs = replace(inputs, extra_targets=(score, genres))
    trained, _ = train("multi-task heads", tmp_path, inputs=inputs)
    assert trained.network.head[-1].out_features == 3 + 1 + 2
    rows = np.arange(5)
    assert predict(trained, inputs, rows).shape == (5, 3)
    lone, _ = train("multi-task heads", tmp_path)
    assert lone.network.head[-1].out_features == 3


def test_a_number_has_no_further_heads(tmp_path):
    inputs, hidden = movies()
    inputs = replace(inputs, extra_targets=(target(hidden, LABELS),))
    with pytest.raises(TrainingError, match="got a number"):
        train("multi-task heads", tmp_path, inputs=inputs, wanted=target(hidden, NUMBER))


def test_number_network_begins_at_the_training_part_s_mean():
    values = np.array([1.0, 3.0, 100.0])
    output = Output.of(Target(NUMBER, values, {}), np.array([0, 1]))
    assert (output.mean, output.sd) == (2.0, 1.0)
    assert output.scale(torch.tensor([[0.0], [1.0]])).tolist() == [2.0, 3.0]


def test_no_row_gives_no_answer_of_the_right_width(tmp_path):
    trained, inputs = train("all streams", tmp_path, max_epochs=1)
    assert predict(trained, inputs, np.array([], dtype=int)).shape == (0, 3)


def test_batch_moves_as_a_whole():
    batch = Batch({"a": torch.zeros(1)}, {"a": torch.ones(1, dtype=torch.bool)}, torch.zeros(1))
    assert batch.to(torch.device("cpu")).target is not None


def test_ensemble_answers_with_the_average_of_its_members(tmp_path):
    hyperparameters = {
        "max_epochs": 2,
        "members": ["seed streams", "attention fusion"],
        "seeds_each": 2,
    }
    trained, inputs = train("ensemble", tmp_path, **hyperparameters)
    rows = np.arange(9)
    alone = [
        predict(replace(trained, kind=kind, network=member), inputs, rows)
        for kind, member in zip(trained.network.kinds, trained.network.members, strict=True)
    ]
    assert len(alone) == 4
    assert not np.allclose(alone[0], alone[1])
    np.testing.assert_allclose(predict(trained, inputs, rows), np.mean(alone, axis=0))
    assert [row["epoch"] for row in trained.fitted.history] == [1, 2]


def test_ensemble_of_nobody_is_refused(tmp_path):
    for members in ([], ["the audience"]):
        with pytest.raises(TrainingError, match="expected members"):
            train("ensemble", tmp_path, members=members)
