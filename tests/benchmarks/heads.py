"""What one epoch of each head costs, from embeddings that lie on disk.

Time is of the second epoch, with its validation and checkpoint; memory is what the process holds
itself, pages of mapped files not counted, since the system takes those back when it wants.
"""

import multiprocessing
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.head_films import open_films, write_films
from benchmarks.report import BenchRow
from pipeline.models.systems.registry import SYSTEMS
from pipeline.models.systems.system import System

FILMS = 36_000
THREADS = 2
"""Of each training: the limit is of one training that has two cores to itself."""

MAX_EPOCH_S = 60.0
MAX_LOADING = 0.10
MAX_MEMORY_MB = 4_096.0

_SAMPLE_S = 0.05


@dataclass(frozen=True)
class Cost:
    """What a head's second epoch cost.

    Attributes:
        epoch_s: Wall time.
        cpu_s: Time of all cores.
        waited_s: How long training waited for batches.
        memory_mb: Most that the process held, in 2**20 bytes.
    """

    epoch_s: float
    cpu_s: float
    waited_s: float
    memory_mb: float


def measure(films: int = FILMS, variants: Sequence[str] = ()) -> list[BenchRow]:
    """Measure every head that reads embeddings.

    Args:
        films: How many; the limit of an epoch's time shrinks with them.
        variants: Only these, by name; all where none is named.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="marquee-heads-") as folder:
        write_films(Path(folder), films)
        for system, variant in heads():
            if not variants or variant in variants:
                rows += _head_rows(Path(folder), system, variant, films)
    return rows


def heads() -> Iterator[tuple[System, str]]:
    """Name the estimators that read embeddings: those whose config names streams."""
    for system in SYSTEMS:
        for name, estimator in system.estimators().items():
            if hasattr(estimator.config, "streams") and system.name != "box_office":
                yield system, name


def _head_rows(folder: Path, system: System, variant: str, films: int) -> list[BenchRow]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        cost = pool.submit(spend, folder, system.name, variant, films, THREADS).result()
    label, limit_s = f"{system.name}, {variant}", MAX_EPOCH_S * films / FILMS
    share = cost.waited_s / cost.epoch_s
    return [
        BenchRow(f"epoch of {label}", cost.epoch_s, "s", "limit", limit_s, 1.0),
        BenchRow(f"CPU time of {label}", cost.cpu_s, "s", "epoch", cost.epoch_s, None),
        BenchRow(f"loading of {label}", share, "of the epoch", "limit", MAX_LOADING, 1.0),
        BenchRow(f"memory of {label}", cost.memory_mb, "MiB", "limit", MAX_MEMORY_MB, 1.0),
    ]


def spend(folder: Path, system_name: str, variant: str, films: int, threads: int) -> Cost:
    """Train two epochs on so many threads; give what the second one cost."""
    import torch

    from pipeline.models.training.estimator import RunConfig

    torch.set_num_threads(1)
    system = next(system for system in SYSTEMS if system.name == system_name)
    inputs, target, parts = open_films(folder, system.tasks[0], films)
    waits, ends = _time_waits(), []

    def on_epoch(*_: object) -> None:
        ends.append((time.perf_counter(), time.process_time(), sum(waits)))

    with tempfile.TemporaryDirectory(prefix="marquee-head-") as made, _Memory() as memory:
        system.estimators()[variant].train(
            inputs,
            target,
            parts,
            RunConfig(
                Path(made),
                accelerator="cpu",
                on_epoch=on_epoch,
                hyperparameters={"max_epochs": 2, "cpu_threads": threads},
            ),
        )
    first, second = ends[-2:]
    epoch_s, cpu_s, waited_s = (after - before for before, after in zip(first, second, strict=True))
    return Cost(epoch_s, cpu_s, waited_s, memory.most_mb)


def _time_waits() -> list[float]:
    """From now on, note how long each batch of this process is waited for."""
    from pipeline.models.training.batches import Batches

    waits: list[float] = []
    give = Batches.__iter__

    def timed(self) -> Iterator:
        batches, start = give(self), time.perf_counter()
        for batch in batches:
            waits.append(time.perf_counter() - start)
            yield batch
            start = time.perf_counter()

    Batches.__iter__ = timed
    return waits


class _Memory:
    """Looks at what the process holds, again and again."""

    def __init__(self):
        self.most_mb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Memory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.wait(_SAMPLE_S):
            self.most_mb = max(self.most_mb, _anonymous_mb())


def _anonymous_mb() -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    held = next(line for line in lines if line.startswith("RssAnon"))
    return int(held.split()[1]) / 1024
