"""Check the machine: Python, packages and the device that computes."""

import platform
from importlib import metadata

from packaging.requirements import Requirement

from resources.compute.device import choose_device
from resources.doctor.findings import Finding

SHOWN = ("dagster", "torch", "transformers", "av", "yt-dlp")
"""Packages whose versions help to explain a failure."""


def check_packages() -> list[Finding]:
    """Compare the installed packages with the requirements of marquee."""
    required = [Requirement(text) for text in metadata.requires("marquee") or ()]
    wrong = [text for need in required if _applies(need) and (text := _compare(need))]
    versions = ", ".join(f"{name} {found}" for name in SHOWN if (found := _version(name)))
    detail = f"Python {platform.python_version()}; {versions}"
    if wrong:
        return [Finding("packages", False, f"{detail}; {'; '.join(wrong)}", "Run `uv sync`.")]
    return [Finding("packages", True, detail)]


def _applies(need: Requirement) -> bool:
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
    """Return the device that computes; loads torch, which takes seconds."""
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
