"""Decoding in child processes, so that a damaged file can crash one of them but never the run."""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.core.errors import MarqueeError, TrailerError
from pipeline.core.outcomes import Reason
from resources.compute.device import count_threads
from resources.compute.process_pool import ChildProcess, ProcessPool, describe_end
from resources.compute.processes import ReplyKind, read_reply

MEMORY_BYTES = 768 * 2**20
"""What one call may map beyond the idle process, which with it stays below 1 GB."""

LIMIT_S = 60.0
"""Seconds without a heartbeat after which a call counts as hanging."""

CALLS_PER_PROCESS = 100
"""Calls after which a process is replaced, with whatever damaged files left in its memory."""

_ENDED = "the run has ended: no more files are decoded"

T = TypeVar("T")


class Decoders(ProcessPool):
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
        super().__init__(
            lambda: ChildProcess(
                "resources.compute.decoding_process", "decoding", memory_bytes, limit_s
            )
        )

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

    def _request(self, call: tuple) -> "_Result | int":
        """Return the result of a call, or the exit status of the process that it ended."""
        if self.is_closed:
            raise MarqueeError(_ENDED)
        process = self.acquire()
        is_reusable = False
        try:
            reply = process.request(call)
            is_intact = reply[0] is not ReplyKind.MEMORY
            is_reusable = is_intact and process.calls < self._calls_per_process
        except (EOFError, OSError):
            return process.wait()
        finally:
            self.release(process, is_reusable=is_reusable)
        detail = f"decoding exceeded {self._memory_bytes // 2**20} MB of memory"
        return _Result(read_reply(reply, TrailerError(Reason.MALFORMED, detail)))

    def _failure(self, status: int) -> Exception:
        if self.is_closed:
            return MarqueeError(_ENDED)
        if status == -signal.SIGKILL:
            detail = "the process that decoded the file was killed twice: memory may be short"
            return TrailerError(Reason.UNEXPECTED, detail)
        if status == -signal.SIGALRM:
            detail = f"decoding hung: no heartbeat for {self._limit_s:.0f} s"
        else:
            detail = f"decoding crashed ({describe_end(status)})"
        return TrailerError(Reason.MALFORMED, detail)


@dataclass(frozen=True)
class _Result:
    """A value that a call returned."""

    value: Any
