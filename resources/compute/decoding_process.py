"""The child process that decodes, under limits of memory and time.

It imports neither torch nor Dagster.
"""

import importlib
import resource
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from resources.compute.processes import follow_parent, run_call, serve

PRELOADED = (
    "cv2", "scenedetect", "pipeline.media.audio", "pipeline.media.trailer", "pipeline.media.shots",
)  # fmt: skip
"""Loaded before memory is limited, so that they do not count against a movie."""


def _limit_memory(more_bytes: int) -> None:
    """Limit the mapped memory, relative to what is mapped now, which only Linux shows."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped_bytes = int(statm.read_text().split()[0]) * resource.getpagesize()
        limit = mapped_bytes + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def main() -> None:
    """Run calls of (function, arguments, whether it takes `beat`) under limits.

    Arguments: the connection's number, the bytes that a call may map beyond what is mapped already,
    and the most seconds between two calls of `beat()`. The kernel then ends this process, even
    within a library that never returns, and also when the parent is gone.
    """
    memory_bytes, limit_s = int(sys.argv[2]), float(sys.argv[3])

    def beat() -> None:
        signal.setitimer(signal.ITIMER_REAL, limit_s)

    def respond(function: Callable[..., object], arguments: tuple, takes_beat: bool) -> tuple:
        beat()
        named = {"beat": beat} if takes_beat else {}
        reply = run_call(function, arguments, **named)
        signal.setitimer(signal.ITIMER_REAL, 0)
        return reply

    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    follow_parent()
    for name in PRELOADED:
        importlib.import_module(name)
    _limit_memory(memory_bytes)
    serve(Connection(int(sys.argv[1])), respond)
