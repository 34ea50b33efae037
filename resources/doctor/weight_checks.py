"""Check for the weights of a build's networks without loading or downloading any."""

import os
from collections.abc import Iterator
from pathlib import Path

from pipeline.core.presets import Preset
from pipeline.embeddings.backbones import BACKBONES, Backbone, Origin
from resources.compute.attribute_model import CLIP
from resources.compute.chosen_backbones import choose_backbones
from resources.compute.weight_files import PACKAGES, packaged_path
from resources.compute.weights import users_files
from resources.doctor.findings import Finding


def check_weights(
    preset: Preset, folder: str, *, may_download_clip: bool, beside: str = ""
) -> list[Finding]:
    """Find the weights of each network of a build; nothing is downloaded.

    Args:
        preset: Names a backbone of each modality, and a detector.
        folder: The user's; "" where none is named.
        may_download_clip: Whether a build would download CLIP, for the attributes of regions.
        beside: Names of backbones beside the preset's, separated by commas.
    """
    if folder and not Path(folder).is_dir():
        remedy = "Point MARQUEE_WEIGHTS to a folder with weights, or unset it."
        return [Finding("weights", False, f"the folder {folder} does not exist", remedy)]
    place = Path(folder) if folder else None
    chosen = choose_backbones(preset, beside)
    names = dict.fromkeys(name for of_modality in chosen.values() for name in of_modality)
    found = [_check_backbone(BACKBONES[name], place, preset) for name in names]
    return [*found, *_check_regions(preset, place, may_download_clip=may_download_clip)]


def _check_regions(
    preset: Preset, folder: Path | None, *, may_download_clip: bool
) -> Iterator[Finding]:
    """Check for the detector of objects on posters, and for CLIP, which predicts attributes."""
    if not preset.detector:
        return
    from pipeline.embeddings.detector import DETECTORS

    yield _check_backbone(DETECTORS[preset.detector], folder, preset)
    missing = [name for name in CLIP if not _find(BACKBONES[name], folder)]
    if missing:
        may_download = may_download_clip and not os.environ.get("HF_HUB_OFFLINE")
        detail = "downloaded when needed" if may_download else "no attributes are predicted"
        remedy = f"Put the hub's folder {BACKBONES[CLIP[0]].weights} into MARQUEE_WEIGHTS."
        yield Finding("weights CLIP", None, f"not on this machine; {detail}", remedy)
    else:
        yield Finding("weights CLIP", True, "attributes are predicted")


def _check_backbone(backbone: Backbone, folder: Path | None, preset: Preset) -> Finding:
    name = f"weights {backbone.name}"
    place = _find(backbone, folder)
    if place:
        return Finding(name, True, place)
    files = (
        f"the folder {backbone.name}/ as the hub lays it out"
        if backbone.origin is Origin.HUB
        else f"{backbone.name}.pth or .safetensors"
    )
    bring = f"Put {files} into a folder and name it by MARQUEE_WEIGHTS."
    can_download = backbone.origin in (Origin.TORCHVISION, Origin.HUB)
    if not can_download:
        return _missing(name, "they cannot be downloaded", bring, preset)
    if not os.environ.get("HF_HUB_OFFLINE"):
        remedy = f"Or put {files} into a folder and name it by MARQUEE_WEIGHTS."
        return Finding(name, None, "not on this machine; downloaded when needed", remedy)
    lacking = "not on this machine, and HF_HUB_OFFLINE is set"
    return _missing(name, lacking, f"Unset HF_HUB_OFFLINE. Or: {bring}", preset)


def _missing(name: str, detail: str, remedy: str, preset: Preset) -> Finding:
    """Report weights that no build would find: a fault, unless random ones may stand in."""
    if preset.allows_random:
        return Finding(name, None, f"{detail}; random ones are used", remedy)
    return Finding(name, False, detail, f"{remedy} Or choose MARQUEE_PRESET=small.")


def _find(backbone: Backbone, folder: Path | None) -> str:
    """Return where a backbone's weights are; "" where this machine has none."""
    if users_files(backbone.name, folder):
        return f"in {folder}"
    if packaged_path(backbone.name):
        return f"in the package {PACKAGES[backbone.name][0]}"
    if backbone.origin in (Origin.FILE, Origin.PACKAGE):
        return ""
    return _find_in_hub(backbone) if backbone.origin is Origin.HUB else _find_in_torch(backbone)


def _find_in_torch(backbone: Backbone) -> str:
    cache = _torch_cache()
    if not any(cache.glob("*.pth")):
        return ""
    import torchvision  # takes seconds; needed only where there is a file to compare with

    url = torchvision.models.get_weight(backbone.weights).url
    return "in torch's cache" if (cache / url.rpartition("/")[2]).is_file() else ""


def _torch_cache() -> Path:
    """Return the folder of torch's downloads, as torch chooses it."""
    home = os.environ.get("TORCH_HOME")
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    folder = Path(home) if home else Path(caches, "torch")
    return folder.expanduser() / "hub" / "checkpoints"


def _find_in_hub(backbone: Backbone) -> str:
    from huggingface_hub import try_to_load_from_cache

    files = ("config.json", "model.safetensors")
    if all(isinstance(try_to_load_from_cache(backbone.weights, file), str) for file in files):
        return "in the hub's cache"
    return ""
