"""What posters cost from the file to their embeddings, by preset."""

from collections.abc import Sequence
from functools import partial

from benchmarks.compute import measure_in_turns, spend_cpu_s
from benchmarks.poster_host import POSTERS, draw_file
from benchmarks.report import BenchRow
from resources.compute.device import CPU_INFO, cpu_has_bf16

MIN_RATIOS = {"random": 1.0, "published": 6.0}
"""Targets of the default preset, by preset beside it: ShuffleNet, which was its backbone once, and
ResNet50."""


def poster_rows(runs: int, posters: int = POSTERS) -> list[BenchRow]:
    """Compare presets by posters of 500x750 per CPU second, decoding included.

    Weights are drawn at random, which changes no speed.

    Args:
        runs: Counted runs of each, after one warm-up.
        posters: Posters in a run.
    """
    from pipeline.core.presets import DEFAULT_PRESET, PRESETS
    from pipeline.embeddings.backbones import BACKBONES
    from pipeline.embeddings.pixel_networks import build_pixel_network

    files = [draw_file(number) for number in range(posters)]
    names = {preset: PRESETS[preset].poster_backbone for preset in (DEFAULT_PRESET, *MIN_RATIOS)}
    sides = {
        preset: partial(_rate, files, build_pixel_network(BACKBONES[name], None), BACKBONES[name])
        for preset, name in names.items()
    }
    found = measure_in_turns(sides, runs)
    return [
        BenchRow(
            f"500x750 JPEG to embeddings by {names[DEFAULT_PRESET]}", found[DEFAULT_PRESET],
            "/CPU s", names[preset], found[preset], target, better="higher",
        )
        for preset, target in MIN_RATIOS.items()
    ]  # fmt: skip


def _rate(files: Sequence[bytes], network, backbone) -> float:
    from pipeline.embeddings.encode import encode_arrays
    from pipeline.media.poster import load_embedded_poster

    def work() -> None:
        loaded = ((k, load_embedded_poster(file)[None]) for k, file in enumerate(files))
        embedded = list(encode_arrays(loaded, network, backbone, use_bf16=cpu_has_bf16(CPU_INFO)))
        assert len(embedded) == len(files)

    return len(files) / spend_cpu_s(work)
