"""What a trailer file costs until 30 of its frames are embedded.

The peer is v-iashin/video_features' way, with ResNet50: read every frame, embed one at a time.
"""

import importlib.util
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.compute import (
    count_flops,
    matrix_flops_per_cpu_s,
    measure_in_turns,
    spend_cpu_s,
)
from benchmarks.report import RUNS, BenchRow
from benchmarks.video_files import DURATION_S, SIZES, generated_trailer
from pipeline.core.presets import DEFAULT_PRESET, PRESETS
from resources.compute.device import CPU_INFO, cpu_has_bf16, keep_freed_memory, one_thread

KEPT = 30
RESNET = "resnet50"
MAX_RATIOS = {RESNET: (1 / 5, None), PRESETS[DEFAULT_PRESET].image_backbone: (1 / 7, 1 / 14)}
"""Of the peer's CPU time, for any frames and for keyframes, by backbone."""

PEER = "video_features' way"


def measure(runs: int = RUNS, duration_s: int = DURATION_S) -> list[BenchRow]:
    """Measure frames at random, and the same among keyframes alone.

    Args:
        runs: Counted runs of each side, after one warm-up.
        duration_s: Length of the generated trailer.
    """
    path = generated_trailer(SIZES[0], duration_s)
    label = f"{duration_s} s {SIZES[0].name} file to {KEPT} embedded"
    if not importlib.util.find_spec("cv2"):
        why = "no OpenCV; `uv sync` brings it"
        return [BenchRow(f"{label} frames", None, "CPU s", PEER, None, None, why=why)]
    keep_freed_memory()  # as the product does
    with one_thread():
        return _rows(path, label, runs)


def _rows(path: Path, label: str, runs: int) -> list[BenchRow]:
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.pixel_networks import build_pixel_network

    use_bf16 = cpu_has_bf16(CPU_INFO)
    networks = {name: build_pixel_network(BACKBONES[name], None) for name in MAX_RATIOS}
    network = networks[RESNET]
    sides: dict[str, Callable[[], float]] = {
        "matrix": partial(matrix_flops_per_cpu_s, use_bf16=use_bf16),
        "decoding": partial(_spend, path, None),
        **{
            f"{name} {kind}": partial(_spend, path, embed, among_keyframes=kind == "keyframes")
            for name in networks
            for embed in [partial(_embed, network=networks[name], name=name, use_bf16=use_bf16)]
            for kind in ("frames", "keyframes")
        },
        PEER: partial(_peer_cpu_s, path, _number_frames(path), network),
    }
    found = measure_in_turns(sides, runs)
    dtype = "bfloat16" if use_bf16 else "float32"
    arithmetic_s = {
        name: KEPT * count_flops(one, _zeros(BACKBONES[name].input_px)) / found["matrix"]
        for name, one in networks.items()
    }
    return [
        *(
            BenchRow(f"{label} {kind} by {name}, {dtype}", found[f"{name} {kind}"], "CPU s", PEER,
                     found[PEER], target, bound=arithmetic_s[name] + decoding_s)
            for name, targets in MAX_RATIOS.items()
            for kind, target, decoding_s in
            zip(("frames", "keyframes"), targets, (found["decoding"], 0.0), strict=True)
        ),
        BenchRow(f"of that, decoding {KEPT} frames", found["decoding"], "CPU s", PEER, found[PEER],
                 None),
        BenchRow(f"of that, ResNet50's arithmetic at the {dtype} matrix rate",
                 arithmetic_s[RESNET], "CPU s", PEER, found[PEER], None),
    ]  # fmt: skip


def _choose(timeline: Any, among_keyframes: bool) -> np.ndarray:
    from pipeline.frames.sampling import choose_keyframes, choose_pts

    if among_keyframes:
        return choose_keyframes(timeline.pts, timeline.key_pts, KEPT, seed=0)
    return choose_pts(timeline.pts, KEPT, seed=0)


def _decode(path: Path, *, among_keyframes: bool = False) -> np.ndarray:
    from pipeline.media.trailer import open_trailer

    with open_trailer(path) as trailer:
        return trailer.decode(_choose(trailer.timeline, among_keyframes)).frames


def _number_frames(path: Path) -> list[int]:
    """Return the places of our frames in the order of the film, as OpenCV counts them."""
    from pipeline.media.trailer import open_trailer

    with open_trailer(path) as trailer:
        pts = trailer.timeline.pts
        return np.searchsorted(np.sort(pts), _choose(trailer.timeline, False)).tolist()


def _spend(
    path: Path, embed: Callable[[np.ndarray], object] | None, *, among_keyframes: bool = False
) -> float:
    def work() -> None:
        frames = _decode(path, among_keyframes=among_keyframes)
        if embed is not None:
            embed(frames)

    return spend_cpu_s(work)


def _embed(frames: np.ndarray, *, network: Any, name: str, use_bf16: bool) -> np.ndarray:
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.encode import encode_arrays

    items = [(0, frames)]
    ((_, features),) = encode_arrays(items, network, BACKBONES[name], use_bf16=use_bf16)
    assert isinstance(features, np.ndarray), features
    return features


def _peer_cpu_s(path: Path, numbers: list[int], network: Any) -> float:
    import cv2
    import torch

    cv2.setNumThreads(1)
    wanted = set(numbers)

    def embed(frame: np.ndarray) -> np.ndarray:
        scaled = cv2.resize(frame, (224, 224), interpolation=cv2.INTER_AREA)
        x = torch.from_numpy(scaled).permute(2, 0, 1)[None].float()  # (1, 3, px, px)
        return network.trunk(torch.addcmul(network.shift, x, network.scale)).numpy()

    began_s = time.process_time()
    video, at, embedded = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG), 0, []
    with torch.no_grad():
        while True:
            is_there, frame = video.read()
            if not is_there:
                break
            rgb = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            if at in wanted:
                embedded.append(embed(rgb))
            at += 1
    video.release()
    return time.process_time() - began_s


def _zeros(px: int) -> Any:
    import torch

    return torch.zeros((1, px, px, 3), dtype=torch.uint8)
