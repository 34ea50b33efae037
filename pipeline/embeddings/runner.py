"""One batch through a network: precision, copies, and what to do when memory runs out.

What belongs here: what images and texts share. What does not: how batches are made (see
`pipeline.embeddings.encode`).
"""

from contextlib import nullcontext

import numpy as np
import torch
from torch import nn

_CPU_IS_FULL = "can't allocate memory"
"""What torch's CPU allocator says in a plain RuntimeError."""


class Runner:
    """Sends batches through a network; a batch that does not fit goes in halves from then on.

    Attributes:
        size: Largest batch in the caller's measure (pictures, or tokens); it only ever falls.
    """

    def __init__(self, network: nn.Module, *, device: str, size: int, use_bf16: bool):
        if size < 1:
            raise ValueError(f"wanted a batch of at least 1, got {size}")
        self.size = size
        self._device = torch.device(device)
        self._network = network.to(self._device)
        self._use_bf16 = use_bf16

    def __call__(self, *inputs: torch.Tensor) -> np.ndarray:
        """Embed one batch.

        Args:
            inputs: Arguments of the network, all with the batch as first axis.

        Returns:
            float32, shape (batch, width).

        Raises:
            RuntimeError: The network failed, or memory did not suffice for a batch of one.
        """
        n_items = len(inputs[0])
        try:
            return self._run(inputs)
        except RuntimeError as err:
            if n_items < 2 or not _is_out_of_memory(err):
                raise
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self.size = max(1, self.size // 2)
        half = n_items // 2
        return np.concatenate(
            [self(*(x[:half] for x in inputs)), self(*(x[half:] for x in inputs))]
        )

    @torch.inference_mode()
    def _run(self, inputs: tuple[torch.Tensor, ...]) -> np.ndarray:
        kind = self._device.type
        with torch.autocast(kind, torch.bfloat16) if self._use_bf16 else nullcontext():
            features = self._network(*(self._move(x) for x in inputs))
        return features.float().cpu().numpy()

    def _move(self, x: torch.Tensor) -> torch.Tensor:
        if self._device.type == "cuda":
            return x.pin_memory().to(self._device, non_blocking=True)
        return x


def _is_out_of_memory(err: RuntimeError) -> bool:
    return isinstance(err, torch.OutOfMemoryError) or _CPU_IS_FULL in str(err)
