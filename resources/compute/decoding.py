"""Decoding in processes of its own, so that a file can end one of them and never the run."""

import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.core.errors import MarqueeError, TrailerError
from pipeline.core.outcomes import Reason
from resources.compute.answering_process import Answer, read_answer
from resources.compute.called_process import CalledProcess
from resources.compute.device import count_threads

MEMORY_BYTES = 768 * 2**20
"""What one call may map beyond the idle process, which with it stays below 1 GB."""

LIMIT_S = 60.0
"""Seconds without a sign of life after which a call counts as hanging."""

CALLS_PER_PROCESS = 100
"""Calls after which a process is replaced: what damaged files leave behind goes with it."""

T = TypeVar("T")


class Decoders:
    """A few processes that decode; may be called from many threads, and starts none before that.

    Args:
        count: Processes at most, one decoder thread each; one per processor thread by default.
        limit_s: Seconds without a sign of life after which a call counts as hanging.
        memory_bytes: What one call may map beyond the idle process.
        calls_per_process: Calls after which a process is replaced.
    """

    def __init__(
        self,
        count: int | None = None,
        *,
        limit_s: float = LIMIT_S,
        memory_bytes: int = MEMORY_BYTES,
        calls_per_process: int = CALLS_PER_PROCESS,
    ):
        self.count = count or count_threads()
        self._limit_s, self._memory_bytes = limit_s, memory_bytes
        self._calls_per_process = calls_per_process
        self._turns = threading.BoundedSemaphore(self.count)
        self._lock = threading.Lock()
        self._idle: list[CalledProcess] = []
        self._all: set[CalledProcess] = set()
        self._is_closed = False

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: Callable[..., T], *arguments: object, beats: bool = False) -> T:
        """Call a function in one of the processes, and wait.

        A process that somebody else killed is no fault of the movie's: the call is made once more.

        Args:
            function: Importable by name; arguments and result can be pickled.
            *arguments: Its arguments.
            beats: Whether it takes a function `beat` and calls it as long as it gets on.

        Raises:
            TrailerError: `MALFORMED` where the process crashed, said nothing for too long, or
                wanted too much memory; `UNEXPECTED` where it was killed twice.
            Exception: Whatever `function` raises, with the frames of that process as a note.
        """
        call = (function, arguments, beats)
        with self._turns:
            status = self._ask(call)
            if status == -signal.SIGKILL:
                status = self._ask(call)
        if isinstance(status, _Result):
            return status.value
        raise self._blame(status)

    def close(self) -> None:
        """End all processes, also those that are at work."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = self._all.difference(idle)
        for process in busy:
            process.kill()  # whoever waits for it tidies up
        for process in idle:
            process.end()
        self._all.difference_update(idle)

    def pids(self) -> list[int]:
        """Return the ids of the processes that live."""
        with self._lock:
            return [process.pid for process in self._all]

    def _ask(self, call: tuple) -> "_Result | int":
        """Return what came of a call, or the exit status of the process that died of it."""
        process = self._take()
        is_reusable = False
        try:
            answer = process.ask(call)
            is_reusable = answer[0] is not Answer.MEMORY
        except (EOFError, OSError):
            return process.wait()
        finally:
            self._give(process, is_reusable)
        return _result(answer, self._memory_bytes)

    def _take(self) -> CalledProcess:
        with self._lock:
            if self._is_closed:
                raise MarqueeError("the run has ended: no more files are decoded")
            if self._idle:
                return self._idle.pop()
        process = CalledProcess(
            "resources.compute.decoding_process", "decoding", self._memory_bytes, self._limit_s
        )
        with self._lock:
            self._all.add(process)
        return process

    def _give(self, process: CalledProcess, is_reusable: bool) -> None:
        with self._lock:
            if is_reusable and process.calls < self._calls_per_process and not self._is_closed:
                self._idle.append(process)
                return
            self._all.discard(process)
        process.end()

    def _blame(self, status: int) -> Exception:
        if self._is_closed:
            return MarqueeError("the run has ended: no more files are decoded")
        if status == -signal.SIGKILL:
            detail = "the process that decoded the file was killed twice: is memory short?"
            return TrailerError(Reason.UNEXPECTED, detail)
        if status == -signal.SIGALRM:
            detail = f"decoding hung: nothing came for {self._limit_s:.0f} s"
        else:
            name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            detail = f"decoding crashed ({name})"
        return TrailerError(Reason.MALFORMED, detail)


class _Result:
    """A value that a call returned."""

    def __init__(self, value: Any):
        self.value = value


def _result(answer: tuple, memory_bytes: int) -> _Result:
    detail = f"decoding wanted more than {memory_bytes // 2**20} MB of memory"
    return _Result(read_answer(answer, TrailerError(Reason.MALFORMED, detail)))
