"""Reading a sequence of vectors, such as a trailer's frames: mean, attention, LSTM or GRU."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from pipeline.models.networks.attention_pooling import AttentionPooling
from pipeline.models.networks.padding import find_places, spread

RECURRENT_WIDTH = 128
"""Of the state, and of a frame before it: a frame's 2048 numbers would make steps of seconds."""


class Recurrent(nn.Module):
    """Linear and ReLU per step, then an LSTM or a GRU; its last state speaks for the sequence."""

    def __init__(self, width_in: int, cell: Callable[..., nn.RNNBase]):
        super().__init__()
        self.project = nn.Linear(width_in, RECURRENT_WIDTH)
        self.reader = cell(RECURRENT_WIDTH, RECURRENT_WIDTH, batch_first=True)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Read sequences.

        Args:
            vectors: The true ones alone, row by row, (n, width_in).
            mask: bool (batch, longest), True at the front of every row and nowhere else, n in all.

        Returns:
            (batch, RECURRENT_WIDTH).
        """
        steps = torch.relu(self.project(vectors))  # (n, 128)
        # padded, not packed: twice as fast on a CPU; what lies behind the last step is not read
        states, _ = self.reader(spread(steps, find_places(mask), mask))  # (batch, longest, 128)
        rows = torch.arange(len(mask), device=mask.device)
        return states[rows, mask.sum(dim=1) - 1]


class MaskedMean(nn.Module):
    """The mean of each sequence."""

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Average true vectors, (n, width), to (batch, width)."""
        total = spread(vectors, find_places(mask), mask).sum(dim=1)
        return total / mask.sum(dim=1, keepdim=True)


READERS: Mapping[str, Callable[[int], nn.Module]] = {
    "mean": lambda _: MaskedMean(),
    "lstm": lambda width_in: Recurrent(width_in, nn.LSTM),
    "gru": lambda width_in: Recurrent(width_in, nn.GRU),
    "attention": AttentionPooling,
}
"""How a sequence is read, by name; width of a vector → network."""
