"""Weights that come as one file of parameters: where such files lie, reading and hashing them."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.core.errors import WeightsError
from pipeline.core.versions import HASH_CHARS
from pipeline.embeddings.backbones import Backbone, Origin

ENDINGS = (".pth", ".safetensors")
"""Of the files that a user may bring, by the name of the backbone."""


def weight_files(backbone: Backbone, folder: Path | None) -> Iterator[tuple[Path, str]]:
    """Return the files that may hold a backbone's parameters, best first, each with its label."""
    if folder:
        for ending in ENDINGS:
            yield folder / f"{backbone.name}{ending}", f"file {backbone.name}{ending}"
    if backbone.origin is Origin.TORCHVISION:
        import torch

        file = torchvision_url(backbone).rpartition("/")[2]
        yield Path(torch.hub.get_dir()) / "checkpoints" / file, backbone.weights


def torchvision_url(backbone: Backbone) -> str:
    """Return the address of weights that torchvision knows by name."""
    import torchvision

    return torchvision.models.get_weight(backbone.weights).url


def fetch_state(url: str) -> dict[str, Any]:
    """Download parameters into torch's cache; its name carries their hash, which is checked."""
    import torch

    return torch.hub.load_state_dict_from_url(
        url, map_location="cpu", progress=False, check_hash=True, weights_only=True
    )


def read_state(file: Path) -> dict[str, Any]:
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


def _read(file: Path) -> Any:
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


def build_from_state(backbone: Backbone, state: Mapping[str, Any] | None, *, seed: int = 0) -> Any:
    """Build the network of a picture or clip backbone, or a detector; None draws its parameters.

    Raises:
        WeightsError: The parameters are not those of this backbone.
    """
    from pipeline.embeddings.detector import DETECTORS, build_detector

    if backbone.name in DETECTORS:
        return build_detector(state, backbone, seed=seed)
    from pipeline.embeddings.pixel_networks import build_pixel_network

    return build_pixel_network(backbone, state, seed=seed)


def hash_parameters(network: Any) -> str:
    """Hash all parameters and statistics of a network, by name."""
    import hashlib

    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(memoryview(tensor.contiguous().numpy()).cast("B"))
    return digest.hexdigest()[:HASH_CHARS]
