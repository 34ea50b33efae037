"""What the first 30 s of a sound cost as mono at 16 kHz, beside librosa and beside ffmpeg's pipe.

All sides run in turn; CPU time counts, with that of the programs a side calls. Sounds are invented,
as AAC, which trailers have, and as MP3, which librosa reads by itself: there FFmpeg's decoder alone
spends over half of what librosa spends on everything, so that the target is out of its reach. Real
sounds are those of the videos beside the checkout.
"""

import atexit
import importlib.util
import os
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import suppress
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks import video_sides as sides
from benchmarks.report import RUNS, BenchRow
from benchmarks.video_files import real_videos

LENGTH_S = 120
DURATION_S = 30.0
RATE_HZ = 16_000
SOURCE_HZ = 44_100
LIBROSA, FFMPEG = "librosa", "ffmpeg-pipe"
MAX_RATIO = 0.4
SOUNDS = {"AAC": ("a.m4a", "aac"), "MP3": ("a.mp3", "mp3")}
"""Name and encoder of the invented sounds."""


def measure(files: Sequence[Path] = (), *, runs: int = RUNS) -> list[BenchRow]:
    """Measure invented sounds, then those of the files.

    Args:
        files: Media files; without any, the real videos beside the checkout, where they are.
        runs: Counted runs of each side, after one warm-up.
    """
    with tempfile.TemporaryDirectory(prefix="marquee-bench-") as folder:
        rows = []
        for name, (file_name, codec) in SOUNDS.items():
            path = Path(folder, file_name)
            _compose(path, codec)
            rows += _rows(f"{DURATION_S:.0f} s of {name}", path, runs, MAX_RATIO)
    for path in files or real_videos():
        if _has_sound(path):
            rows += _rows(f"sound of {path.stem}", path, runs, None)
    return rows


def _rows(name: str, path: Path, runs: int, target: float | None) -> list[BenchRow]:
    side, missing = {"ours": partial(_ours, path)}, {}
    for peer, find in ((LIBROSA, _find_librosa), (FFMPEG, _find_ffmpeg)):
        try:
            side[peer] = find(path)
        except sides.NoPeerError as err:
            missing[peer] = str(err)
    rounds = [{key: _cpu_ms(work) for key, work in side.items()} for _ in range(runs + 1)]
    medians = {key: statistics.median(one[key] for one in rounds[1:]) for key in side}
    return [
        BenchRow(name, medians["ours"], "CPU ms", peer, medians.get(peer), wanted,
                 why=missing.get(peer, ""))
        for peer, wanted in ((LIBROSA, target), (FFMPEG, None))
    ]  # fmt: skip


def _cpu_ms(work: Callable[[], object]) -> float:
    before_s = _children_s() + time.process_time()
    work()
    return 1000 * (_children_s() + time.process_time() - before_s)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ours(path: Path) -> np.ndarray:
    from pipeline.media.audio import decode_audio

    return decode_audio(path, duration_s=DURATION_S, sample_rate_hz=RATE_HZ)


def _find_librosa(path: Path) -> Callable[[], object]:
    """Let librosa read the file; what it cannot read by itself it hands to a program on the PATH.

    Raises:
        NoPeerError: It is not installed, or cannot read the file.
    """
    if not importlib.util.find_spec("librosa"):
        raise sides.NoPeerError("no librosa; `uv sync --group bench` brings it")
    import librosa

    _lend_ffmpeg()

    def load() -> object:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says that it hands the file to a program
            return librosa.load(path, sr=RATE_HZ, mono=True, duration=DURATION_S)

    try:
        load()
    except Exception as err:
        raise sides.NoPeerError(f"librosa cannot read it: {type(err).__name__}") from err
    return load


def _lend_ffmpeg() -> None:
    """Let librosa find the program that the other peer is, under the name that it looks for."""
    if shutil.which("ffmpeg"):
        return
    with suppress(sides.NoPeerError):
        program = sides.find_ffmpeg()
        folder = Path(tempfile.mkdtemp(prefix="marquee-bench-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        (folder / "ffmpeg").symlink_to(program)
        os.environ["PATH"] += os.pathsep + str(folder)


def _find_ffmpeg(path: Path) -> Callable[[], object]:
    command = [
        sides.find_ffmpeg(), "-v", "error", "-threads", "1", "-i", str(path), "-vn", "-t",
        str(DURATION_S), "-ac", "1", "-ar", str(RATE_HZ), "-f", "s16le", "-",
    ]  # fmt: skip

    def pipe() -> object:
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        return np.frombuffer(done.stdout, dtype=np.int16)

    return pipe


def _has_sound(path: Path) -> bool:
    from pipeline.media.trailer import probe

    return probe(path).has_audio


def _compose(path: Path, codec: str) -> None:
    """Encode stereo tones that wander over a floor of noise."""
    import av

    rng = np.random.default_rng(11)
    times_s = np.arange(SOURCE_HZ) / SOURCE_HZ
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=SOURCE_HZ, layout="stereo")
        stream.bit_rate = 128_000
        resampler = av.AudioResampler(stream.format, "stereo", SOURCE_HZ, stream.frame_size or 1152)
        for second in range(LENGTH_S):
            tones = [np.sin(2 * np.pi * hz * times_s) for hz in rng.uniform(80, 4000, 6)]
            noise = rng.normal(0, 0.02, (2, SOURCE_HZ))
            sound = (0.08 * np.sum(tones, axis=0) + noise).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(sound, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts = SOURCE_HZ, second * SOURCE_HZ
            frame.time_base = Fraction(1, SOURCE_HZ)
            for part in resampler.resample(frame):
                container.mux(stream.encode(part))
        container.mux(stream.encode(None))
