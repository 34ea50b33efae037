"""Reference implementation 001's network: streams side by side, then three linear layers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.core.tasks import TaskKind
from pipeline.models.networks.streams import StreamEncoder, StreamSpec
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.estimator import FeatureSet, NetworkKind
from pipeline.models.training.inference import Output, predict_from_streams

HIDDEN_WIDTHS = (512, 256)
"""Widths between the modalities and the classes. Source: reference implementation 001, "Multimodal
Fusion"."""

DROPOUT = 0.3
"""Share dropped after each hidden layer. Source: systems.md on the code of 001."""


class StreamNetwork(nn.Module):
    """An encoder per stream; whoever inherits fuses what they give.

    A missing stream's slot holds a learned vector, the same in training, validation and test, so
    no layer's width depends on masks. Standardisation is part of the network.

    Attributes:
        specs: Its streams.
        output: What its outputs stand for.
    """

    def __init__(self, specs: Sequence[StreamSpec], output: Output):
        super().__init__()
        self.specs = tuple(specs)
        self.output = output
        self.encoders = nn.ModuleDict({spec.name: StreamEncoder(spec) for spec in specs})

    def encode(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> list[Tensor]:
        """Return each stream's features, (batch, width_out)."""
        return [
            self.encoders[spec.name](streams[spec.name], masks[spec.name]) for spec in self.specs
        ]

    def fit_scalers(self, table: StreamTable, rows: np.ndarray) -> None:
        """Standardise by these rows, the training set's, alone."""
        for encoder in self.encoders.values():
            encoder.fit_scaler(table, rows)

    def count_parameters(self) -> int:
        """Count what is trained."""
        return sum(parameter.numel() for parameter in self.parameters())


class FusionNetwork(StreamNetwork):
    """Concatenated streams → 512 → 256 → outputs.

    With the published streams (text 768, video 2048, audio 1024) the head's input is 3840 wide.
    """

    def __init__(
        self,
        specs: Sequence[StreamSpec],
        n_outputs: int,
        dropout: float = DROPOUT,
        *,
        output: Output | None = None,
    ):
        super().__init__(specs, output or Output(TaskKind.CLASSES, n_outputs))
        width = sum(spec.width_out for spec in specs)
        first, second = HIDDEN_WIDTHS
        self.head = nn.Sequential(
            nn.Linear(width, first),  # (batch, 512)
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(first, second),  # (batch, 256)
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(second, n_outputs),  # (batch, outputs)
        )

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: By name, as `StreamEncoder` takes them.
            masks: By name, bool (batch,), or (batch, longest) for a sequence.

        Returns:
            Logits, (batch, outputs), or a number, (batch,).
        """
        return self.output.scale(self.head(torch.cat(self.encode(streams, masks), dim=1)))


def stream_kind(network: Callable[..., StreamNetwork]) -> NetworkKind:
    """Make a kind of a network that takes specs, outputs and dropout."""

    def build(
        streams: Sequence[Mapping[str, Any]],
        n_outputs: int,
        dropout: float,
        output: Mapping[str, Any],
    ) -> StreamNetwork:
        specs = [StreamSpec(**spec) for spec in streams]
        return network(specs, n_outputs, dropout, output=Output.from_json(output))

    return NetworkKind(build, _predict)


def stream_arguments(
    specs: Sequence[StreamSpec], n_outputs: int, dropout: float, output: Output
) -> dict[str, Any]:
    """Return what a `stream_kind` is built from, as JSON values."""
    return {
        "streams": [asdict(spec) for spec in specs],
        "n_outputs": n_outputs,
        "dropout": dropout,
        "output": output.as_json(),
    }


def _predict(network: StreamNetwork, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    return predict_from_streams(network, network.specs, features.table, rows, network.output)


FUSION = stream_kind(FusionNetwork)
"""The published network as saved models name it."""
