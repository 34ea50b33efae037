"""Training seed 001's network on a packed table.

What belongs here: the task (classes, weights, scores while training) and its lineage. What does
not: the loop (see `pipeline.models.loop`) and the judgement (see `pipeline.evaluation`).
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from pipeline.errors import TrainingError
from pipeline.models.batches import Batches, StreamTable
from pipeline.models.fitting import VAL_BATCH
from pipeline.models.fusion import DROPOUT, FusionNetwork
from pipeline.models.learner import EpochHook
from pipeline.models.loop import Fitted, fit_network
from pipeline.models.objectives import make_objective
from pipeline.models.recipe import Target
from pipeline.models.schedule import Schedule
from pipeline.models.streams import specify_streams
from pipeline.systems import Kind, Task
from pipeline.versions import hash_bytes, hash_json


@dataclass(frozen=True)
class FusionTraining:
    """How the fusion network is trained; defaults are the published ones.

    Attributes:
        streams: Names of the streams, in the order of their slots.
        batch_size: Movies per step.
        dropout: After each hidden layer.
        weigh_classes: Whether rare classes count more, by their share in the training part.
        schedule: Learning rate, epochs, patience, seed.

    Source:
        Seed 001, "Training Configuration" and "Class Balancing".
    """

    streams: tuple[str, ...] = ("text", "video", "audio")
    batch_size: int = 16
    dropout: float = DROPOUT
    weigh_classes: bool = True
    schedule: Schedule = field(default_factory=Schedule)


@dataclass(frozen=True)
class TrainedFusion:
    """A trained network and how it came about.

    Attributes:
        network: In evaluation mode, with its best weights, on the CPU.
        training: Its config.
        fitted: History and best epoch.
        data_hash: Of the table.
        fingerprint: Hash of config, data, labels and parts.
    """

    network: FusionNetwork
    training: FusionTraining
    fitted: Fitted
    data_hash: str
    fingerprint: str


def train_fusion(
    table: StreamTable,
    labels: np.ndarray,
    parts: np.ndarray,
    n_classes: int,
    training: FusionTraining,
    *,
    folder: Path,
    on_epoch: EpochHook | None = None,
    accelerator: str = "auto",
) -> TrainedFusion:
    """Train on the movies in "train", stop by those in "val"; "test" is not looked at.

    Args:
        table: Streams and masks. Streams of `training` that it lacks are left out.
        labels: Class of every movie by the training part's edges, int64 (movies,).
        parts: "train", "val", "test" or "" of every movie, (movies,).
        n_classes: How many classes there are.
        training: The config.
        folder: For checkpoints; an interrupted training is taken up from there.
        on_epoch: Told of each epoch: number from 1, most epochs, metrics. May raise to stop.
        accelerator: "cpu", "gpu" or "auto".

    Raises:
        TrainingError: A part is empty, or the table has none of the streams.
    """
    train_rows, val_rows = (np.flatnonzero(np.asarray(parts) == part) for part in ("train", "val"))
    if not len(train_rows) or not len(val_rows):
        raise TrainingError(
            f"wanted movies to train on and to stop by, came {len(train_rows)} and "
            f"{len(val_rows)}; make the splits again"
        )
    specs = specify_streams(table, training.streams)
    fingerprint = _fingerprint(table, labels, parts, n_classes, training)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.schedule.seed)
        network = FusionNetwork(specs, n_classes, training.dropout)
    network.fit_scalers(table, train_rows)
    task = Task("revenue_class", Kind.CLASSES, "macro_f1_score", ("",) * n_classes)
    objective = make_objective(
        Target(task, labels, {}), train_rows, weigh_classes=training.weigh_classes
    )
    batches = partial(Batches, table, [spec.name for spec in specs], target=labels)
    fitted = fit_network(
        network,
        objective,
        batches(
            rows=train_rows, batch_size=training.batch_size, shuffle_seed=training.schedule.seed
        ),
        batches(rows=val_rows, batch_size=VAL_BATCH),
        training.schedule,
        folder=folder,
        fingerprint=fingerprint,
        on_epoch=on_epoch,
        accelerator=accelerator,
    )
    return TrainedFusion(network.cpu(), training, fitted, table.data_hash, fingerprint)


def _fingerprint(
    table: StreamTable,
    labels: np.ndarray,
    parts: Sequence[str] | np.ndarray,
    n_classes: int,
    training: FusionTraining,
) -> str:
    config = asdict(training)
    # how often it is saved does not change what is saved
    del config["schedule"]["checkpoint_every_epochs"], config["schedule"]["checkpoint_every_steps"]
    who = hash_bytes(np.asarray(labels, np.int64).tobytes(), "\x1f".join(map(str, parts)).encode())
    return hash_json([config, table.data_hash, n_classes, who])
