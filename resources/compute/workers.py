"""Parallel trainings, each in a child process with one thread."""

import queue
import signal
import threading
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pipeline.core.errors import MarqueeError, TrainingError
from resources.compute.device import count_threads
from resources.compute.process_pool import ChildProcess, ProcessPool, describe_end
from resources.compute.processes import read_reply

MEMORY_BYTES = 2 * 2**30
"""Memory reserved for each worker: torch alone takes half of it."""

MOST = 8
"""Maximum number of workers: more of them wait for the disk."""

MOST_ON_GPU = 2
"""Maximum number on a GPU, which they share: one computes while the other reads."""

MEMORY_INFO = Path("/proc/meminfo")
MEMORY_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
"""Where Linux shows a container's memory limit, new and old."""

ONE_THREAD: dict[str, str] = dict.fromkeys(
    ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1"
)


@dataclass(frozen=True)
class Call:
    """One computation.

    Attributes:
        name: For messages if it fails.
        function: Importable by name; arguments and result can be pickled.
        arguments: Its arguments.
    """

    name: str
    function: Callable[..., Any]
    arguments: tuple


_Results = queue.SimpleQueue[tuple[int, int, Any] | Exception]
"""Number of the group, number of the call and its result; or an error."""


class Workers(ProcessPool):
    """A pool of training processes, started when there are two groups of calls.

    Args:
        most: Maximum number of processes; None for one per CPU thread, where memory allows.
    """

    def __init__(self, most: int | None = None):
        self._given_most = most
        super().__init__(
            lambda: ChildProcess("resources.compute.processes", "trainings", environment=ONE_THREAD)
        )

    def count(self, n_groups: int) -> int:
        """Return how many groups would run at a time; 1 means in this process."""
        return 1 if n_groups < 2 else max(1, min(self._most, n_groups))

    def run(self, groups: Sequence[Sequence[Call]]) -> Generator[tuple[int, int, Any], None, None]:
        """Run all calls: groups in parallel in the order given, a group's calls in turn.

        A failed call ends everything in progress, as does the end of the iteration.

        Args:
            groups: Calls; those of different groups must not write the same files.

        Yields:
            Number of the group, number of the call in it, and its result, as they complete.

        Raises:
            TrainingError: A process was ended; the message names the call and the remedy.
            Exception: Whatever a call raises, with the frames of its process as a note.
        """
        if (count := self.count(len(groups))) == 1:
            for g, calls in enumerate(groups):
                for c, call in enumerate(calls):
                    yield g, c, call.function(*call.arguments)
            return
        results: _Results = queue.SimpleQueue()
        threads = self._start(count, groups, results)
        is_done = False
        try:
            for _ in range(sum(map(len, groups))):
                result = results.get()
                if isinstance(result, Exception):
                    raise result
                yield result
            is_done = True
        finally:
            if not is_done:
                self.close()
            for thread in threads:
                thread.join()

    @cached_property
    def _most(self) -> int:
        """Computed once: later the processes themselves have taken memory."""
        return count_workers() if self._given_most is None else self._given_most

    def _start(
        self,
        count: int,
        groups: Sequence[Sequence[Call]],
        results: _Results,
    ) -> list[threading.Thread]:
        """Start a thread for each process, which sends its calls and collects the results."""
        waiting: queue.SimpleQueue[tuple[int, Sequence[Call]]] = queue.SimpleQueue()
        for numbered in enumerate(groups):
            waiting.put(numbered)
        self.is_closed = False
        threads = [
            threading.Thread(target=self._work, args=(waiting, results), daemon=True)
            for _ in range(count)
        ]
        for thread in threads:
            thread.start()
        return threads

    def _work(
        self,
        waiting: queue.SimpleQueue[tuple[int, Sequence[Call]]],
        results: _Results,
    ) -> None:
        """Run groups in one process until none waits; put results, or an error, into the queue."""
        process = None
        try:
            process = self.acquire()
            while not self.is_closed:
                try:
                    g, calls = waiting.get_nowait()
                except queue.Empty:
                    break
                for c, call in enumerate(calls):
                    results.put((g, c, self._request(process, call)))
        except Exception as error:  # noqa: BLE001 - it is raised again by whoever waits
            results.put(error)
        finally:
            if process is not None:
                self.release(process)

    def _request(self, process: ChildProcess, call: Call) -> Any:
        out_of_memory = TrainingError(f"Memory was too short for {call.name}. {_REMEDY}")
        try:
            reply = process.request((call.function, call.arguments))
        except (EOFError, OSError):
            raise self._failure(call, process.wait()) from None
        return read_reply(reply, out_of_memory)

    def _failure(self, call: Call, status: int) -> MarqueeError:
        if self.is_closed:
            return TrainingError(f"{call.name} was stopped")
        if status == -signal.SIGKILL:
            why = "was killed, most likely because memory ran out"
        else:
            why = f"crashed ({describe_end(status)})"
        return TrainingError(f"The process of {call.name} {why}. {_REMEDY}")


_REMEDY = (
    "Set MARQUEE_TRAINERS to a smaller number (1: one after another) and run again: finished "
    "trainings are kept, and an interrupted one resumes from its last checkpoint."
)


def count_workers() -> int:
    """Return the number of workers for this machine: one per CPU thread, where memory allows.

    Imports torch, to find whether there is a GPU.
    """
    import torch

    most = MOST_ON_GPU if torch.cuda.is_available() else MOST
    return max(1, min(count_threads(), most, free_bytes() // MEMORY_BYTES))


def free_bytes() -> int:
    """Return the memory available to workers, by the machine and by its container."""
    texts = [path.read_text().strip() for path in MEMORY_LIMITS if path.is_file()]
    return min([_available(MEMORY_INFO), *(int(text) for text in texts if text.isdigit())])


def _available(info: Path) -> int:
    """Read the memory that Linux has without swapping; enough for all workers if unknown."""
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return MOST * MEMORY_BYTES
