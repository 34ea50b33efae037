"""Sequences of vectors, such as a trailer's frames: padded side by side, and how they are read."""

from collections.abc import Callable, Mapping
from typing import Literal

import torch
from torch import Tensor, nn

RECURRENT_WIDTH = 128
"""Of the state, and of a frame before it: a frame's 2048 numbers would make steps of seconds."""

HIDDEN = 128
"""Between a vector and its weight."""


def find_places(mask: Tensor) -> Tensor:
    """Return where the true values of a mask are, counted row by row, int64 (n,)."""
    return torch.nonzero(mask.flatten())[:, 0]


def gather(padded: Tensor, places: Tensor) -> Tensor:
    """Take vectors, (n, width), out of (batch, longest, width)."""
    return padded.flatten(0, 1).index_select(0, places)


def spread(vectors: Tensor, places: Tensor, mask: Tensor) -> Tensor:
    """Put vectors back: (batch, longest, width), zeros elsewhere."""
    blank = vectors.new_zeros(mask.numel(), *vectors.shape[1:])
    return blank.index_copy(0, places, vectors).unflatten(0, mask.shape)


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


class AttentionPooling(nn.Module):
    """Each vector gets a weight from its own content; the weights of a movie sum to 1.

    Source:
        arXiv 1802.04712, equation 8.
    """

    def __init__(self, width: int):
        super().__init__()
        first, last = nn.Linear(width, HIDDEN), nn.Linear(HIDDEN, 1)
        nn.init.zeros_(last.weight)  # begins as the plain mean
        self.weigh = nn.Sequential(first, nn.Tanh(), last)

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Pool true vectors, (n, width), to (batch, width); no row of the mask is empty."""
        places = find_places(mask)
        scores = spread(self.weigh(vectors)[:, 0], places, mask)  # (batch, longest)
        weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=1)
        return torch.bmm(weights[:, None], spread(vectors, places, mask))[:, 0]


SequenceReader = Literal["mean", "attention", "lstm", "gru"]

READERS: Mapping[str, Callable[[int], nn.Module]] = {
    "mean": lambda _: MaskedMean(),
    "lstm": lambda width_in: Recurrent(width_in, nn.LSTM),
    "gru": lambda width_in: Recurrent(width_in, nn.GRU),
    "attention": AttentionPooling,
}
"""How a sequence is read, by name; width of a vector → network."""
