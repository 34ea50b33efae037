"""Long computations side by side, each in a process of its own with one thread."""

import queue
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.core.errors import MarqueeError, TrainingError
from resources.compute.answering_process import read_answer
from resources.compute.called_process import CalledProcess
from resources.compute.device import count_threads

MEMORY_BYTES = 2 * 2**30
"""What is reckoned for each worker: torch alone takes half of it."""

MOST = 8
"""More read the same disk and wait for each other."""

MOST_ON_GPU = 2
"""They share the first GPU: one computes while the other reads."""

MEMORY_INFO = Path("/proc/meminfo")
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux says what a container may take, new and old."""

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Call:
    """One computation.

    Attributes:
        name: For whoever reads that it failed.
        function: Importable by name; arguments and result can be pickled.
        arguments: Its arguments.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple


class Workers:
    """A few processes that compute; starts none before there are two groups of calls.

    Args:
        most: Processes at most; None for one per processor thread, where memory allows.
    """

    def __init__(self, most: int | None = None):
        self._wanted = most
        self._lock = threading.Lock()
        self._idle: list[CalledProcess] = []
        self._all: set[CalledProcess] = set()
        self._is_closed = False

    def count(self, n_groups: int) -> int:
        """Say how many groups would be computed at a time; 1 means in this process."""
        return 1 if n_groups < 2 else max(1, min(self._most, n_groups))

    def run(self, groups: Sequence[Sequence[Call]]) -> Iterator[tuple[int, int, Any]]:
        """Compute all calls: groups side by side in the order given, a group's calls in turn.

        A call that fails ends everything that is under way, as does whoever stops iterating.

        Args:
            groups: Of calls that do not write where those of another group do.

        Yields:
            Number of the group, number of the call in it, and its result, as they come.

        Raises:
            TrainingError: A process was ended; the message names the call and the remedy.
            Exception: Whatever a call raises, with the frames of its process as a note.
        """
        if (count := self.count(len(groups))) == 1:
            for g, calls in enumerate(groups):
                for c, call in enumerate(calls):
                    yield g, c, call.function(*call.arguments)
            return
        told: queue.SimpleQueue[tuple | Exception] = queue.SimpleQueue()
        threads = self._start(count, groups, told)
        is_done = False
        try:
            for _ in range(sum(map(len, groups))):
                came = told.get()
                if isinstance(came, Exception):
                    raise came
                yield came
            is_done = True
        finally:
            if not is_done:
                self.close()
            for thread in threads:
                thread.join()

    def close(self) -> None:
        """End all processes, also those that are at work."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = self._all.difference(idle)
            self._all = busy
        for process in busy:
            process.kill()  # whoever waits for it tidies up
        for process in idle:
            process.end()

    def pids(self) -> list[int]:
        """Return the ids of the processes that live."""
        with self._lock:
            return [process.pid for process in self._all]

    @cached_property
    def _most(self) -> int:
        """Looked at once: later the processes themselves have taken memory."""
        return count_workers() if self._wanted is None else self._wanted

    def _start(
        self, count: int, groups: Sequence[Sequence[Call]], told: queue.SimpleQueue
    ) -> list[threading.Thread]:
        """Start a thread for each process; it asks, waits and tells."""
        waiting: queue.SimpleQueue[tuple[int, Sequence[Call]]] = queue.SimpleQueue()
        for numbered in enumerate(groups):
            waiting.put(numbered)
        self._is_closed = False
        threads = [
            threading.Thread(target=self._work, args=(waiting, told), daemon=True)
            for _ in range(count)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _work(self, waiting: queue.SimpleQueue, told: queue.SimpleQueue) -> None:
        """Compute groups in one process until none waits; tell results, or what went wrong."""
        process = None
        try:
            process = self._take()
            while not self._is_closed:
                try:
                    g, calls = waiting.get_nowait()
                except queue.Empty:
                    break
                for c, call in enumerate(calls):
                    told.put((g, c, self._ask(process, call)))
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever waits
            told.put(error)
        finally:
            if process is not None:
                self._give(process)

    def _take(self) -> CalledProcess:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        process = CalledProcess(
            "resources.compute.worker_process", "trainings", environment=ONE_THREAD
        )
        with self._lock:
            self._all.add(process)
            if self._is_closed:
                process.kill()
        return process

    def _give(self, process: CalledProcess) -> None:
        with self._lock:
            if not self._is_closed:
                self._idle.append(process)
                return
            self._all.discard(process)
        process.end()

    def _ask(self, process: CalledProcess, call: Call) -> Any:
        short = TrainingError(f"Memory was too short for {call.name}. {_REMEDY}")
        try:
            answer = process.ask((call.function, call.arguments))
        except (EOFError, OSError):
            raise self._blame(call, process.wait()) from None
        return read_answer(answer, short)

    def _blame(self, call: Call, status: int) -> MarqueeError:
        if self._is_closed:
            return TrainingError(f"{call.name} was stopped")
        if status == -signal.SIGKILL:
            why = "was killed, most likely because memory ran out"
        else:
            name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            why = f"crashed ({name})"
        return TrainingError(f"The process of {call.name} {why}. {_REMEDY}")


_REMEDY = (
    "Set MARQUEE_TRAINERS to a smaller number (1: one after another) and run again: what was "
    "finished is kept, and an interrupted training goes on from its last checkpoint."
)


def count_workers() -> int:
    """Say how many workers this machine bears: one per processor thread, where memory allows.

    Imports torch, which says whether there is a GPU.
    """
    import torch

    most = MOST_ON_GPU if torch.cuda.is_available() else MOST
    return max(1, min(count_threads(), most, free_bytes() // MEMORY_BYTES))


def free_bytes() -> int:
    """Say how much memory there is for workers, by the machine and by its container."""
    texts = [path.read_text().strip() for path in MEMORY_LIMITS if path.is_file()]
    return min([_available(MEMORY_INFO), *(int(text) for text in texts if text.isdigit())])


def _available(info: Path) -> int:
    """Read what Linux could give without swapping; where it does not say, all that is wanted."""
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return MOST * MEMORY_BYTES
