"""The way of one stream into a network: standardised by the training set, absent where missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.errors import TrainingError
from pipeline.core.ragged import Ragged
from pipeline.models.networks.sequences import (
    READERS,
    RECURRENT_WIDTH,
    SequenceReader,
    find_places,
    gather,
)
from pipeline.models.training.batches import StreamTable

Kind = Literal["vector", "log_mel", "metadata"] | SequenceReader

AUDIO_WIDTH = 1024
"""Width of the audio features that are trained with the head. Source: reference implementation 001,
"Audio Encoder"."""

_READ_ROWS = 512
_TINY = 1e-6


@dataclass(frozen=True)
class StreamSpec:
    """One stream of a network.

    Attributes:
        name: Of the stream in the table.
        kind: "vector": a frozen encoder's embedding, passed as it is; "log_mel": (mels, time),
            through a CNN that is trained with the head; "metadata": numbers with NaN for unknown;
            "mean", "attention", "lstm", "gru": a sequence of vectors, and how it is read.
        width_in: Columns of a vector, also in a sequence, or of metadata; mel bands of a log-mel.
    """

    name: str
    kind: Kind
    width_in: int

    @property
    def width_out(self) -> int:
        """Width of what reaches the head."""
        return {
            "vector": self.width_in,
            "log_mel": AUDIO_WIDTH,
            "metadata": 2 * self.width_in,  # values and missing flags
            "mean": self.width_in,
            "attention": self.width_in,
            "lstm": RECURRENT_WIDTH,
            "gru": RECURRENT_WIDTH,
        }[self.kind]

    @property
    def is_sequence(self) -> bool:
        """Whether a movie has several vectors of it."""
        return self.kind in READERS


def specify_streams(
    table: StreamTable, names: Sequence[str], reader: SequenceReader = "mean"
) -> tuple[StreamSpec, ...]:
    """Describe a table's streams; one that the table does not have is left out.

    Args:
        table: The streams.
        names: Which of them, in order.
        reader: How sequences are read.

    Raises:
        TrainingError: The table has none of them.
    """
    specs = tuple(
        _specify(name, table.streams[name], reader) for name in names if name in table.streams
    )
    if not specs:
        raise TrainingError(
            f"expected at least one of the streams {list(names)}, got {sorted(table.streams)}; "
            "build the embeddings first"
        )
    return specs


def _specify(name: str, values: np.ndarray | Ragged, reader: Kind) -> StreamSpec:
    if isinstance(values, Ragged):
        return StreamSpec(name, reader, values.width)
    if values.ndim == 3:
        return StreamSpec(name, "log_mel", values.shape[1])
    return StreamSpec(name, "metadata" if name == "metadata" else "vector", values.shape[1])


def is_sequence(values: np.ndarray | Ragged) -> bool:
    """Return whether a movie has several vectors of a stream."""
    return isinstance(values, Ragged)


def width_of(values: np.ndarray | Ragged) -> int:
    """Return `StreamSpec.width_in` of a stream."""
    return values.width if isinstance(values, Ragged) else values.shape[1]


class StreamEncoder(nn.Module):
    """One modality's features, or the learned absent vector for a movie that lacks it."""

    mean: Tensor
    scale: Tensor

    def __init__(self, spec: StreamSpec):
        super().__init__()
        self.spec = spec
        self.register_buffer("mean", torch.zeros(spec.width_in))
        self.register_buffer("scale", torch.ones(spec.width_in))
        self.absent = nn.Parameter(torch.zeros(spec.width_out))
        self.cnn = AudioCnn(spec.width_in) if spec.kind == "log_mel" else None
        self.reader = READERS[spec.kind](spec.width_in) if spec.is_sequence else None

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Encode a batch.

        Args:
            values: (batch, width_in), (batch, mels, time) for a log-mel, or (batch, longest,
                width_in) for a sequence.
            mask: bool (batch,), or (batch, longest) for a sequence; values at False are never
                looked at.

        Returns:
            (batch, width_out).
        """
        features = self.absent.expand(len(values), -1)  # (batch, width_out)
        if not mask.any():
            return features
        # masked_scatter and where would let NaN gradients through; rows are indexed instead
        present = torch.nonzero(mask if mask.ndim == 1 else mask.any(dim=1))[:, 0]
        if self.reader is not None:
            vectors = gather(values, find_places(mask))  # (all vectors, width_in)
            encoded = self.reader((vectors - self.mean).mul_(1 / self.scale), mask[present])
        else:
            encoded = self._encode(values[present])
        return features.index_copy(0, present, encoded)

    def _encode(self, values: Tensor) -> Tensor:
        if self.cnn is not None:
            standard = (values - self.mean[:, None]).div_(self.scale[:, None])
            return self.cnn(standard)  # (present, 1024)
        standard = (values - self.mean) / self.scale  # (present, width_in)
        if self.spec.kind == "vector":
            return standard
        unknown = torch.isnan(standard)
        return torch.cat([standard.nan_to_num(0.0), unknown.to(standard)], dim=1)  # (present, 2w)

    def fit_scaler(self, table: StreamTable, rows: np.ndarray) -> None:
        """Take mean and deviation from the training set's movies that have the stream."""
        name = self.spec.name
        count, total, squares = np.zeros((3, self.spec.width_in))
        for values in _read(table.streams[name], rows[np.asarray(table.masks[name])[rows]]):
            known = ~np.isnan(values)
            values = np.where(known, values, 0.0)
            count += known.sum(axis=0)
            total += values.sum(axis=0)
            squares += (values**2).sum(axis=0)
        mean = total / np.maximum(count, 1)
        deviation = np.sqrt(np.maximum(squares / np.maximum(count, 1) - mean**2, 0))
        # a column that never changes in training says nothing: leave its scale alone
        scale = np.where(deviation > _TINY * (1 + np.abs(mean)), deviation, 1.0)
        self.mean.copy_(torch.from_numpy(mean))
        self.scale.copy_(torch.from_numpy(scale))


def _read(values: np.ndarray | Ragged, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Yield float64 (samples, width); a log-mel's time steps and a sequence's are samples."""
    for start in range(0, len(rows), _READ_ROWS):
        if isinstance(values, Ragged):
            padded, mask = values.take(rows[start : start + _READ_ROWS])
            yield padded[mask].astype(np.float64)
            continue
        part = np.asarray(values[rows[start : start + _READ_ROWS]], dtype=np.float64)
        yield part if part.ndim == 2 else part.transpose(0, 2, 1).reshape(-1, part.shape[1])


class AudioCnn(nn.Module):
    """A 1-D CNN along time over log-mel bands; each layer's kernel fits any length of sound."""

    def __init__(self, mels: int):
        super().__init__()
        self.conv1 = nn.Conv1d(mels, 64, kernel_size=5, stride=4, padding=2)
        self.conv2 = nn.Conv1d(64, 128, kernel_size=5, stride=2, padding=2)
        self.conv3 = nn.Conv1d(128, 256, kernel_size=5, stride=2, padding=2)
        self.project = nn.Linear(256, AUDIO_WIDTH)

    def forward(self, log_mel: Tensor) -> Tensor:
        """Encode standardised log-mels, (batch, mels, time) to (batch, AUDIO_WIDTH)."""
        x = torch.relu(self.conv1(log_mel))  # (batch, 64, time / 4)
        x = torch.relu(self.conv2(x))  # (batch, 128, time / 8)
        x = torch.relu(self.conv3(x))  # (batch, 256, time / 16)
        return self.project(x.mean(dim=2))  # (batch, AUDIO_WIDTH)
