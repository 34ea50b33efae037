"""A process that answers calls, seen from where the calls are made: its start, asking, its end."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from multiprocessing.connection import Connection

from pipeline.core.errors import MarqueeError
from resources.compute.answering_process import Answer

START_S = 120.0
"""Seconds until a new process must have loaded what it needs."""


class CalledProcess:
    """One process and the way to it; it ends with its parent, however that goes.

    Args:
        module: Its `main` is run, with the number of its connection as the first argument.
        purpose: For whoever reads that it did not start.
        arguments: Further arguments.
        environment: Variables beside those of this process.
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
        self._way = Connection(ours.detach())
        self.pid = self._popen.pid
        self.calls = 0
        try:
            is_ready = self._way.poll(START_S) and self._way.recv() == (Answer.READY,)
        except (EOFError, OSError):
            is_ready = False
        if not is_ready:
            self.end()
            raise MarqueeError(
                f"A process for {purpose} did not start (exit status {self._popen.returncode}); "
                "what it printed above says why."
            )

    def ask(self, call: tuple) -> tuple:
        """Send a call and wait for its answer; EOFError or OSError where the process dies."""
        self.calls += 1
        self._way.send(call)
        return self._way.recv()

    def wait(self) -> int:
        """Return the exit status of a process that has died or is dying."""
        return self._popen.wait()

    def kill(self) -> None:
        """End the process at once; whoever waits for its answer is told."""
        self._popen.kill()

    def end(self) -> None:
        """End the process at once, and leave nothing of it."""
        self._popen.kill()
        self._popen.wait()
        self._popen.stdin.close()
        self._way.close()
