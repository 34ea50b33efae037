"""What frames and posters through picture backbones cost.

Frames stand beside a loop that takes one at a time, posters beside other presets.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from benchmarks.compute import (
    NO_BF16,
    count_flops,
    matrix_flops_per_cpu_s,
    measure_in_turns,
    spend_cpu_s,
)
from benchmarks.gpu import gpu_rows
from benchmarks.long_run import memory_row
from benchmarks.poster_embedding import poster_rows
from benchmarks.report import RUNS, BenchRow
from resources.compute.device import CPU_INFO, cpu_has_bf16, keep_freed_memory, one_thread

NAMES = ("resnet50", "swin_t", "shufflenet")
ONE_BY_ONE = "one-at-a-time, autograd on"
MIN_RATIO = 3.0
MIN_SHARE = 0.60
"""Of the measured matrix rate, by ResNet50."""

MOVIES, FRAMES = 4, 8
ALONE = 8
"""Frames of a counted run: of ours, in movies, and of the peer."""


def measure(runs: int = RUNS, names: tuple[str, ...] = NAMES) -> list[BenchRow]:
    """Measure each backbone in float32, and in bfloat16 where the processor has it.

    Args:
        runs: Counted runs of each side, after one warm-up.
        names: Backbones.
    """
    has_bf16 = cpu_has_bf16(CPU_INFO)
    keep_freed_memory()  # as the product does
    with one_thread():
        rows = [row for name in names for row in _rows(name, has_bf16, runs)]
        rows += poster_rows(runs)
    return [*rows, memory_row(), *gpu_rows()]


def _rows(name: str, has_bf16: bool, runs: int) -> Iterator[BenchRow]:
    """Compare one backbone; weights are drawn at random, which changes no speed."""
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.pixel_networks import build_pixel_network

    backbone = BACKBONES[name]
    network = build_pixel_network(backbone, None)
    movies = draw_movies(MOVIES, FRAMES, backbone.input_px)
    sides: dict[str, Callable[[], float]] = {
        "matrix": partial(matrix_flops_per_cpu_s, use_bf16=has_bf16),
        ONE_BY_ONE: partial(_rate_alone, as_it_is_built(network), movies),
        "float32": partial(rate_in_batches, network, backbone, movies, use_bf16=False),
    }
    if has_bf16:
        sides["bfloat16"] = partial(rate_in_batches, network, backbone, movies, use_bf16=True)
    found = measure_in_turns(sides, runs)
    flops = count_flops(network, _first_frame(movies))
    bound = found["matrix"] / flops
    label, unit, alone = f"{name} frames", "/CPU s", found[ONE_BY_ONE]
    yield BenchRow(f"{label}, bfloat16", found.get("bfloat16"), unit, ONE_BY_ONE, alone, MIN_RATIO,
                   better="higher", why="" if has_bf16 else NO_BF16,
                   bound=bound if has_bf16 else None)  # fmt: skip
    yield BenchRow(f"{label}, float32", found["float32"], unit, ONE_BY_ONE, alone, None,
                   better="higher", bound=None if has_bf16 else bound)  # fmt: skip
    if name == "resnet50":
        yield _share_row(found, flops, has_bf16)


def _share_row(found: dict[str, float], flops: float, has_bf16: bool) -> BenchRow:
    """Say how much of the matrix rate ResNet50 reaches."""
    kind = "bfloat16" if has_bf16 else "float32"
    rate = found["matrix"] / 1e9
    return BenchRow(
        f"resnet50 of the matrix rate, {kind}", found[kind] * flops / 1e9, "GFLOP/CPU s",
        f"product of {kind} matrices", rate, MIN_SHARE if has_bf16 else None, better="higher",
        bound=rate,
    )  # fmt: skip


def draw_movies(n_movies: int, n_frames: int, px: int) -> list[tuple[int, np.ndarray]]:
    """Draw frames of noise: what they show changes no speed."""
    rng = np.random.default_rng(0)
    shape = (n_frames, px, px, 3)
    return [(i, rng.integers(0, 256, shape, dtype=np.uint8)) for i in range(n_movies)]


def rate_in_batches(
    network: Any, backbone: Any, movies: list[tuple[int, np.ndarray]], *, use_bf16: bool
) -> float:
    """Embed as the product does; give frames per CPU second."""
    from pipeline.embeddings.encode import encode_arrays

    work = partial(encode_arrays, movies, network, backbone, use_bf16=use_bf16)
    return sum(len(frames) for _, frames in movies) / spend_cpu_s(lambda: list(work()))


def _rate_alone(network: Any, movies: list[tuple[int, np.ndarray]]) -> float:
    import torch

    frames = np.concatenate([frames for _, frames in movies])[:ALONE]

    def work() -> None:
        for frame in frames:
            x = torch.from_numpy(frame).permute(2, 0, 1)[None].float()  # (1, 3, px, px)
            network.trunk(torch.addcmul(network.shift, x, network.scale)).detach().numpy()

    return len(frames) / spend_cpu_s(work)


def as_it_is_built(network: Any) -> Any:
    """Return the same network as torchvision lays it out, with gradients."""
    from copy import deepcopy

    import torch

    plain = deepcopy(network).requires_grad_(True)
    plain.trunk = plain.trunk.to(memory_format=torch.contiguous_format)
    return plain


def _first_frame(movies: list[tuple[int, np.ndarray]]) -> Any:
    import torch

    return torch.from_numpy(movies[0][1][:1])
