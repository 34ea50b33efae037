"""Networks over streams: reference implementation 001's, side by side and then three linear layers,
and attention, which it lists among its extensions without figures; those widths are ours.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
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

TOKEN_WIDTH = 256
HEADS = 4

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

    def __init__(
        self,
        specs: Sequence[StreamSpec],
        n_outputs: int,
        dropout: float = DROPOUT,
        *,
        output: Output | None = None,
    ):
        super().__init__()
        self.specs = tuple(specs)
        self.output = output or Output(TaskKind.CLASSES, n_outputs)
        self.encoders = nn.ModuleDict({spec.name: StreamEncoder(spec) for spec in specs})
        self.add_layers(n_outputs, dropout)

    @abstractmethod
    def add_layers(self, n_outputs: int, dropout: float) -> None:
        """Add the layers behind the encoders."""

    @abstractmethod
    def fuse(self, features: Sequence[Tensor], has: Sequence[Tensor], /) -> Tensor:
        """Fuse each stream's features, (batch, width_out), to (batch, outputs).

        Streams that movies lack are False in `has`, bool (batch,) each.
        """

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: By name, as `StreamEncoder` takes them.
            masks: By name, bool (batch,), or (batch, longest) for a sequence.

        Returns:
            Logits, (batch, outputs), or a number, (batch,).
        """
        names = [spec.name for spec in self.specs]
        features = [self.encoders[name](streams[name], masks[name]) for name in names]
        has = [masks[name] if masks[name].ndim == 1 else masks[name].any(dim=1) for name in names]
        return self.output.scale(self.fuse(features, has))

    def fit_scalers(self, table: StreamTable, rows: np.ndarray) -> None:
        """Standardise by these rows, the training set's, alone."""
        for encoder in self.encoders.values():
            if isinstance(encoder, StreamEncoder):
                encoder.fit_scaler(table, rows)


class FusionNetwork(StreamNetwork):
    """Concatenated streams → 512 → 256 → outputs.

    With the published streams (text 768, video 2048, audio 1024) the head's input is 3840 wide.
    """

    def add_layers(self, n_outputs: int, dropout: float) -> None:
        """Add three linear layers."""
        width = sum(spec.width_out for spec in self.specs)
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

    def fuse(self, features: Sequence[Tensor], _has: Sequence[Tensor]) -> Tensor:
        """Put streams side by side, with the learned vectors of those that movies lack."""
        return self.head(torch.cat(list(features), dim=1))


class AttentionFusion(StreamNetwork):
    """Streams → tokens of 256 and a query → one transformer block → outputs."""

    def add_layers(self, n_outputs: int, dropout: float) -> None:
        """Add a projection of each stream, the query, the block and a linear layer."""
        width = TOKEN_WIDTH
        self.to_token = nn.ModuleDict({s.name: nn.Linear(s.width_out, width) for s in self.specs})
        self.asking = nn.Parameter(torch.zeros(1, 1, width))
        nn.init.normal_(self.asking, std=0.02)
        self.block = nn.TransformerEncoderLayer(
            width, HEADS, dim_feedforward=2 * width, dropout=dropout, batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.head = nn.Sequential(
            nn.LayerNorm(width), nn.Dropout(dropout), nn.Linear(width, n_outputs)
        )

    def fuse(self, features: Sequence[Tensor], has: Sequence[Tensor]) -> Tensor:
        """Mix tokens; a stream that the movie lacks is no token: nobody attends to it."""
        tokens = [
            self.to_token[spec.name](some)  # (batch, 256)
            for spec, some in zip(self.specs, features, strict=True)
        ]
        asking = self.asking.expand(len(tokens[0]), -1, -1)  # (batch, 1, 256)
        seen = torch.cat([asking, torch.stack(tokens, dim=1)], dim=1)  # (batch, 1 + streams, 256)
        absent = ~torch.stack([torch.ones_like(has[0]), *has], dim=1)  # (batch, 1 + streams)
        return self.head(self.block(seen, src_key_padding_mask=absent)[:, 0])


def stream_kind(network: type[StreamNetwork]) -> NetworkKind[StreamNetwork]:
    """Make a kind of a network over streams."""

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


FUSIONS = {
    "fusion": stream_kind(FusionNetwork),
    "attention fusion": stream_kind(AttentionFusion),
}
"""By the name in saved models; the first is the published one."""
