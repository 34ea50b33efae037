"""Several vectors become one: a learned, masked, weighted mean.

What belongs here: the pooling. What does not: where the vectors are from.
"""

from torch import Tensor, nn

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

    def forward(self, values: Tensor, mask: Tensor) -> Tensor:
        """Pool.

        Args:
            values: (batch, longest, width).
            mask: bool (batch, longest), at least one True in each row; what lies at False is never
                looked at.

        Returns:
            (batch, width).
        """
        weights = self.weigh(values)[..., 0].masked_fill(~mask, float("-inf")).softmax(dim=1)
        return (weights[..., None] * values.masked_fill(~mask[..., None], 0)).sum(dim=1)
