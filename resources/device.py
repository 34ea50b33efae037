"""Which processor computes, with how many threads, and whether it has bfloat16.

What belongs here: looking at the machine. What does not: computing. torch is imported only when
the device is asked for, because that takes seconds.
"""

import os
from dataclasses import dataclass
from pathlib import Path

CPU_INFO = Path("/proc/cpuinfo")
"""Where Linux lists the processor's instructions."""

BF16_FLAGS = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Names of bfloat16 arithmetic on x86 (two) and Arm (one); without it bfloat16 is slower."""


@dataclass(frozen=True)
class Device:
    """Where to compute.

    Attributes:
        name: torch's name of it, "cpu" or "cuda".
        threads: Processor threads that this process may use.
        has_bf16: Whether it computes bfloat16 faster than float32.
    """

    name: str
    threads: int
    has_bf16: bool

    @property
    def encoders(self) -> int:
        """How many encoders run side by side: one per processor thread, one on a GPU."""
        return self.threads if self.name == "cpu" else 1

    def take_one_thread_per_encoder(self) -> None:
        """Have each encoder compute in the thread that calls it; changes torch's own setting."""
        import torch

        if self.name == "cpu":
            torch.set_num_threads(1)


def choose_device(preferred: str | None = None) -> Device:
    """Choose the GPU where there is one, else the CPU.

    Args:
        preferred: "cpu" or "cuda" to insist on one.

    Raises:
        ValueError: `preferred` is neither, or there is no GPU that torch can use.
    """
    import torch

    if preferred not in (None, "cpu", "cuda"):
        raise ValueError(f'wanted device "cpu" or "cuda", got "{preferred}"')
    has_cuda = preferred != "cpu" and torch.cuda.is_available()
    if preferred == "cuda" and not has_cuda:
        raise ValueError('wanted device "cuda", but torch finds no GPU here: use "cpu"')
    if has_cuda:
        return Device("cuda", count_threads(), torch.cuda.is_bf16_supported())
    return Device("cpu", count_threads(), cpu_has_bf16(CPU_INFO))


def count_threads() -> int:
    """Count the processor threads that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_has_bf16(cpu_info: Path) -> bool:
    """Whether the processor lists bfloat16 arithmetic; False where there is no such list."""
    if not cpu_info.is_file():
        return False
    for line in cpu_info.read_text(errors="replace").splitlines():
        if line.startswith(("flags", "Features")):
            return not BF16_FLAGS.isdisjoint(line.split())
    return False
