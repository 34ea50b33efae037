"""The device that computes, and the environment that a result was computed in."""

import ctypes
import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline
from pipeline.core.versions import hash_bytes

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

CPU_INFO = Path("/proc/cpuinfo")
"""Where Linux lists the CPU's instructions."""

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Names of bfloat16 arithmetic on x86 (two) and Arm (one); without it bfloat16 is slower."""

PACKAGES = ("marquee", "torch", "numpy", "pandas", "scikit-learn", "lightning", "transformers")
"""Packages whose versions describe the environment."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Options of `mallopt`. Source: glibc's malloc.h."""

KEPT_BYTES = 256 * 1024 * 1024
"""Freed memory that is kept, at most, by each of the C library's arenas."""

_NAME = re.compile(r"cpu|cuda(:\d+)?")


@dataclass(frozen=True)
class Device:
    """Where to compute.

    Attributes:
        name: torch's name of it, "cpu" or "cuda", or several such as "cuda:0,cuda:1"; see `slots`.
        threads: Processor threads that this process may use.
        has_bf16: Whether it computes bfloat16 faster than float32.
    """

    name: str
    threads: int
    has_bf16: bool

    @property
    def kind(self) -> str:
        """What it is, "cpu" or "cuda"."""
        return self.name.partition(":")[0]

    @property
    def alone(self) -> "Device":
        """The first of several, for what computes on one."""
        return replace(self, name=self.name.partition(",")[0])

    @property
    def slots(self) -> list[str]:
        """Device of each encoder that runs in parallel: one per processor thread, one per GPU."""
        return ["cpu"] * self.threads if self.name == "cpu" else self.name.split(",")

    def take_one_thread_per_encoder(self) -> None:
        """Make each encoder compute in the thread that calls it; changes torch's own setting."""
        import torch

        if self.name == "cpu":
            torch.set_num_threads(1)
            keep_freed_memory()


def choose_device(preferred: str | None = None) -> Device:
    """Choose a GPU where there is one, else the CPU.

    Args:
        preferred: "cpu" or "cuda" to require one, or GPUs by number: "cuda:0,cuda:1".

    Raises:
        ValueError: `preferred` is none of these, or there is no such GPU that torch can use.
    """
    import torch

    names = [name.strip() for name in (preferred or "").split(",") if name.strip()]
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong or (len(names) > 1 and "cpu" in names):
        raise ValueError(
            f'expected device "cpu", "cuda" or GPUs such as "cuda:0,cuda:1", got "{preferred}"'
        )
    if names == ["cpu"] or (not names and not torch.cuda.is_available()):
        return Device("cpu", count_threads(), cpu_has_bf16(CPU_INFO))
    n_gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    for name in names:
        if int(name.partition(":")[2] or 0) >= n_gpus:
            found = f"{n_gpus} GPU(s)" if n_gpus else 'no GPU, use "cpu" or none'
            raise ValueError(f'device "{name}" is unavailable: torch finds {found}')
    gpus = ",".join(dict.fromkeys(names)) or "cuda"
    return Device(gpus, count_threads(), torch.cuda.is_bf16_supported())


def keep_freed_memory() -> bool:
    """Let this process reuse freed memory instead of returning it to the kernel, for its lifetime.

    A layer's output is tens of megabytes. glibc returns such blocks at once, and the kernel clears
    each page of the next one: a quarter of the time of ResNet50 in bfloat16.

    Returns:
        Whether the C library has taken it; only glibc does.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    libc = ctypes.CDLL(None)
    return all(libc.mallopt(option, KEPT_BYTES) for option in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD))


def count_threads() -> int:
    """Count the CPU threads that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit every library to one thread: the last digits of results depend on it."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with _find_thread_pools(len(sys.modules)).limit(limits=1):
            yield
    finally:
        torch.set_num_threads(before)


@lru_cache(maxsize=1)
def _find_thread_pools(_: int) -> "ThreadpoolController":
    """Find the libraries that have threads of their own: again once more modules are loaded."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def cpu_has_bf16(cpu_info: Path) -> bool:
    """Whether the CPU lists bfloat16 arithmetic; False where there is no such list."""
    if not cpu_info.is_file():
        return False
    for line in cpu_info.read_text(errors="replace").splitlines():
        if line.startswith(("flags", "Features")):
            return not BF16_FLAGS.isdisjoint(line.split())
    return False


@cache
def code_hash() -> str:
    """Hash the sources of `pipeline`, which compute every number."""
    root = Path(pipeline.__path__[0])
    files = sorted(root.rglob("*.py"))
    return hash_bytes(
        *(part for f in files for part in (str(f.relative_to(root)).encode(), f.read_bytes()))
    )


def describe_environment() -> dict[str, str]:
    """Return the environment as texts; equal texts promise results equal to the last digit."""
    import torch

    return {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": torch.backends.cpu.get_cpu_capability(),
        "code": code_hash(),
        **{name: version(name) for name in PACKAGES},
    }
