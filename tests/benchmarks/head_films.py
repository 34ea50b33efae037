"""Films of random numbers, in the published widths, on disk as the features' table keeps them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pipeline.core.tasks import Task, TaskKind

VECTORS = {"text": (768,), "video": (2048,), "poster": (2048,), "audio": (64, 235)}
SEQUENCES = {
    "frames": (30, 2048),
    "clips": (30, 768),
    "clip_frames": (30, 768),
    "sound": (6, 768),
    "regions": (10, 256),
}
"""At most so many vectors, and their width."""

METADATA_COLUMNS = 51
PRESENT = 0.9

_BLOCK = 500


@dataclass(frozen=True)
class Films:
    """Streams, masks and a hash, as models want them."""

    streams: dict
    masks: dict
    data_hash: str = "random"


def write_films(folder: Path, films: int) -> None:
    """Write all streams; a block of random numbers stands again and again."""
    rng = np.random.default_rng(0)
    for name, shape in VECTORS.items():
        _write(folder / f"{name}.npy", films, shape, rng)
    for name, (longest, width) in SEQUENCES.items():
        lengths = rng.integers(longest // 2, longest + 1, films)
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        np.save(folder / f"{name}-offsets.npy", offsets)
        _write(folder / f"{name}.npy", int(offsets[-1]), (width,), rng)


def open_films(folder: Path, task: Task, films: int):
    """Map the streams; give inputs, a random target and parts of 80, 10 and 10 %."""
    from pipeline.core.ragged import Ragged
    from pipeline.core.tasks import Target
    from pipeline.models.training.estimator import FeatureSet

    rng = np.random.default_rng(1)
    streams = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in VECTORS}
    for name in SEQUENCES:
        offsets = np.load(folder / f"{name}-offsets.npy")
        streams[name] = Ragged(np.load(folder / f"{name}.npy", mmap_mode="r"), offsets)
    streams["metadata"] = rng.normal(size=(films, METADATA_COLUMNS)).astype(np.float32)
    masks = {name: rng.random(films) < PRESENT for name in streams}
    parts = np.array(["train"] * 8 + ["val", "test"], dtype=object)[np.arange(films) % 10]
    return FeatureSet(Films(streams, masks)), Target(task, _values(task, films, rng), {}), parts


def _write(path: Path, rows: int, shape: tuple[int, ...], rng: np.random.Generator) -> None:
    block = rng.normal(size=(_BLOCK, *shape)).astype(np.float16)
    values = np.lib.format.open_memmap(path, "w+", np.float16, (rows, *shape))
    for start in range(0, rows, _BLOCK):
        values[start : start + _BLOCK] = block[: rows - start]
    values.flush()


def _values(task: Task, films: int, rng: np.random.Generator) -> np.ndarray:
    if task.kind is TaskKind.CLASSES:
        return rng.integers(0, len(task.class_names), films)
    if task.kind is TaskKind.LABELS:
        return (rng.random((films, len(task.class_names))) < 0.2).astype(np.float32)
    return rng.normal(size=films)
