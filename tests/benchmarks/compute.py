"""What the benchmarks of networks share: CPU time in turns, the matrix rate, counted arithmetic.

The physical limit of a network on a processor is what a large product of two matrices reaches: a
network is little else.
"""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

MATRIX_SIDE = 2048
"""Large enough that the rate no longer grows, small enough for a fraction of a second."""

NO_BF16 = "this processor has no bfloat16 arithmetic (avx512_bf16, amx_bf16 or Arm's bf16)"


def spend_cpu_s(work: Callable[[], Any]) -> float:
    """Return the CPU seconds, of all threads, that some work takes."""
    began_s = time.process_time()
    work()
    return time.process_time() - began_s


def measure_in_turns(sides: Mapping[str, Callable[[], float]], runs: int) -> dict[str, float]:
    """Run all sides in turn; give the median of each over `runs` rounds after a warm-up."""
    rounds = [{name: measure() for name, measure in sides.items()} for _ in range(runs + 1)]
    return {name: statistics.median(one[name] for one in rounds[1:]) for name in sides}


def matrix_flops_per_cpu_s(*, use_bf16: bool) -> float:
    """Measure a large matrix product: floating-point operations per CPU second."""
    import torch

    dtype = torch.bfloat16 if use_bf16 else torch.float32
    drawn = torch.Generator().manual_seed(0)
    a, b = (torch.randn(MATRIX_SIDE, MATRIX_SIDE, generator=drawn).to(dtype) for _ in range(2))
    return 2 * MATRIX_SIDE**3 / spend_cpu_s(lambda: a @ b)


def count_flops(network: Any, *inputs: Any) -> float:
    """Count the floating-point operations of one item; multiply and add are two."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    return counter.get_total_flops() / len(inputs[0])
