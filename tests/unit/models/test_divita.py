from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
import pytest
import torch
from present import present
from sklearn.metrics import average_precision_score

from pipeline.core.errors import TrainingError
from pipeline.core.ragged import pack_ragged
from pipeline.core.tasks import Target
from pipeline.models.estimators.divita_estimator import DivitaConfig, cut_windows
from pipeline.models.networks.divita import (
    EARLY,
    FEED_FORWARD,
    HEADS,
    LATE,
    WIDTH,
    ClipBlock,
    ClipNorm,
    ClipProjection,
    Divita,
)
from pipeline.models.networks.streams import StreamSpec
from pipeline.models.systems.box_office import LOG10_REVENUE
from pipeline.models.systems.genre import GENRE, GENRES, SMALL
from pipeline.models.training.batches import Batch
from pipeline.models.training.estimator import FeatureSet, RunConfig
from pipeline.models.training.model_registry import load_trained, predict, save_trained

ESTIMATORS = GENRE.estimators()

TWO = (StreamSpec("clip_frames", "mean", 24), StreamSpec("clips", "mean", 16))
N = 160
PARTS = np.array(["train", "train", "train", "val", "test"] * (N // 5), dtype=object)


@dataclass(frozen=True)
class Table:
    streams: dict
    masks: dict
    data_hash: str = "d1"
    columns: dict = field(default_factory=dict)


def batch_of(lengths, longest, specs=TWO):
    rng = torch.Generator().manual_seed(1)
    mask = torch.arange(longest) < torch.tensor(lengths)[:, None]
    streams = {
        s.name: torch.randn(len(lengths), 40, s.width_in, generator=rng)[:, :longest]
        * mask[..., None]
        for s in specs
    }
    return streams, {spec.name: mask for spec in specs}


def count(module):
    return sum(weight.numel() for weight in module.parameters())


def test_layers_are_the_published_ones():
    network = Divita([StreamSpec("clips", "mean", 1024)], 10)
    head, projection = network.heads["clips"], network.projections["clips"]
    assert projection.norm.num_features == 1024
    assert (projection.linear.in_features, projection.linear.out_features) == (1024, 128)
    assert head.block.self_attn.num_heads == 4
    assert head.block.linear1.out_features == 6 * 128
    assert {m.p for m in head.block.modules() if isinstance(m, torch.nn.Dropout)} == {0.25}
    assert head.block.self_attn.dropout == 0.25
    assert head.classify.out_features == 10
    # BatchNorm + Linear + (attention + feed-forward + two norms) + logits
    block = (4 * 128 * 128 + 4 * 128) + (2 * 6 * 128 * 128 + 7 * 128) + 4 * 128
    assert count(head.block) == block == 264_064
    wanted = 2 * 1024 + (1024 * 128 + 128) + block + 1290
    assert count(projection) + count(head) == wanted == 398_602


def test_published_config():
    config = DivitaConfig()
    assert (config.window_clips, config.batch_size, config.fusion) == (30, 32, "late")
    schedule = config.schedule
    assert (schedule.optimizer, schedule.amsgrad, schedule.learning_rate) == ("adamw", True, 1e-4)
    assert (schedule.max_epochs, schedule.plateau_patience, schedule.patience) == (100, 10, 20)
    assert next(iter(ESTIMATORS)) == GENRE.main_variant


@pytest.mark.parametrize("fusion", [LATE, EARLY])
def test_ten_more_padded_clips_give_the_same_logits(fusion):
    torch.manual_seed(0)
    network = Divita(TWO, 10, fusion)
    short, long = batch_of([3, 7, 1, 0], 7), batch_of([3, 7, 1, 0], 17)
    garbage = {name: values.clone() for name, values in long[0].items()}
    for name, values in garbage.items():
        values[~long[1][name]] = 1e3  # whatever lies in the padding is not looked at
    network.eval()
    first = network(*short)
    for other in (network(*long), network(garbage, long[1])):
        torch.testing.assert_close(first, other, atol=1e-5, rtol=1e-5)
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
        if isinstance(module, torch.nn.MultiheadAttention):
            module.dropout = 0.0
    network.train()  # also where statistics are those of the batch
    torch.testing.assert_close(network(*short), network(*long), atol=1e-5, rtol=1e-4)


def test_statistics_are_of_clips_and_not_of_padding():
    projection = ClipProjection(2)
    norm = projection.norm = ClipNorm(2, momentum=1.0)
    values = torch.full((2, 5, 2), 9.0)
    mask = torch.zeros(2, 5, dtype=torch.bool)
    mask[0, :2] = True
    values[0, 0], values[0, 1] = 1.0, 3.0
    out = projection(values, mask)
    assert present(norm.running_mean).tolist() == [2.0, 2.0]
    clips = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    torch.testing.assert_close(out[0, :2], projection.linear(clips), atol=1e-4, rtol=0)
    assert not out[~mask].any()
    mask[0, 1] = False
    assert torch.isfinite(projection(values, mask)).all()  # one clip has no deviation


def test_a_projection_is_the_norm_and_then_the_linear_layer():
    torch.manual_seed(0)
    projection, norm = ClipProjection(6), torch.nn.BatchNorm1d(6)
    for weight in projection.norm.parameters():
        torch.nn.init.normal_(weight)
    norm.load_state_dict(projection.norm.state_dict())
    mask = torch.arange(4) < torch.tensor([4, 2, 3])[:, None]
    values = torch.randn(3, 4, 6)
    for _ in range(2):  # statistics of the batch, then those so far
        wanted = projection.linear(norm(values[mask]))
        torch.testing.assert_close(projection(values, mask)[mask], wanted)
        assert projection.norm.num_batches_tracked == norm.num_batches_tracked
        gradients = [
            torch.autograd.grad(
                out.square().sum(), [*own.parameters(), *projection.linear.parameters()]
            )
            for out, own in ((projection(values, mask)[mask], projection.norm), (wanted, norm))
        ]
        for ours, theirs in zip(*gradients, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)
        norm.load_state_dict(projection.norm.state_dict())
        projection.eval()
        norm.eval()


def test_a_block_answers_as_torchs_own():
    torch.manual_seed(0)
    block = ClipBlock(dropout=0.0)
    own = torch.nn.TransformerEncoderLayer(
        WIDTH, HEADS, dim_feedforward=FEED_FORWARD * WIDTH, dropout=0.0, batch_first=True
    )
    own.load_state_dict(block.state_dict())
    tokens = torch.randn(3, 6, WIDTH)
    mask = torch.arange(6) < torch.tensor([[6], [1], [4]])
    wanted = own(tokens, src_key_padding_mask=~mask)
    torch.testing.assert_close(block(tokens, mask)[mask], wanted[mask])


def test_late_fusion_is_the_mean_of_the_streams_that_a_movie_has():
    torch.manual_seed(0)
    network = Divita(TWO, 10).eval()
    streams, masks = batch_of([3, 4], 4)
    both = network(streams, masks)
    alone = []
    for name in masks:
        only = {other: mask & (other == name) for other, mask in masks.items()}
        alone.append(network(streams, only))
    torch.testing.assert_close(both, (alone[0] + alone[1]) / 2)
    nothing = {name: torch.zeros_like(mask) for name, mask in masks.items()}
    torch.testing.assert_close(network(streams, nothing), network.absent.expand(2, -1))


def test_windows_have_thirty_clips_in_a_row_the_same_in_both_streams():
    steps = torch.arange(40.0)[None, :, None].expand(3, 40, 1)
    mask = torch.arange(40) < torch.tensor([40, 33, 5])[:, None]
    batch = Batch({"a": steps, "b": steps}, {"a": mask, "b": mask})
    cut = partial(cut_windows, 30)
    seen = {tuple(cut(batch, seed).streams["a"][:, 0, 0].tolist()) for seed in range(200)}
    assert {first for first, _, _ in seen} == set(range(11))
    assert {second for _, second, _ in seen} == set(range(4))
    assert {third for _, _, third in seen} == {0.0}  # shorter than a window: from its start
    one = cut(batch, 5)
    assert one.masks["a"].sum(dim=1).tolist() == [30, 30, 5]
    assert torch.equal(one.streams["a"], one.streams["b"])
    assert (one.streams["a"][:2].diff(dim=1) == 1).all()
    assert torch.equal(cut(batch, 5).streams["a"], one.streams["a"])


def movies(seed=3):
    """Trailers of 1 to 12 clips, some movies without, whose clips tell the labels."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((N, 10)) < 0.25).astype(np.float32)
    lengths = np.where(rng.random(N) < 0.05, 0, rng.integers(1, 13, N))
    streams = {}
    for spec in TWO:
        directions = np.random.default_rng(spec.width_in).normal(size=(10, spec.width_in))
        streams[spec.name] = pack_ragged([
            (labels[i] @ directions + rng.normal(size=(n, spec.width_in))).astype(np.float32)
            for i, n in enumerate(lengths)
        ])  # fmt: skip
    streams["poster"] = rng.normal(size=(N, 8)).astype(np.float32)
    masks = dict.fromkeys(streams, lengths > 0) | {"poster": rng.random(N) < 0.9}
    return FeatureSet(Table(streams, masks)), Target(GENRES, labels, {})


def train(name, inputs, target, folder, **hyperparameters):
    return ESTIMATORS[name].train(
        inputs,
        target,
        PARTS,
        RunConfig(
            folder,
            hyperparameters={**SMALL, "max_epochs": 10, **hyperparameters},
            accelerator="cpu",
        ),
    )


def micro(target, answers, rows):
    return average_precision_score(target.values[rows].ravel(), answers.ravel())


@pytest.mark.parametrize("name", ["late fusion", "early fusion", "all streams"])
def test_learns_what_the_clips_tell_and_is_read_back(name, tmp_path):
    inputs, target = movies()
    trained = train(name, inputs, target, tmp_path)
    rows = np.flatnonzero(PARTS == "test")
    preds = predict(trained, inputs, rows)
    assert preds.shape == (len(rows), 10)
    assert micro(target, preds, rows) > 0.7
    path = save_trained(trained, tmp_path / "model.pth", task=GENRES, target_facts={}, notes={})
    np.testing.assert_array_equal(predict(load_trained(path), inputs, rows), preds)


def test_shuffled_labels_score_as_the_label_prior(tmp_path):
    inputs, target = movies()
    rng = np.random.default_rng(0)
    shuffled = replace(target, values=rng.permutation(target.values))
    trained = train("late fusion", inputs, shuffled, tmp_path)
    rows = np.flatnonzero(PARTS == "test")
    prior = np.tile(shuffled.values[PARTS == "train"].mean(axis=0), (len(rows), 1))
    assert micro(shuffled, predict(trained, inputs, rows), rows) == pytest.approx(
        micro(shuffled, prior, rows), abs=0.06
    )


def test_a_table_without_clips_is_refused_and_so_is_a_number(tmp_path):
    inputs, target = movies()
    without = FeatureSet(
        Table({"poster": inputs.table.streams["poster"]}, {"poster": np.ones(N, bool)})
    )
    with pytest.raises(TrainingError, match="clip_frames"):
        train("late fusion", without, target, tmp_path)
    number = Target(LOG10_REVENUE, np.ones(N), {})
    with pytest.raises(TrainingError, match="expected labels"):
        train("late fusion", inputs, number, tmp_path)
