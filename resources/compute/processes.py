"""The child's end of calls in child processes: their protocol, and that they end with the parent.

A child imports this module, so it imports neither torch nor Dagster.
"""

import fcntl
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

from pipeline.core.errors import ItemError


class ReplyKind(StrEnum):
    """The kind of a reply to a call; the rest of the message depends on it."""

    READY = "ready"
    RESULT = "result"
    ITEM = "item"
    MEMORY = "memory"
    ERROR = "error"


def run_call(function: Callable[..., object], arguments: tuple, **named: object) -> tuple:
    """Call a function; return (`ReplyKind`, …) of its result or exception."""
    try:
        return ReplyKind.RESULT, function(*arguments, **named)
    except ItemError as err:
        return ReplyKind.ITEM, type(err), err.reason, err.detail, err.metadata
    except MemoryError:
        return (ReplyKind.MEMORY,)
    except Exception as err:  # noqa: BLE001 - it is raised again where the call was made
        return ReplyKind.ERROR, _sendable(err), traceback.format_exc()


def read_reply(reply: tuple, out_of_memory: Exception) -> object:
    """Return the result in a reply, or raise what the call raised.

    Raises:
        Exception: Whatever the function raised, with the frames of its process as a note;
            `out_of_memory` for a `MemoryError`.
    """
    kind, *rest = reply
    if kind is ReplyKind.ITEM:
        error, reason, detail, metadata = rest
        raise error(reason, detail, **metadata)
    if kind is ReplyKind.MEMORY:
        raise out_of_memory
    if kind is ReplyKind.ERROR:
        error, frames = rest
        error.add_note(frames)
        raise error
    return rest[0]


def follow_parent() -> None:
    """Leave Ctrl-C to the parent, exit when it is gone, and dump no core.

    Nothing is ever written to standard input; it closes when the parent ends, in any way. The
    kernel then sends a signal that ends this process even within a library that holds Python's
    lock; the thread waits for it where a kernel sends none.
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
    """Return the error, or one with the same message where it cannot be pickled."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:  # noqa: BLE001 - whatever its class does while it is unpickled
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def serve(connection: Connection, respond: Callable[..., tuple]) -> None:
    """Reply to calls until the connection is closed."""
    connection.send((ReplyKind.READY,))
    while True:
        try:
            call = connection.recv()
        except EOFError:
            return
        connection.send(respond(*call))


def main() -> None:
    """Run calls from the connection whose number is the first argument."""
    follow_parent()
    serve(Connection(int(sys.argv[1])), run_call)
