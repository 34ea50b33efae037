"""Dropout whose chance costs a byte a value."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_STEPS = 256
"""A byte of chance tells so many probabilities apart."""


class ByteDropout(nn.Dropout):
    """Dropout for wide layers on a processor, where drawing costs as much as the arithmetic.

    torch draws a float for every value; here eight values share one 64-bit number. The share that
    is dropped is rounded to 1/256, and what is kept is scaled by the rounded share, so that means
    stay. Elsewhere than on a CPU it is torch's own.
    """

    def forward(self, values: Tensor) -> Tensor:
        """Drop values while training; the shape stays."""
        if not self.training or values.device.type != "cpu":
            return F.dropout(values, self.p, self.training)
        dropped = round(self.p * _STEPS)
        if dropped in (0, _STEPS):
            return values * float(dropped == 0)
        words = torch.empty(-(-values.numel() // 8), dtype=torch.int64).random_(-(2**63), None)
        is_kept = words.view(torch.uint8)[: values.numel()].view(values.shape) >= dropped
        # bytes become floats three times faster than truth values do
        factors = is_kept.view(torch.uint8).to(values.dtype).mul_(_STEPS / (_STEPS - dropped))
        return values * factors
