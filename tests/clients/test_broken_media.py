"""Damaged files through the processes that decode: every one ends in a reason or a result."""

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from broken_media import (
    N_WAYS,
    POSTER,
    SOUND,
    Broken,
    broken_files,
    generated_files,
    real_files,
)

from assets.frames.trailer_reading import read_frames, read_sound
from pipeline.core.errors import ItemError
from pipeline.media.poster import inspect_poster, load_poster
from pipeline.media.trailer import probe
from resources.compute.decoding import Decoders
from resources.trailers.options import TrailerOptions

REAL = Path(__file__).resolve().parents[2] / "../shared/data"
N_FILES = 200
N_OF_REAL = 24
MAX_BYTES = 1e9


def examine(decoders, folder, number, broken: Broken) -> tuple[str, float, int]:
    """Have one file read as the assets read it; return what came of it, seconds, peak bytes."""
    path = folder / f"{number}{broken.ending}"
    path.write_bytes(broken.data)
    began_s = time.monotonic()
    try:
        outcome = read_as_assets_do(decoders, path, broken, cuts_clips=number % 3 == 0)
    except ItemError as err:
        outcome = err.reason.value
        if err.detail.startswith("decoding "):  # the process was ended by it
            outcome += f" ({err.detail})"
    took_s = time.monotonic() - began_s
    return f"{broken.kind}: {outcome}", took_s, max(map(peak_bytes, decoders.pids()), default=0)


def read_as_assets_do(decoders, path, broken, *, cuts_clips):
    if broken.kind == POSTER:
        decoders.call(inspect_poster, path.read_bytes())
        decoders.call(load_poster, path)
        return "whole"
    if broken.kind == SOUND:
        decoders.call(read_sound, path, TrailerOptions(), beats=True)
        return "whole or its beginning"
    decoders.call(probe, path)
    options = TrailerOptions(cuts_clips=cuts_clips)
    reading = decoders.call(read_frames, path, 597, options, beats=True)
    return "partial" if reading.figures["is_partial"] else "whole"


def peak_bytes(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:  # it ended meanwhile
        return 0
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 if "VmHWM:" in status else 0


def corpus() -> list[Broken]:
    of_real = list(broken_files(real_files(REAL), N_OF_REAL)) if REAL.is_dir() else []
    return [*broken_files(generated_files(), N_FILES - len(of_real)), *of_real]


def few() -> list[Broken]:
    """Damage each kind of file in each way once."""
    wholes = generated_files()
    return list(broken_files(wholes, N_WAYS * len(wholes)))


@pytest.mark.parametrize("choose", [few, pytest.param(corpus, marks=pytest.mark.slow)])
def test_damaged_files_end_in_a_reason_and_none_in_a_crash(tmp_path, capsys, choose):
    files = choose()
    with Decoders(2) as decoders, ThreadPoolExecutor(2) as threads:
        jobs = [partial(examine, decoders, tmp_path, i, one) for i, one in enumerate(files)]
        results = [future.result() for future in [threads.submit(job) for job in jobs]]
    outcomes, seconds, peaks = zip(*results, strict=True)
    counts = Counter(zip(outcomes, (one.damage for one in files), strict=True))
    with capsys.disabled():
        print(f"\n{len(files)} damaged files, slowest {max(seconds):.1f} s, "
              f"most memory {max(peaks) / 1e6:.0f} MB")  # fmt: skip
        for (outcome, damage), count in sorted(counts.items()):
            print(f"{count:5} {damage:13} {outcome}")
    assert max(peaks) < MAX_BYTES
    assert not [outcome for outcome in outcomes if "crashed" in outcome or "hung" in outcome]
    assert len({outcome.split(": ")[1] for outcome in outcomes}) >= 5
