"""The process that decodes: takes a call, answers, takes the next; ends with its parent.

It imports neither torch nor Dagster.
"""

import importlib
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path

from resources.compute.answering_process import Answer, answer_call, follow_parent

PRELOADED = (
    "cv2", "scenedetect", "pipeline.media.audio", "pipeline.media.trailer", "pipeline.media.shots",
)  # fmt: skip
"""Loaded before memory is limited, so that no movie pays for them."""


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
        answer = answer_call(function, arguments, {"beat": beat} if takes_beat else {})
        signal.setitimer(signal.ITIMER_REAL, 0)
        connection.send(answer)


def _limit_memory(more_bytes: int) -> None:
    """Limit what may be mapped; only Linux says how much is mapped already."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        mapped_bytes = int(statm.read_text().split()[0]) * resource.getpagesize()
        most = mapped_bytes + more_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def main() -> None:
    """Serve as the arguments say: the connection's number, bytes, seconds; see `serve`."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    follow_parent()
    serve(Connection(int(sys.argv[1])), int(sys.argv[2]), float(sys.argv[3]))
