"""Reading a sequence of vectors, such as a trailer's frames: mean, attention, LSTM or GRU.

What belongs here: networks from padded vectors to one vector; padding changes nothing. What does
not: which streams are sequences (see `pipeline.models.streams`).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

from pipeline.models.attention_pooling import AttentionPooling

RECURRENT_WIDTH = 128
"""Of the state, and of a frame before it: a frame's 2048 numbers would make steps of seconds."""


class Recurrent(nn.Module):
    """Linear and ReLU per step, then an LSTM or a GRU; its last state speaks for the sequence."""

    def __init__(self, width_in: int, cell: Callable[..., nn.RNNBase]):
        super().__init__()
        self.project = nn.Linear(width_in, RECURRENT_WIDTH)
        self.reader = cell(RECURRENT_WIDTH, RECURRENT_WIDTH, batch_first=True)

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Read sequences.

        Args:
            values: (batch, longest, width_in).
            mask: bool (batch, longest), True at the front of every row and nowhere else.

        Returns:
            (batch, RECURRENT_WIDTH).
        """
        lengths = mask.sum(dim=1).cpu()
        packed = pack_padded_sequence(values, lengths, batch_first=True, enforce_sorted=False)
        steps = torch.relu(self.project(packed.data))  # (all steps, 128); no padding among them
        _, state = self.reader(
            PackedSequence(
                steps, packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices
            )
        )
        last = state[0] if isinstance(state, tuple) else state  # (1, batch, 128)
        return last[0]


class MaskedMean(nn.Module):
    """The mean of what is no padding."""

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Average (batch, longest, width) to (batch, width)."""
        weights = mask.to(values)[..., None]  # (batch, longest, 1)
        return (values * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)


READERS: Mapping[str, Callable[[int], nn.Module]] = {
    "mean": lambda _: MaskedMean(),
    "lstm": lambda width_in: Recurrent(width_in, nn.LSTM),
    "gru": lambda width_in: Recurrent(width_in, nn.GRU),
    "attention": AttentionPooling,
}
"""How a sequence is read, by name; width of a vector → network."""
