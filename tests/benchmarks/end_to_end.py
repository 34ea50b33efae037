"""What a trailer file costs until 30 of its frames are embedded by ResNet50."""

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
from resources.compute.device import CPU_INFO, cpu_has_bf16, one_thread

KEPT = 30
MAX_RATIO = 0.25
"""Four times the peer's speed."""

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
        return [BenchRow(f"{label} frames", None, "CPU s", PEER, None, MAX_RATIO, why=why)]
    with one_thread():
        return _rows(path, label, runs)


def _rows(path: Path, label: str, runs: int) -> list[BenchRow]:
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.pixel_networks import build_pixel_network

    use_bf16 = cpu_has_bf16(CPU_INFO)
    backbone = BACKBONES["resnet50"]
    network = build_pixel_network(backbone, None)
    embed = partial(_embed, network=network, backbone=backbone, use_bf16=use_bf16)
    sides: dict[str, Callable[[], float]] = {
        "matrix": partial(matrix_flops_per_cpu_s, use_bf16=use_bf16),
        "random": lambda: spend_cpu_s(lambda: embed(_decode(path))),
        "decoding": lambda: spend_cpu_s(lambda: _decode(path)),
        "keyframes": lambda: spend_cpu_s(lambda: embed(_decode(path, among_keyframes=True))),
        PEER: partial(_peer_cpu_s, path, _number_frames(path), network),
    }
    found = measure_in_turns(sides, runs)
    flops = count_flops(network, _zeros(backbone.input_px))
    arithmetic_s = KEPT * flops / found["matrix"]
    bound = found["decoding"] + arithmetic_s
    kind = "bfloat16" if use_bf16 else "float32"
    return [
        BenchRow(f"{label} frames, {kind}", found["random"], "CPU s", PEER, found[PEER], MAX_RATIO,
                 bound=bound),
        BenchRow(f"{label} keyframes, {kind}", found["keyframes"], "CPU s", PEER, found[PEER],
                 None, bound=arithmetic_s),
        BenchRow(f"of that, decoding {KEPT} frames", found["decoding"], "CPU s", PEER, found[PEER],
                 None),
        BenchRow(f"of that, the arithmetic at the {kind} matrix rate", arithmetic_s, "CPU s", PEER,
                 found[PEER], None),
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


def _embed(frames: np.ndarray, *, network: Any, backbone: Any, use_bf16: bool) -> np.ndarray:
    from pipeline.embeddings.encode import encode_arrays

    ((_, features),) = encode_arrays([(0, frames)], network, backbone, use_bf16=use_bf16)
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
