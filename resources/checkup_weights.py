"""Looks for the weights of a preset's backbones without loading or fetching any.

What belongs here: where files lie. What does not: loading them (see `resources.weights`), whose
order of places this follows.
"""

import os
from importlib.util import find_spec
from pathlib import Path

from pipeline.embeddings.backbones import BACKBONES, Backbone, Modality
from pipeline.systems import Preset
from resources.findings import Finding
from resources.weights import PACKAGES


def check_weights(preset: Preset, folder: str, *, is_studio: bool) -> list[Finding]:
    """Say for each backbone of the preset where its weights are; nothing is fetched."""
    if folder and not Path(folder).is_dir():
        remedy = "Point MARQUEE_WEIGHTS to a folder with weights, or unset it."
        return [Finding("weights", False, f"the folder {folder} does not exist", remedy)]
    return [
        _look_for_weights(BACKBONES[name], Path(folder) if folder else None, is_studio=is_studio)
        for name in (preset.text_backbone, preset.image_backbone)
    ]


def _look_for_weights(backbone: Backbone, folder: Path | None, *, is_studio: bool) -> Finding:
    name = f"weights {backbone.name}"
    place = _find(backbone, folder)
    if place:
        return Finding(name, True, place)
    files = (
        f"{backbone.name}.pth or .safetensors"
        if backbone.modality is Modality.IMAGE
        else f"the folder {backbone.name}/ as the hub lays it out"
    )
    if not os.environ.get("HF_HUB_OFFLINE"):
        remedy = f"Or put {files} into a folder and name it by MARQUEE_WEIGHTS."
        return Finding(name, None, "not on this machine; fetched from the hub when needed", remedy)
    if is_studio:
        detail = "not on this machine, and HF_HUB_OFFLINE is set: random ones stand in"
        return Finding(name, None, detail, f"For real ones put {files} into MARQUEE_WEIGHTS.")
    return Finding(
        name,
        False,
        "not on this machine, and HF_HUB_OFFLINE is set",
        f"Unset HF_HUB_OFFLINE, or put {files} into MARQUEE_WEIGHTS.",
    )


def _find(backbone: Backbone, folder: Path | None) -> str:
    """Say where a backbone's weights are; "" where they are in no place on this machine."""
    find = _find_image if backbone.modality is Modality.IMAGE else _find_text
    return find(backbone, folder)


def _find_image(backbone: Backbone, folder: Path | None) -> str:
    ends = (".pth", ".safetensors")
    if folder and any((folder / f"{backbone.name}{end}").is_file() for end in ends):
        return f"in {folder}"
    cache = _torch_cache()
    if not any(cache.glob("*.pth")):
        return ""
    import torchvision  # takes seconds, and is needed only where there is a file to compare with

    url = torchvision.models.get_weight(backbone.weights).url
    return "in torch's cache" if (cache / url.rpartition("/")[2]).is_file() else ""


def _torch_cache() -> Path:
    """Give the folder where torch keeps what it fetched, as torch chooses it."""
    home = os.environ.get("TORCH_HOME")
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(home) if home else Path(caches, "torch")
    return folder.expanduser() / "hub" / "checkpoints"


def _find_text(backbone: Backbone, folder: Path | None) -> str:
    from huggingface_hub import try_to_load_from_cache

    if folder and (folder / backbone.name / "config.json").is_file():
        return f"in {folder}"
    files = ("config.json", "model.safetensors")
    if all(isinstance(try_to_load_from_cache(backbone.weights, file), str) for file in files):
        return "in the hub's cache"
    package, _ = PACKAGES.get(backbone.name, ("", ""))
    return f"in the package {package}" if package and find_spec(package) else ""
