"""The process that decodes: takes a call, answers, takes the next; ends with its parent.

What belongs here: its limits and its loop. What does not: whose turn it is, and what its death
means (see `resources.decoding`). It imports neither torch nor Dagster.
"""

import importlib
import os
import pickle
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from enum import StrEnum
from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.errors import ItemError

PRELOADED = (
    "cv2", "scenedetect", "pipeline.media.audio", "pipeline.media.trailer", "pipeline.media.shots",
)  # fmt: skip
"""Loaded before memory is limited, so that no movie pays for them."""


class Answer(StrEnum):
    """What came of a call; the rest of the message hangs on it."""

    READY = "ready"
    RESULT = "result"
    ITEM = "item"
    MEMORY = "memory"
    ERROR = "error"


def serve(connection: Connection, memory_bytes: int, limit_s: float) -> None:
    """Answer calls until the connection is closed.

    A call that says nothing for `limit_s` is ended by the kernel, together with this process: that
    works within a library that never returns, and also when the parent is gone.

    Args:
        connection: Gives (function, arguments, whether it takes `beat`), takes (`Answer`, …).
        memory_bytes: What a call may map beyond what is mapped already.
        limit_s: Seconds of silence; `beat()` breaks it.
    """
    for name in PRELOADED:
        importlib.import_module(name)
    _limit_memory(memory_bytes)
    connection.send((Answer.READY,))
    while True:
        try:
            function, arguments, takes_beat = connection.recv()
        except EOFError:
            return

        def beat() -> None:
            signal.setitimer(signal.ITIMER_REAL, limit_s)

        beat()
        answer = _answer(function, arguments, {"beat": beat} if takes_beat else {})
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send(answer)


def _answer(function: Callable, arguments: tuple, named: dict) -> tuple:
    try:
        return Answer.RESULT, function(*arguments, **named)
    except ItemError as err:
        return Answer.ITEM, type(err), err.reason, err.detail, err.metadata
    except MemoryError:
        return (Answer.MEMORY,)
    except Exception as err:  # noqa: BLE001 - it is raised again where the call was made
        return Answer.ERROR, _sendable(err), traceback.format_exc()


def _sendable(error: Exception) -> Exception:
    """Give the error, or one of the same words where it does not survive the way."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its class does while it is rebuilt
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _limit_memory(more_bytes: int) -> None:
    """Limit what may be mapped; only Linux says how much is mapped already."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped_bytes = int(statm.read_text().split()[0]) * resource.getpagesize()
        most = mapped_bytes + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _end_with_parent() -> None:
    """Wait for the end of standard input, which comes when the parent is gone, however it went."""
    while os.read(0, 1):
        pass
    os._exit(0)


def main() -> None:
    """Serve as the arguments say: the connection's number, bytes, seconds; see `serve`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]))
