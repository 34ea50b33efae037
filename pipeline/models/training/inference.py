"""From a network's outputs to predictions: probabilities or numbers, a few movies at a time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target, TaskKind
from pipeline.models.networks.streams import StreamSpec, width_of
from pipeline.models.training.batches import Batch, StreamTable, take_batch

PREDICT_BATCH = 1
"""Movies answered at a time: a product of another number of rows rounds otherwise, and a movie's
digits must not depend on the movies that are asked for beside it."""


@dataclass(frozen=True)
class Output:
    """What a network's last layer stands for.

    Attributes:
        kind: Of the task.
        n_answers: The first so many outputs are predictions, 1 for a number; others are further
            heads. The name is saved.
        mean, sd: Of the training set's numbers: the layer itself predicts standard units.
    """

    kind: TaskKind
    n_answers: int
    mean: float = 0.0
    sd: float = 1.0

    @classmethod
    def of(cls, target: Target, train_rows: np.ndarray) -> "Output":
        """Describe the output that a target wants, by its training set."""
        task = target.task
        if task.kind is not TaskKind.REGRESSION:
            return cls(task.kind, len(task.class_names))
        known = target.values[train_rows]
        return cls(task.kind, 1, float(known.mean()), float(known.std()) or 1.0)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Output":
        """Read the values of `as_json`."""
        kind = TaskKind(value["kind"])
        return cls(kind, value["n_answers"], value.get("mean", 0.0), value.get("sd", 1.0))

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, for the arguments of a kind of network."""
        return {**asdict(self), "kind": self.kind.value}

    def scale(self, raw: Tensor) -> Tensor:
        """Turn the last layer's (batch, outputs) into logits, the same, or a number, (batch,)."""
        return self.mean + self.sd * raw[:, 0] if self.kind is TaskKind.REGRESSION else raw

    def predictions(self, outputs: Tensor) -> np.ndarray:
        """Turn the outputs of `scale` into predictions."""
        outputs = outputs if self.kind is TaskKind.REGRESSION else outputs[:, : self.n_answers]
        return as_predictions(outputs, self.kind)


def predict_from_streams(
    network: nn.Module,
    specs: Sequence[StreamSpec],
    table: StreamTable,
    rows: np.ndarray,
    output: Output,
    *,
    batch_size: int = PREDICT_BATCH,
) -> np.ndarray:
    """Predict by a network that reads streams; one that the table lacks counts as missing.

    Returns:
        Float64: probabilities (n, classes) or (n, labels), or numbers (n,).

    Raises:
        TrainingError: A stream's width is not the network's.
    """
    check_widths(specs, table)
    return predict_in_batches(
        network, lambda some: read_batch(specs, table, some), rows, output, batch_size=batch_size
    )


@torch.inference_mode()
def predict_in_batches(
    network: nn.Module,
    read: Callable[[np.ndarray], Batch],
    rows: np.ndarray,
    output: Output,
    *,
    batch_size: int = PREDICT_BATCH,
) -> np.ndarray:
    """Predict for movies whose batches the caller reads; see `predict_from_streams`."""
    network.eval()
    rows = np.asarray(rows, dtype=np.int64)
    starts = range(0, max(len(rows), 1), batch_size)  # no row at all still says how wide it is
    batches = (read(rows[start : start + batch_size]) for start in starts)
    return np.concatenate(
        [output.predictions(network(batch.streams, batch.masks)) for batch in batches]
    )


def as_predictions(outputs: Tensor, kind: TaskKind) -> np.ndarray:
    """Turn outputs into float64 probabilities, or leave numbers as they are.

    Example:
        >>> as_predictions(torch.zeros(1, 2), TaskKind.CLASSES).tolist()
        [[0.5, 0.5]]
    """
    if kind is TaskKind.CLASSES:
        return outputs.double().softmax(dim=1).numpy()
    return (outputs.double().sigmoid() if kind is TaskKind.LABELS else outputs.double()).numpy()


def check_widths(specs: Sequence[StreamSpec], table: StreamTable) -> None:
    """Refuse streams of another backbone.

    Raises:
        TrainingError: A stream's width is not the network's.
    """
    for spec in specs:
        came = width_of(table.streams[spec.name]) if spec.name in table.streams else None
        if came not in (spec.width_in, None):
            raise TrainingError(
                f"stream {spec.name!r}: expected width {spec.width_in}, got {came}; the model was "
                "trained on another backbone"
            )


def read_batch(specs: Sequence[StreamSpec], table: StreamTable, rows: np.ndarray) -> Batch:
    """Read a network's streams; one that the table lacks is masked for every movie."""
    batch = take_batch(table, [spec.name for spec in specs if spec.name in table.streams], rows)
    streams, masks = dict(batch.streams), dict(batch.masks)
    for spec in specs:
        if spec.name not in streams:
            steps = (1,) if spec.is_sequence else ()
            streams[spec.name] = torch.zeros(len(rows), *steps, spec.width_in)
            masks[spec.name] = torch.zeros(len(rows), *steps, dtype=torch.bool)
    return Batch(streams, masks)
