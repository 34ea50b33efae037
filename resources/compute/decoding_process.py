"""The child process that decodes, under limits of memory and time.

It imports neither torch nor Dagster.
"""

import importlib
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from resources.compute.processes import ReplyKind, follow_parent, run_call

PRELOADED = (
    "cv2", "scenedetect", "pipeline.media.audio", "pipeline.media.trailer", "pipeline.media.shots",
)  # fmt: skip
"""Loaded before memory is limited, so that they do not count against a movie."""


def serve(connection: Connection, memory_bytes: int, limit_s: float) -> None:
    """ReplyKind calls until the connection is closed.

    A call that says nothing for `limit_s` is ended by the kernel, together with this process: that
    works within a library that never returns, and also when the parent is gone.

    Args:
        connection: Receives (function, arguments, whether it takes `beat`), sends (`ReplyKind`, …).
        memory_bytes: What a call may map beyond what is mapped already.
        limit_s: Maximum seconds between two calls of `beat()`.
    """
    for name in PRELOADED:
        importlib.import_module(name)
    _limit_memory(memory_bytes)
    connection.send((ReplyKind.READY,))
    while True:
        try:
            function, arguments, takes_beat = connection.recv()
        except EOFError:
            return

        def beat() -> None:
            signal.setitimer(signal.ITIMER_REAL, limit_s)

        beat()
        reply = run_call(function, arguments, {"beat": beat} if takes_beat else {})
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send(reply)


def _limit_memory(more_bytes: int) -> None:
    """Limit the mapped memory, relative to what is mapped now, which only Linux shows."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped_bytes = int(statm.read_text().split()[0]) * resource.getpagesize()
        limit = mapped_bytes + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Serve as the arguments say: the connection's number, bytes, seconds; see `serve`."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    follow_parent()
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]))
