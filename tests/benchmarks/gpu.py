"""How fast a GPU embeds frames that are decoded, and how much of the time it is busy."""

import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.report import RUNS, BenchRow

WANTED_FRAMES_PER_S = {"resnet50": 12_000.0, "swin_t": 8_000.0}
"""On an H200, from decoded frames. Source: the project's own targets."""

WANTED_CARD = "H200"
WANTED_BUSY_PERCENT = 90.0

MOVIES, FRAMES, PASSES = 64, 96, 4
"""Of one counted run: 64 trailers of 96 frames, 925 MB of pixels, so many times over."""

SAMPLE_MS = 50
NO_GPU = "torch finds no GPU here"


def gpu_rows() -> list[BenchRow]:
    """Return a row for the rate and one for the busy share of each backbone."""
    import torch

    if torch.cuda.is_available():
        return [row for name in WANTED_FRAMES_PER_S for row in _rows(name)]
    missing = [("frames/s", name, wanted) for name, wanted in WANTED_FRAMES_PER_S.items()]
    return [
        BenchRow(f"{name} on a GPU", None, unit, f"wanted on an {WANTED_CARD}", wanted, 1.0,
                 better="higher", why=NO_GPU)
        for unit, name, wanted in missing
    ]  # fmt: skip


def _rows(name: str) -> Iterator[BenchRow]:
    import torch

    card = torch.cuda.get_device_name()
    target = 1.0 if WANTED_CARD in card else None
    _embed(name)
    runs = [_embed(name) for _ in range(RUNS)]
    rate = statistics.median(run[0] for run in runs)
    busy = [run[1] for run in runs if run[1] is not None]
    yield BenchRow(f"{name} on {card}", rate, "frames/s", f"wanted on an {WANTED_CARD}",
                   WANTED_FRAMES_PER_S[name], target, better="higher")  # fmt: skip
    yield BenchRow(f"{name}: {card} is busy", statistics.median(busy) if busy else None, "%",
                   "wanted", WANTED_BUSY_PERCENT, 1.0, better="higher", bound=100.0,
                   why="" if busy else "nvidia-smi is not on the path")  # fmt: skip


def _embed(name: str) -> tuple[float, float | None]:
    """Embed the movies in bfloat16; give frames per second and the busy share, in percent."""
    import torch

    from benchmarks.images import draw_movies
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.encode import encode_arrays
    from pipeline.embeddings.pixel_networks import build_pixel_network

    backbone = BACKBONES[name]
    network = build_pixel_network(backbone, None)
    movies = draw_movies(MOVIES, FRAMES, backbone.input_px)
    list(encode_arrays(movies[:8], network, backbone, device="cuda", use_bf16=True))
    torch.cuda.synchronize()
    with _watch() as seen:
        began_s = time.perf_counter()
        for _ in encode_arrays(movies * PASSES, network, backbone, device="cuda", use_bf16=True):
            pass
        took_s = time.perf_counter() - began_s
    return PASSES * MOVIES * FRAMES / took_s, statistics.mean(seen) if seen else None


@contextmanager
def _watch() -> Iterator[list[float]]:
    """Sample how busy the first GPU is; the list is filled when the watching ends."""
    seen: list[float] = []
    if not shutil.which("nvidia-smi"):
        yield seen
        return
    query = ["--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "--id=0"]
    process = subprocess.Popen(
        ["nvidia-smi", *query, f"--loop-ms={SAMPLE_MS}"], stdout=subprocess.PIPE, text=True
    )
    try:
        yield seen
    finally:
        process.terminate()
        lines = process.communicate()[0].splitlines()
    figures = [float(line) for line in lines if line.strip().isdigit()]
    seen += figures[2:]  # the first ones are of the time before
