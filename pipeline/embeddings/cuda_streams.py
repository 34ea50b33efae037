"""Transfers to and from a GPU beside its computations."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn


class CudaStreams:
    """Copies the next batch in, and the last one out, while a batch is computed."""

    def __init__(self, device: torch.device):
        self._device = device
        self._inward, self._outward = torch.cuda.Stream(device), torch.cuda.Stream(device)

    def send(
        self, network: nn.Module, inputs: tuple[torch.Tensor, ...]
    ) -> Callable[[], np.ndarray]:
        """Queue a batch, in the processor's memory, for a network on this device.

        Returns:
            A function that waits for the output and returns it, float32.
        """
        computing = torch.cuda.current_stream(self._device)
        with torch.cuda.stream(self._inward):
            moved = [x.pin_memory().to(self._device, non_blocking=True) for x in inputs]
        computing.wait_stream(self._inward)
        for x in moved:
            x.record_stream(computing)  # its memory is in use until the batch is computed
        features = network(*moved).float()
        self._outward.wait_stream(computing)
        with torch.cuda.stream(self._outward):
            output = torch.empty(features.shape, dtype=torch.float32, pin_memory=True)
            output.copy_(features, non_blocking=True)
            features.record_stream(self._outward)
            is_copied = torch.cuda.Event()
            is_copied.record(self._outward)

        def wait() -> np.ndarray:
            is_copied.synchronize()
            return output.numpy().copy()  # pinned memory is scarce: it is released at once

        return wait

    def clear(self) -> None:
        """Wait for what is under way and release unused memory of the device."""
        torch.cuda.synchronize(self._device)
        torch.cuda.empty_cache()
