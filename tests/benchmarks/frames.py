"""What sampled frames of a trailer cost, beside ffmpeg decoding all of it and beside torchcodec.

All sides run in turn with one decoder thread, and CPU time counts, so that a busy machine spoils no
ratio. Ours is everything from the file's opening to scaled frames; torchcodec is not asked to
scale; ffmpeg converts and keeps nothing. Every run draws other frames.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from benchmarks import video_sides as sides
from benchmarks.report import RUNS, BenchRow
from benchmarks.torchcodec_side import run_torchcodec
from benchmarks.video_files import DURATION_S, SIZES, generated_trailer, h264_videos

FFMPEG = "ffmpeg-null"
TORCHCODEC = "torchcodec"

MAX_RATIOS = {100: 0.60, 30: 0.40}
"""CPU time over ffmpeg's, by frames sampled of a 120 s trailer."""

MAX_KEYFRAMES_RATIO = 0.10
MAX_TORCHCODEC_RATIO = 0.75
MAX_REAL_RATIO = 0.60
MAX_MEMORY_MB = 60.0
KEPT = 30
SAMPLED = 100


def measure(
    files: Sequence[Path] = (), *, duration_s: int = DURATION_S, runs: int = RUNS
) -> list[BenchRow]:
    """Measure generated trailers, then the H.264 ones among the files.

    Args:
        files: Videos; without any, the real ones beside the checkout, where they are.
        duration_s: Length of the generated trailers.
        runs: Counted runs of each side, after one warm-up.
    """
    rows = []
    for size in SIZES:
        path = generated_trailer(size, duration_s)
        name = f"{duration_s} s {size.name}"
        rows += [*_trailer_rows(path, name, runs), _memory_row(path, name)]
    return [*rows, *_real_rows(h264_videos(files), runs)]


def _trailer_rows(path: Path, name: str, runs: int) -> list[BenchRow]:
    """Compare both kinds of sampling with both peers."""
    labels = {
        **{f"{n} frames of {name}": (sides.sampled_cpu_s, n, MAX_RATIOS[n]) for n in MAX_RATIOS},
        f"{KEPT} keyframes of {name}": (sides.keyframes_cpu_s, KEPT, MAX_KEYFRAMES_RATIO),
    }
    side = {label: partial(spend, path, n) for label, (spend, n, _) in labels.items()}
    missing = _find_peers(path, side)
    medians = _medians(side, runs)
    rows = [
        BenchRow(label, medians[label], "CPU s", FFMPEG, medians.get(FFMPEG), target,
                 why=missing.get(FFMPEG, ""))
        for label, (_, _, target) in labels.items()
    ]  # fmt: skip
    label = f"{SAMPLED} frames of {name}"
    return [
        *rows,
        BenchRow(label, medians[label], "CPU s", TORCHCODEC, medians.get(TORCHCODEC),
                 MAX_TORCHCODEC_RATIO, why=missing.get(TORCHCODEC, "")),
    ]  # fmt: skip


def _find_peers(path: Path, side: dict[str, Callable[[int], float]]) -> dict[str, str]:
    """Add the peers that there are; give why the others are missing."""
    missing = {}
    try:
        ffmpeg = sides.find_ffmpeg()
        side[FFMPEG] = partial(_without_seed, ffmpeg, path)
    except sides.NoPeerError as err:
        missing[FFMPEG] = str(err)
    try:
        sides.find_torchcodec(path)
        side[TORCHCODEC] = partial(run_torchcodec, path, SAMPLED)
    except sides.NoPeerError as err:
        missing[TORCHCODEC] = str(err)
    return missing


def _medians(side: dict[str, Callable[[int], float]], runs: int) -> dict[str, float]:
    """Run all sides in turn, each with the number of the round as its seed."""
    rounds = [{name: spend(i) for name, spend in side.items()} for i in range(runs + 1)]
    return {name: statistics.median(one[name] for one in rounds[1:]) for name in side}


def _memory_row(path: Path, name: str) -> BenchRow:
    label, peer = f"peak memory over idle, {SAMPLED} frames of {name}", "idle-process"
    try:
        growth_mb, idle_mb = sides.peak_memory_mb(path, SAMPLED)
    except sides.NoPeerError as err:
        return BenchRow(label, None, "MB", peer, None, None, MAX_MEMORY_MB, why=str(err))
    return BenchRow(label, growth_mb, "MB", peer, idle_mb, None, MAX_MEMORY_MB)


def _real_rows(paths: Sequence[Path], runs: int) -> Iterator[BenchRow]:
    """Show each video, and hold the median of their ratios against the target."""
    label = f"{KEPT} frames of real H.264 videos, median"
    try:
        ffmpeg = sides.find_ffmpeg()
    except sides.NoPeerError as err:
        yield BenchRow(label, None, "x", FFMPEG, None, MAX_REAL_RATIO, why=str(err))
        return
    ratios = []
    for path in paths:
        name = f"{KEPT} frames of {path.stem}"
        ours = partial(sides.sampled_cpu_s, path, KEPT)
        peer = partial(_without_seed, ffmpeg, path)
        medians = _medians({name: ours, FFMPEG: peer}, runs)
        ratios.append(medians[name] / medians[FFMPEG])
        yield BenchRow(name, medians[name], "CPU s", FFMPEG, medians[FFMPEG], None)
    if not ratios:
        why = "no H.264 video was given, and none lies beside the checkout"
        yield BenchRow(label, None, "x", FFMPEG, None, MAX_REAL_RATIO, why=why)
        return
    yield BenchRow(label, statistics.median(ratios), "x", FFMPEG, 1.0, MAX_REAL_RATIO)


def _without_seed(ffmpeg: str, path: Path, _: int) -> float:
    return sides.ffmpeg_cpu_s(ffmpeg, path)
