"""What clips through clip backbones cost, beside a loop that takes one at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.compute import (
    count_flops,
    matrix_flops_per_cpu_s,
    measure_in_turns,
    spend_cpu_s,
)
from benchmarks.images import ONE_BY_ONE
from benchmarks.report import RUNS, BenchRow
from resources.compute.device import CPU_INFO, cpu_has_bf16, one_thread

CLIPS = {"r2plus1d_18": 2, "swin3d_t": 2, "shufflenet3d": 8}
"""Clips of a counted run, by backbone: a clip of the first is the work of 15 pictures of ResNet50,
one of the last of a quarter."""


def measure(runs: int = RUNS, clips: dict[str, int] | None = None) -> list[BenchRow]:
    """Measure each backbone in bfloat16 where the processor has it, else in float32.

    Args:
        runs: Counted runs of each side, after one warm-up.
        clips: See `CLIPS`.
    """
    use_bf16 = cpu_has_bf16(CPU_INFO)
    with one_thread():
        wanted = (clips or CLIPS).items()
        return [row for name, n in wanted for row in _rows(name, n, use_bf16, runs)]


def _rows(name: str, n: int, use_bf16: bool, runs: int) -> Iterator[BenchRow]:
    """Compare one backbone; weights are drawn at random, which changes no speed."""
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.pixel_networks import build_pixel_network

    backbone = BACKBONES[name]
    network = build_pixel_network(backbone, None)
    rng = np.random.default_rng(0)
    shape = (n, backbone.n_frames, backbone.input_px, backbone.input_px, 3)
    clips = rng.integers(0, 256, shape, dtype=np.uint8)
    sides: dict[str, Callable[[], float]] = {
        "matrix": partial(matrix_flops_per_cpu_s, use_bf16=use_bf16),
        "ours": partial(_rate_in_batches, network, backbone, clips, use_bf16),
        ONE_BY_ONE: partial(_rate_alone, network, clips),
    }
    found = measure_in_turns(sides, runs)
    bound = found["matrix"] / count_flops(network, _as_tensor(clips[:1]))
    kind = "bfloat16" if use_bf16 else "float32"
    yield BenchRow(f"{name} clips, {kind}", found["ours"], "/CPU s", ONE_BY_ONE, found[ONE_BY_ONE],
                   None, better="higher", bound=bound)  # fmt: skip


def _rate_in_batches(network: Any, backbone: Any, clips: np.ndarray, use_bf16: bool) -> float:
    from pipeline.embeddings.encode import encode_arrays

    movies = [(i, part) for i, part in enumerate(np.split(clips, 2))]
    work = partial(encode_arrays, movies, network, backbone, use_bf16=use_bf16)
    return len(clips) / spend_cpu_s(lambda: list(work()))


def _rate_alone(network: Any, clips: np.ndarray) -> float:
    from copy import deepcopy

    import torch

    plain = deepcopy(network).requires_grad_(True)
    plain.trunk = plain.trunk.to(memory_format=torch.contiguous_format)

    def work() -> None:
        for clip in clips[: max(1, len(clips) // 2)]:
            x = _as_tensor(clip).permute(3, 0, 1, 2)[None].float()  # (1, 3, frames, px, px)
            plain.trunk(torch.addcmul(plain.shift, x, plain.scale)).detach().numpy()

    return max(1, len(clips) // 2) / spend_cpu_s(work)


def _as_tensor(clips: np.ndarray) -> Any:
    import torch

    return torch.from_numpy(clips)
