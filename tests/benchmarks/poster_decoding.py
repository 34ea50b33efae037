"""What a poster file costs until it is pixels for the backbones, beside plain Pillow."""

import io
from functools import partial

from benchmarks.compute import measure_in_turns, spend_cpu_s
from benchmarks.poster_host import POSTERS, draw_file
from benchmarks.report import RUNS, BenchRow
from pipeline.core.image_inputs import POSTER_SIZE_PX

PEER = "Pillow: open, convert, resize"
BOUND = "decoding at a half"
MIN_RATIO = 1.9
SIZE = POSTER_SIZE_PX


def decoding_row(posters: int = POSTERS, runs: int = RUNS) -> BenchRow:
    """Compare posters of 500x750 per CPU second; the limit is libjpeg's decoding at half size."""
    files = [draw_file(number) for number in range(posters)]
    rate = {
        name: partial(_rate, decode, files)
        for name, decode in {"ours": _load, PEER: _load_plainly, BOUND: _decode_at_a_half}.items()
    }
    found = measure_in_turns(rate, runs)
    return BenchRow(f"500x750 JPEG to {SIZE[0]}x{SIZE[1]}", found["ours"], "/CPU s", PEER,
                    found[PEER], MIN_RATIO, better="higher", bound=found[BOUND])  # fmt: skip


def _rate(decode, files: list[bytes]) -> float:
    return len(files) / spend_cpu_s(lambda: [decode(content) for content in files])


def _load(content: bytes) -> object:
    from pipeline.media.poster import load_embedded_poster

    return load_embedded_poster(content)


def _load_plainly(content: bytes) -> object:
    import numpy as np
    from PIL import Image

    image = Image.open(io.BytesIO(content)).convert("RGB")
    return np.asarray(image.resize(SIZE, Image.Resampling.BILINEAR))


def _decode_at_a_half(content: bytes) -> None:
    from PIL import Image

    image = Image.open(io.BytesIO(content))
    image.draft("RGB", (image.width // 2, image.height // 2))
    image.load()
