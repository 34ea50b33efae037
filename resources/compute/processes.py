"""Child processes that run calls: their protocol, both ends of it, and that they end with us.

A child imports this module, so it imports neither torch nor Dagster.
"""

import fcntl
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from enum import StrEnum
from multiprocessing.connection import Connection

from pipeline.core.errors import ItemError, MarqueeError

START_S = 120.0
"""Maximum time of a new process to import its modules."""


class ReplyKind(StrEnum):
    """The kind of a reply to a call; the rest of the message depends on it."""

    READY = "ready"
    RESULT = "result"
    ITEM = "item"
    MEMORY = "memory"
    ERROR = "error"


def run_call(function: Callable, arguments: tuple, named: dict) -> tuple:
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


def main() -> None:
    """ReplyKind calls on the connection whose number is the first argument, until it is closed."""
    follow_parent()
    connection = Connection(int(sys.argv[1]))
    connection.send((ReplyKind.READY,))
    while True:
        try:
            function, arguments = connection.recv()
        except EOFError:
            return
        connection.send(run_call(function, arguments, {}))


class ChildProcess:
    """One child process and the connection to it; it ends with its parent, in any way.

    Args:
        module: Its `main` is run, with the number of its connection as the first argument.
        purpose: For the message if it does not start.
        arguments: Further arguments.
        environment: Variables in addition to those of this process.
    """

    def __init__(
        self,
        module: str,
        purpose: str,
        *arguments: object,
        environment: Mapping[str, str] | None = None,
    ):
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-P", "-c", f"import {module} as p; p.main()"]
        with theirs:
            self._popen = subprocess.Popen(
                [*command, str(theirs.fileno()), *map(str, arguments)],
                stdin=subprocess.PIPE,
                pass_fds=[theirs.fileno()],
                env={
                    **os.environ,
                    **(environment or {}),
                    "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
                },
                process_group=0,  # Ctrl-C in a terminal is for the parent alone
            )
        self._connection = Connection(ours.detach())
        self.pid = self._popen.pid
        self.calls = 0
        try:
            is_ready = self._connection.poll(START_S) and self._connection.recv() == (
                ReplyKind.READY,
            )
        except (EOFError, OSError):
            is_ready = False
        if not is_ready:
            self.end()
            raise MarqueeError(
                f"A process for {purpose} did not start (exit status {self._popen.returncode}); "
                "its output above shows why."
            )

    def request(self, call: tuple) -> tuple:
        """Send a call and wait for its reply; EOFError or OSError if the process dies."""
        self.calls += 1
        self._connection.send(call)
        return self._connection.recv()

    def wait(self) -> int:
        """Return the exit status of a process that has died or is dying."""
        return self._popen.wait()

    def kill(self) -> None:
        """Kill the process; the thread that waits for its reply gets an error."""
        self._popen.kill()

    def end(self) -> None:
        """Kill the process and release its resources."""
        self._popen.kill()
        self._popen.wait()
        if self._popen.stdin:
            self._popen.stdin.close()
        self._connection.close()
