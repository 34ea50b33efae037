"""Pretrained weights: from a folder the user names, a cache, an installed package or the hub."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import BACKBONES, Backbone, Modality, Origin, preparation_version
from resources.compute.weight_files import (
    ENDINGS,
    PACKAGES,
    build_from_state,
    find_state,
    hash_parameters,
    is_reachable,
    packaged_path,
)
from resources.compute.weight_folders import find_folder, read_folder, read_users_folder

if TYPE_CHECKING:  # loading definitions must not import them
    from torch import Tensor, nn
    from transformers import PreTrainedTokenizerBase

RANDOM_LABEL = "random"
"""Label of weights that were never trained; it stands wherever their results are shown."""


@dataclass(frozen=True)
class LoadedBackbone:
    """A backbone ready to embed.

    Attributes:
        backbone: Its row of the table.
        network: `PixelNetwork`, `AudioNetwork`, `TextNetwork` or the detector:
            float32, evaluation mode, on the CPU.
        tokenizer: None but for texts.
        weights_label: Where the weights are from, or `RANDOM_LABEL`.
        weights_hash: Short hash of all parameters: another hash makes embeddings due again.
    """

    backbone: Backbone
    network: "nn.Module"
    tokenizer: "PreTrainedTokenizerBase | None"
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
) -> LoadedBackbone:
    """Load a backbone, or a detector of poster regions, from the first place that has its weights.

    The places, in order: `weights_folder`, the cache of torch or of the hub (`TORCH_HOME`,
    `HF_HOME`), an installed package, the hub. `HF_HUB_OFFLINE` keeps from the last. A backbone of
    origin `FILE` is looked for in `weights_folder` alone.

    Args:
        name: A name in `BACKBONES` or `DETECTORS`.
        allow_random: Whether random parameters may stand in where no place has the weights.
        weights_folder: Folder with `<name>.pth` or `<name>.safetensors`, or, for weights of the
            hub, `<name>/` or the last part of the model's name there, as the hub lays it out.
        allow_download: Whether to ask the hub.

    Raises:
        WeightsError: The name is unknown, a file does not fit, or no place has the weights and
            `allow_random` is False.
    """
    backbone = _find_row(name)
    if weights_folder is not None and not weights_folder.is_dir():
        raise WeightsError(f"the weights folder {weights_folder} does not exist")
    load = _load_from_hub if backbone.origin is Origin.HUB else _load_file
    if loaded := load(backbone, weights_folder, allow_download and not _is_offline()):
        return loaded
    if not allow_random:
        raise WeightsError(_missing_message(backbone, weights_folder))
    return _draw_random(backbone)


def _find_row(name: str) -> Backbone:
    if name in BACKBONES:
        return BACKBONES[name]
    from pipeline.embeddings.detector import DETECTORS

    if name not in DETECTORS:
        known = ", ".join([*BACKBONES, *DETECTORS])
        raise WeightsError(f"no backbone and no detector is called {name!r}; there are: {known}")
    return DETECTORS[name]


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


def _missing_message(backbone: Backbone, folder: Path | None) -> str:
    missing = f"no weights for backbone {backbone.name} ({backbone.weights}): "
    file = f"{backbone.name}.pth or {backbone.name}.safetensors"
    looked = f"not in the weights folder ({folder or 'none given'})"
    if backbone.origin is Origin.PACKAGE:
        return (
            f"{missing}{looked}, and its package {PACKAGES[backbone.name][0]} is not installed. "
            "Install marquee again, with its dependencies."
        )
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
        f"cannot be reached or is switched off. Put {file} into a folder and name it by "
        "MARQUEE_WEIGHTS, run once with a connection, or choose MARQUEE_PRESET=small, whose "
        "weights are installed."
    )


def find_parameters(
    name: str, *, weights_folder: Path | None = None
) -> tuple[Mapping[str, "Tensor"], str] | None:
    """Find a picture backbone's parameters for a network that is trained further.

    Returns:
        Parameters as they are published and where they are from; None where the table has no
        such backbone or no place has its weights: the network then begins at random and says so.

    Raises:
        WeightsError: A file cannot be read.
    """
    backbone = BACKBONES.get(name)
    if backbone is None or backbone.origin not in (Origin.TORCHVISION, Origin.PACKAGE):
        return None
    return find_state(backbone, weights_folder, not _is_offline())


def _load_file(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> LoadedBackbone | None:
    found = find_state(backbone, folder, allow_download)
    if found is None:
        return None
    state, label = found
    return _finish(backbone, build_from_state(backbone, state), label=label)


def _load_from_hub(
    backbone: Backbone, folder: Path | None, allow_download: bool
) -> LoadedBackbone | None:
    from huggingface_hub import constants

    if own := find_folder(backbone, folder):
        return _finish(backbone, *read_users_folder(backbone, own), label=f"folder {own.name}")

    def read(place: str, label: str, *, local_files_only: bool = True) -> LoadedBackbone:
        found = read_folder(backbone, place, label, local_files_only=local_files_only)
        return _finish(backbone, *found, label=label)

    if loaded := _attempt(lambda: read(backbone.weights, backbone.weights)):
        return loaded
    if packaged := packaged_path(backbone.name):
        return read(str(packaged), f"{backbone.weights} (installed package)")
    if allow_download and is_reachable(constants.ENDPOINT):
        return _attempt(lambda: read(backbone.weights, backbone.weights, local_files_only=False))
    return None


def _attempt(load: Callable[[], LoadedBackbone]) -> LoadedBackbone | None:
    """Return None where transformers says, by OSError, that it has no such model."""
    try:
        return load()
    except OSError:
        return None


def _draw_random(backbone: Backbone) -> LoadedBackbone:
    if backbone.modality is Modality.TEXT:
        from pipeline.embeddings.text import build_random_text

        return _finish(backbone, *build_random_text(backbone), label=RANDOM_LABEL)
    if backbone.modality is Modality.AUDIO:
        from pipeline.embeddings.audio import build_random_audio

        return _finish(backbone, build_random_audio(backbone), label=RANDOM_LABEL)
    return _finish(backbone, build_from_state(backbone, None), label=RANDOM_LABEL)


def _finish(
    backbone: Backbone,
    network: "nn.Module",
    tokenizer: "PreTrainedTokenizerBase | None" = None,
    *,
    label: str,
) -> LoadedBackbone:
    return LoadedBackbone(backbone, network, tokenizer, label, hash_parameters(network))


def _is_offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)
