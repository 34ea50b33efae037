"""Decoding in child processes, so that a damaged file can crash one of them but never the run."""

import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.core.errors import MarqueeError, TrailerError
from pipeline.core.outcomes import Reason
from resources.compute.device import count_threads
from resources.compute.processes import ChildProcess, ReplyKind, read_reply

MEMORY_BYTES = 768 * 2**20
"""What one call may map beyond the idle process, which with it stays below 1 GB."""

LIMIT_S = 60.0
"""Seconds without a heartbeat after which a call counts as hanging."""

CALLS_PER_PROCESS = 100
"""Calls after which a process is replaced, with whatever damaged files left in its memory."""

T = TypeVar("T")


class Decoders:
    """A pool of decoding processes; safe to share between threads, started when first needed.

    Args:
        count: Maximum number of processes, one decoder thread each; one per CPU thread by default.
        limit_s: Seconds without a heartbeat after which a call counts as hanging.
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
        self._idle: list[ChildProcess] = []
        self._all: set[ChildProcess] = set()
        self._is_closed = False

    def __enter__(self) -> "Decoders":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def call(self, function: Callable[..., T], *arguments: object, beats: bool = False) -> T:
        """Call a function in one of the processes, and wait.

        If something else killed the process, the movie is not at fault: the call is repeated once.

        Args:
            function: Importable by name; arguments and result can be pickled.
            *arguments: Its arguments.
            beats: Whether it takes a function `beat` and calls it as it progresses.

        Raises:
            TrailerError: `MALFORMED` where the process crashed, sent no heartbeat for too long,
                or exceeded the memory limit; `UNEXPECTED` where it was killed twice.
            Exception: Whatever `function` raises, with the frames of that process as a note.
        """
        call = (function, arguments, beats)
        with self._turns:
            status = self._request(call)
            if status == -signal.SIGKILL:
                status = self._request(call)
        if isinstance(status, _Result):
            return status.value
        raise self._failure(status)

    def close(self) -> None:
        """End all processes, including busy ones."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            busy = self._all.difference(idle)
        for process in busy:
            process.kill()  # the thread that waits for it cleans up
        for process in idle:
            process.end()
        self._all.difference_update(idle)

    def pids(self) -> list[int]:
        """Return the ids of the running processes."""
        with self._lock:
            return [process.pid for process in self._all]

    def _request(self, call: tuple) -> "_Result | int":
        """Return the result of a call, or the exit status of the process that it ended."""
        process = self._acquire()
        is_reusable = False
        try:
            reply = process.request(call)
            is_reusable = reply[0] is not ReplyKind.MEMORY
        except (EOFError, OSError):
            return process.wait()
        finally:
            self._release(process, is_reusable)
        return _result(reply, self._memory_bytes)

    def _acquire(self) -> ChildProcess:
        with self._lock:
            if self._is_closed:
                raise MarqueeError("the run has ended: no more files are decoded")
            if self._idle:
                return self._idle.pop()
        process = ChildProcess(
            "resources.compute.decoding_process", "decoding", self._memory_bytes, self._limit_s
        )
        with self._lock:
            self._all.add(process)
        return process

    def _release(self, process: ChildProcess, is_reusable: bool) -> None:
        with self._lock:
            if is_reusable and process.calls < self._calls_per_process and not self._is_closed:
                self._idle.append(process)
                return
            self._all.discard(process)
        process.end()

    def _failure(self, status: int) -> Exception:
        if self._is_closed:
            return MarqueeError("the run has ended: no more files are decoded")
        if status == -signal.SIGKILL:
            detail = "the process that decoded the file was killed twice: memory may be short"
            return TrailerError(Reason.UNEXPECTED, detail)
        if status == -signal.SIGALRM:
            detail = f"decoding hung: no heartbeat for {self._limit_s:.0f} s"
        else:
            name = signal.Signals(-status).name if status < 0 else f"exit status {status}"
            detail = f"decoding crashed ({name})"
        return TrailerError(Reason.MALFORMED, detail)


class _Result:
    """A value that a call returned."""

    def __init__(self, value: Any):
        self.value = value


def _result(reply: tuple, memory_bytes: int) -> _Result:
    detail = f"decoding exceeded {memory_bytes // 2**20} MB of memory"
    return _Result(read_reply(reply, TrailerError(Reason.MALFORMED, detail)))
