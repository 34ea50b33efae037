"""Training seed 001's network on a packed table.

What belongs here: the task (classes, weights, scores while training) and its lineage. What does
not: the loop (see `pipeline.models.loop`) and the judgement (see `pipeline.evaluation`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import Tensor
from torch.nn import functional as F

from pipeline.errors import TrainingError
from pipeline.models.batches import Batches, StreamTable
from pipeline.models.fusion import DROPOUT, FusionNetwork
from pipeline.models.learner import EpochHook, Objective
from pipeline.models.loop import Fitted, fit_network
from pipeline.models.schedule import Schedule
from pipeline.models.streams import specify_streams
from pipeline.versions import hash_bytes, hash_json

VAL_BATCH = 256
"""Movies scored at a time where nothing is learned."""


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
    weights = class_weights(labels[train_rows], n_classes) if training.weigh_classes else None
    batches = partial(Batches, table, [spec.name for spec in specs], target=labels)
    fitted = fit_network(
        network,
        Objective(partial(_loss, weights=weights), _score),
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


def class_weights(labels_train: np.ndarray, n_classes: int) -> Tensor:
    """Weigh each class by the inverse of its share, 1 on average over the movies.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1]), 2).tolist()
        [0.6666666865348816, 2.0]
    """
    counts = np.maximum(np.bincount(labels_train, minlength=n_classes), 1)
    return torch.tensor(len(labels_train) / (n_classes * counts), dtype=torch.float32)


def _loss(logits: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    return F.cross_entropy(logits, target, None if weights is None else weights.to(logits.device))


def _score(logits: Tensor, target: Tensor) -> Mapping[str, float]:
    said, true = logits.argmax(dim=1).cpu().numpy(), target.cpu().numpy()
    return {
        "accuracy": float((said == true).mean()),
        "macro_f1": float(f1_score(true, said, average="macro", zero_division=0)),
    }


def _fingerprint(
    table: StreamTable,
    labels: np.ndarray,
    parts: Sequence[str] | np.ndarray,
    n_classes: int,
    training: FusionTraining,
) -> str:
    config = asdict(training)
    # how often it is saved does not change what is saved
    del config["schedule"]["checkpoint_every_epochs"]
    who = hash_bytes(np.asarray(labels, np.int64).tobytes(), "\x1f".join(map(str, parts)).encode())
    return hash_json([config, table.data_hash, n_classes, who])
