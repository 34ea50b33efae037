"""The parent's end of calls in child processes, and pools of them."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection

from pipeline.core.errors import MarqueeError
from resources.compute.processes import ReplyKind

START_S = 120.0
"""Maximum time of a new process to import its modules."""


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


class ProcessPool:
    """Processes that are started when needed and used again; safe to share between threads.

    Args:
        start: Starts a process.
    """

    def __init__(self, start: Callable[[], ChildProcess]):
        self._start_process = start
        self._lock = threading.Lock()
        self._idle: list[ChildProcess] = []
        self._all: set[ChildProcess] = set()
        self.is_closed = False

    def acquire(self) -> ChildProcess:
        """Return a process for this thread alone; in a pool that is closed it is dying."""
        with self._lock:
            if self._idle:
                return self._idle.pop()
        process = self._start_process()
        with self._lock:
            self._all.add(process)
            if self.is_closed:
                process.kill()
        return process

    def release(self, process: ChildProcess, *, is_reusable: bool = True) -> None:
        """Take a process back, or end it."""
        with self._lock:
            if is_reusable and not self.is_closed:
                self._idle.append(process)
                return
            self._all.discard(process)
        process.end()

    def pids(self) -> list[int]:
        """Return the ids of the running processes."""
        with self._lock:
            return [process.pid for process in self._all]

    def close(self) -> None:
        """End all processes, including busy ones."""
        with self._lock:
            self.is_closed = True
            idle, self._idle = self._idle, []
            busy = self._all.difference(idle)
            self._all = busy
        for process in busy:
            process.kill()  # the thread that waits for it cleans up
        for process in idle:
            process.end()


def describe_end(status: int) -> str:
    """Describe how a process ended.

    Example:
        >>> describe_end(-11), describe_end(3)
        ('SIGSEGV', 'exit status 3')
    """
    return signal.Signals(-status).name if status < 0 else f"exit status {status}"
