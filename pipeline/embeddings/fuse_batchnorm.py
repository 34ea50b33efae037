"""Networks as they compute fastest: batch norms folded into convolutions, one copy per device."""

import threading
from copy import deepcopy
from weakref import WeakKeyDictionary

import torch
from torch import nn
from torch.fx.experimental.optimization import fuse
from torch.nn.modules.batchnorm import _BatchNorm

_made: WeakKeyDictionary[nn.Module, dict[torch.device, nn.Module]] = WeakKeyDictionary()
_making = threading.Lock()


def ready_network(network: nn.Module, device: torch.device) -> nn.Module:
    """Return a network on a device, with its batch norms folded; made once and kept with it.

    The network itself is left as it is, wherever it is: its parameters must not change any more.

    Args:
        network: In evaluation mode. Without batch norms and on that device, it is given back.
        device: Where it shall compute.
    """
    with _making:
        copies = _made.setdefault(network, {})
        if device not in copies:
            copies[device] = _make(network, device)
        return copies[device] or network


def make_ready(network: nn.Module, device: str) -> None:
    """Make the copies that a run will ask for, while no other thread computes.

    Folding traces the network, and torch's tracer takes the calls of all modules meanwhile, those
    of other threads as well.

    Args:
        network: In evaluation mode.
        device: torch's name of the device, or of several with commas between.
    """
    for name in device.split(","):
        ready_network(network, torch.device(name))


def _make(network: nn.Module, device: torch.device) -> nn.Module | None:
    """Return a copy, or None where the network itself will do: a cache must not hold its key."""
    trunk = getattr(network, "trunk", None)
    if trunk is not None and any(isinstance(m, _BatchNorm) for m in trunk.modules()):
        copied = deepcopy(network)
        copied.trunk = fuse(copied.trunk, inplace=True)
        return copied.to(device)
    if all(x.device == device for x in (*network.parameters(), *network.buffers())):
        return None
    return deepcopy(network).to(device)
