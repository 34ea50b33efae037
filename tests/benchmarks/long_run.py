"""Whether memory stays flat over many films, in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report import BenchRow

MOVIES = 10_000
SETTLED = 1_000
"""Movies after which all there is has been loaded and every pool has its size."""

MAX_GROWTH_MB = 16.0
INPUT_PX = 32
ENCODERS = 2


def memory_row(movies: int = MOVIES, settled: int = SETTLED) -> BenchRow:
    """Compare the peak memory after `movies` with that after `settled` of them."""
    label = f"growth of peak memory, film {settled:,} to {movies:,}"
    if not Path("/proc/self/status").exists():
        why = "this system has no /proc/self/status"
        return BenchRow(label, None, "MB", "peak before", None, None, MAX_GROWTH_MB, why=why)
    command = [sys.executable, "-m", __name__, str(movies), str(settled)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    before_mb, after_mb = json.loads(done.stdout)
    return BenchRow(
        label, after_mb - before_mb, "MB", "peak before", before_mb, None, MAX_GROWTH_MB, bound=0.0
    )


def _embed(movies: int, settled: int) -> tuple[float, float]:
    """Embed and write every movie; give the peak memory in MB after `settled` and after all."""
    from dataclasses import replace
    from functools import partial

    import numpy as np
    import torch

    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.encode import encode_arrays
    from pipeline.embeddings.parallel_encoding import encode_in_parallel
    from pipeline.embeddings.pixel_networks import build_pixel_network

    torch.set_num_threads(1)
    backbone = replace(BACKBONES["shufflenet"], input_px=INPUT_PX)
    encode = partial(encode_arrays, network=build_pixel_network(backbone, None), backbone=backbone)
    rng = np.random.default_rng(0)

    def items() -> Iterator[tuple[int, np.ndarray]]:
        for i in range(movies):
            yield i, rng.integers(0, 256, (1 + i % 3, INPUT_PX, INPUT_PX, 3), dtype=np.uint8)

    before_mb = 0.0
    with TemporaryDirectory(prefix="marquee-bench-") as folder:
        results = encode_in_parallel(items(), [encode] * ENCODERS)
        for n_done, (tmdb_id, features) in enumerate(results, start=1):
            np.save(Path(folder, f"{tmdb_id % 100}.npy"), features)
            if n_done == settled:
                before_mb = _peak_mb()
    return before_mb, _peak_mb()


def _peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    print(json.dumps(_embed(int(sys.argv[1]), int(sys.argv[2]))))
