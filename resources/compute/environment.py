"""What a result was computed with: versions of what matters, the processor, and our own code."""

import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pipeline
from pipeline.core.versions import hash_bytes

PACKAGES = ("marquee", "torch", "numpy", "pandas", "scikit-learn", "lightning", "transformers")


@cache
def code_hash() -> str:
    """Hash the sources of `pipeline`, in which every number is made."""
    root = Path(pipeline.__path__[0])
    files = sorted(root.rglob("*.py"))
    return hash_bytes(
        *(part for f in files for part in (str(f.relative_to(root)).encode(), f.read_bytes()))
    )


def describe_environment() -> dict[str, str]:
    """Describe it as texts, the same on two machines where the last digit can be expected to be."""
    import torch

    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "code": code_hash(),
        **{name: version(name) for name in PACKAGES},
    }
