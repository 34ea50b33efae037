"""Sequences of different lengths: padded side by side, or their true vectors alone."""

import torch
from torch import Tensor


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
