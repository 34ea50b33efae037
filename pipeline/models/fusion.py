"""Seed 001's network: streams side by side, then three linear layers.

What belongs here: the network. What does not: its training (see `pipeline.models.training`).
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.models.batches import StreamTable
from pipeline.models.streams import StreamEncoder, StreamSpec

HIDDEN_WIDTHS = (512, 256)
"""Widths between the streams and the classes. Source: seed 001, "Multimodal Fusion"."""

DROPOUT = 0.3
"""Share dropped after each hidden layer. Source: systems.md on seed 001's code."""


class FusionNetwork(nn.Module):
    """Concatenated streams → 512 → 256 → classes.

    With the published streams (text 768, video 2048, audio 1024) the head's input is 3840 wide.
    A missing stream's slot holds a learned vector, the same in training, validation and test, so
    the head's width does not hang on masks. Standardisation is part of the network.
    """

    def __init__(self, specs: Sequence[StreamSpec], n_classes: int, dropout: float = DROPOUT):
        super().__init__()
        self.specs = tuple(specs)
        self.n_classes = n_classes
        self.encoders = nn.ModuleDict({spec.name: StreamEncoder(spec) for spec in specs})
        width = sum(spec.width_out for spec in specs)
        first, second = HIDDEN_WIDTHS
        self.head = nn.Sequential(
            nn.Linear(width, first),  # (batch, 512)
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(first, second),  # (batch, 256)
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(second, n_classes),  # (batch, classes)
        )

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: By name, (batch, width_in), or (batch, mels, time) for a log-mel.
            masks: By name, bool (batch,).

        Returns:
            Logits, (batch, classes).
        """
        features = [
            self.encoders[spec.name](streams[spec.name], masks[spec.name]) for spec in self.specs
        ]
        return self.head(torch.cat(features, dim=1))  # (batch, classes)

    def fit_scalers(self, table: StreamTable, rows: np.ndarray) -> None:
        """Standardise by these rows, the training part's, alone."""
        for encoder in self.encoders.values():
            encoder.fit_scaler(table, rows)

    def count_parameters(self) -> int:
        """Count what is trained."""
        return sum(parameter.numel() for parameter in self.parameters())
