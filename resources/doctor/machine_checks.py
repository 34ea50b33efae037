"""Looks at the machine: Python, packages and what computes."""

import platform
from importlib import metadata

from packaging.requirements import Requirement

from resources.compute.device import choose_device
from resources.doctor.findings import Finding

TOLD = ("dagster", "torch", "transformers", "av", "yt-dlp")
"""Packages whose versions are worth a run_check when something is odd."""


def check_packages() -> list[Finding]:
    """Compare what is installed with what marquee asks for."""
    wanted = [Requirement(text) for text in metadata.requires("marquee") or ()]
    wrong = [said for need in wanted if _counts(need) and (said := _compare(need))]
    versions = ", ".join(f"{name} {found}" for name in TOLD if (found := _version(name)))
    detail = f"Python {platform.python_version()}; {versions}"
    if wrong:
        return [Finding("packages", False, f"{detail}; {'; '.join(wrong)}", "Run `uv sync`.")]
    return [Finding("packages", True, detail)]


def _counts(need: Requirement) -> bool:
    return need.marker is None or need.marker.evaluate({"extra": ""})


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _compare(need: Requirement) -> str:
    found = _version(need.name)
    if found is None:
        return f"{need.name} is missing"
    if not need.specifier.contains(found, prereleases=True):
        return f"{need.name} {found} is not {need.specifier}"
    return ""


def check_accelerator() -> list[Finding]:
    """Say what computes; loads torch, which takes seconds."""
    device = choose_device()
    if device.name == "cuda":
        import torch

        free, total = torch.cuda.mem_get_info()
        name = torch.cuda.get_device_name()
        detail = f"CUDA: {name}, {free / 1e9:.0f} of {total / 1e9:.0f} GB free"
        return [Finding("accelerator", True, detail)]
    bf16 = ", with bfloat16" if device.has_bf16 else ""
    return [
        Finding(
            "accelerator",
            None,
            f"none; the CPU computes, with {device.threads} threads{bf16}",
            "A CUDA device would embed and train faster.",
        )
    ]
