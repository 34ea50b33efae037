"""Copies of networks that compute fastest: batch norms fused into convolutions, on a device."""

import threading
from copy import deepcopy
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)

_copies: WeakKeyDictionary[nn.Module, dict[str, nn.Module | None]] = WeakKeyDictionary()
_lock = threading.Lock()


def fused_copy(network: nn.Module, device: str) -> nn.Module:
    """Return a copy of a network on a device, with its batch norms fused; cached with the network.

    Call it for every network before threads compute: fusing traces a network, and torch's tracer
    intercepts the calls of all modules meanwhile, those of other threads as well.

    Args:
        network: In evaluation mode. It is left as it is, and its parameters must not change any
            more. Without batch norms and on that device already, it is returned itself.
        device: torch's name of the device.
    """
    with _lock:
        copies = _copies.setdefault(network, {})
        if device not in copies:
            copies[device] = _copy(network, torch.device(device))
        return copies[device] or network


def _copy(network: nn.Module, device: torch.device) -> nn.Module | None:
    """Return a copy, or None where the network itself will do: a cache must not hold its key."""
    trunk = getattr(network, "trunk", None)
    if trunk is not None and any(isinstance(m, _BATCH_NORMS) for m in trunk.modules()):
        copied = deepcopy(network)
        copied.register_module("trunk", fuse(copied.get_submodule("trunk"), inplace=True))
        return copied.to(device)
    if all(x.device == device for x in (*network.parameters(), *network.buffers())):
        return None
    return deepcopy(network).to(device)
