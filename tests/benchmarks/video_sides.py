"""Each side of the benchmark of frames: what it spends on one video, in CPU seconds or
megabytes.
"""

import importlib.util
import json
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.torchcodec_side import run_torchcodec
from pipeline.frames.sampling import choose_keyframes, choose_pts
from pipeline.media.trailer import open_trailer


class NoPeerError(Exception):
    """A peer cannot be had on this machine; says why."""


def sampled_cpu_s(path: Path, count: int, seed: int) -> float:
    """Spend CPU time on listing a video's frames, choosing some at random, and decoding them."""
    began_s = time.process_time()
    with open_trailer(path) as trailer:
        trailer.decode(choose_pts(trailer.timeline.pts, count, seed))
    return time.process_time() - began_s


def keyframes_cpu_s(path: Path, count: int, seed: int) -> float:
    """Spend CPU time on the same among keyframes alone."""
    began_s = time.process_time()
    with open_trailer(path) as trailer:
        timeline = trailer.timeline
        trailer.decode(choose_keyframes(timeline.pts, timeline.key_pts, count, seed))
    return time.process_time() - began_s


def find_ffmpeg() -> str:
    """Find the program on the PATH, or the one that imageio-ffmpeg brings.

    Raises:
        NoPeerError: There is neither.
    """
    if found := shutil.which("ffmpeg"):
        return found
    if importlib.util.find_spec("imageio_ffmpeg"):
        import imageio_ffmpeg

        return imageio_ffmpeg.get_ffmpeg_exe()
    raise NoPeerError("no ffmpeg on the PATH; `uv sync --group bench` brings one")


def ffmpeg_cpu_s(ffmpeg: str, path: Path) -> float:
    """Spend CPU time on decoding the whole video with one thread and writing nothing."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [ffmpeg, "-v", "error", "-threads", "1", "-i", str(path), "-map", "0:v:0"]
    subprocess.run([*command, "-f", "null", "-"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def find_torchcodec(path: Path) -> None:
    """Let torchcodec decode a frame.

    Raises:
        NoPeerError: It is not installed, or does not load.
    """
    if not importlib.util.find_spec("torchcodec"):
        raise NoPeerError("no torchcodec; `uv sync --group bench` brings it")
    try:
        run_torchcodec(path, 1, 0)
    except RuntimeError as err:
        raise NoPeerError(str(err)) from err


def peak_memory_mb(path: Path, count: int) -> tuple[float, float]:
    """Sample frames in a new process; give the growth of its peak memory, and what it had idle.

    Raises:
        NoPeerError: This system does not tell a process its peak memory.
    """
    if not Path("/proc/self/status").exists():
        raise NoPeerError("this system has no /proc/self/status")
    command = [sys.executable, "-m", "benchmarks.video_sides", str(path), str(count)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    idle_mb, peak_mb = json.loads(done.stdout)
    return peak_mb - idle_mb, idle_mb


def _own_peak_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    idle_mb = _own_peak_mb()
    sampled_cpu_s(Path(sys.argv[1]), int(sys.argv[2]), seed=1)
    print(json.dumps([idle_mb, _own_peak_mb()]))
