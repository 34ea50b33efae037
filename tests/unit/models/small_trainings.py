"""Two small trainings that several files of tests share: a bare network, and fusion of streams."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from pipeline.core.tasks import Target, Task, TaskKind
from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
from pipeline.models.networks.fusion import FusionNetwork
from pipeline.models.training.batches import Batch, Batches
from pipeline.models.training.estimator import FeatureSet, RunConfig, Trained
from pipeline.models.training.fitted import Fitted, Objective
from pipeline.models.training.loop import fit_network
from pipeline.models.training.schedule import Schedule

LOOP = Schedule(learning_rate=1e-2, max_epochs=4, patience=4, plateau_patience=0)
STEPS = 5
"""Of an epoch of `fit`."""


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


def fit(folder: Path, schedule: Schedule = LOOP, transform=noise, **more) -> tuple[Small, Fitted]:
    rng = np.random.default_rng(0)
    text = rng.normal(size=(70, 6)).astype(np.float32)
    table = SimpleNamespace(
        streams={"text": text}, masks={"text": np.ones(70, bool)}, data_hash="d"
    )
    wanted = text.sum(axis=1)
    torch.manual_seed(3)
    network = Small()
    objective = Objective(
        F.mse_loss, lambda predicted, true: {"rise": -float((predicted - true).abs().mean())}
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


def assert_same_fit(one: tuple[Small, Fitted], other: tuple[Small, Fitted]) -> None:
    weights = other[0].state_dict()
    for name, value in one[0].state_dict().items():
        assert torch.equal(value, weights[name]), name
    assert one[1] == other[1]


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
    """Make streams that show the class, with holes, as `pipeline.splits` packs them."""
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


def assert_same_weights(one: FusionNetwork, other: FusionNetwork) -> None:
    weights = other.state_dict()
    for name, value in one.state_dict().items():
        assert torch.equal(value, weights[name]), name
