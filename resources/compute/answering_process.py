"""The inside of a process that answers calls: what it says, and that it ends with its parent.

It imports neither torch nor Dagster.
"""

import fcntl
import os
import pickle
import resource
import signal
import threading
import traceback
from collections.abc import Callable
from enum import StrEnum

from pipeline.core.errors import ItemError


class Answer(StrEnum):
    """What came of a call; the rest of the message depends on it."""

    READY = "ready"
    RESULT = "result"
    ITEM = "item"
    MEMORY = "memory"
    ERROR = "error"


def answer_call(function: Callable, arguments: tuple, named: dict) -> tuple:
    """Call a function; give (`Answer`, …) of whatever came."""
    try:
        return Answer.RESULT, function(*arguments, **named)
    except ItemError as err:
        return Answer.ITEM, type(err), err.reason, err.detail, err.metadata
    except MemoryError:
        return (Answer.MEMORY,)
    except Exception as err:  # noqa: BLE001 - it is raised again where the call was made
        return Answer.ERROR, _sendable(err), traceback.format_exc()


def read_answer(answer: tuple, short_of_memory: Exception) -> object:
    """Return the result that an answer holds, or raise what the call raised.

    Raises:
        Exception: Whatever the function raised, with the frames of its process as a note;
            `short_of_memory` for a `MemoryError`.
    """
    kind, *rest = answer
    if kind is Answer.ITEM:
        error, reason, detail, metadata = rest
        raise error(reason, detail, **metadata)
    if kind is Answer.MEMORY:
        raise short_of_memory
    if kind is Answer.ERROR:
        error, frames = rest
        error.add_note(frames)
        raise error
    return rest[0]


def follow_parent() -> None:
    """Leave Ctrl-C to the parent, end when it is gone, and leave no core behind.

    Nothing is ever written to standard input; it ends with the parent, however that goes. The
    kernel tells of it with a signal that ends this process even within a library that holds
    Python's lock; the thread waits for it where a kernel does not.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGIO, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


def _sendable(error: Exception) -> Exception:
    """Return the error, or one of the same words where it does not survive the way."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its class does while it is rebuilt
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
