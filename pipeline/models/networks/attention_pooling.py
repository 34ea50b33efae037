"""Several vectors become one: a learned, masked, weighted mean."""

import torch
from torch import Tensor, nn

from pipeline.models.networks.padding import find_places, spread

HIDDEN = 128
"""Between a vector and its weight."""


class AttentionPooling(nn.Module):
    """Each vector gets a weight from its own content; the weights of a movie sum to 1.

    Source:
        arXiv 1802.04712, equation 8.
    """

    def __init__(self, width: int):
        super().__init__()
        self.weigh = nn.Sequential(nn.Linear(width, HIDDEN), nn.Tanh(), nn.Linear(HIDDEN, 1))
        nn.init.zeros_(self.weigh[2].weight)  # begins as the plain mean

    def forward(self, vectors: Tensor, mask: Tensor) -> Tensor:
        """Pool.

        Args:
            vectors: The true ones alone, row by row, (n, width).
            mask: bool (batch, longest), at least one True in each row, n in all.

        Returns:
            (batch, width).
        """
        places = find_places(mask)
        scores = spread(self.weigh(vectors)[:, 0], places, mask)  # (batch, longest)
        weights = scores.masked_fill(~mask, float("-inf")).softmax(dim=1)
        return torch.bmm(weights[:, None], spread(vectors, places, mask))[:, 0]
