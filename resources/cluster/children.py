"""Processes that a command starts, and ends with it: each by its own pid, and nothing is left.

Programs such as Ray's start others, and leave some of them behind when they are killed. On Linux
these become children of the process that asked for it (`adopt_orphans`), so that it finds them.
"""

import ctypes
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.core.errors import ConfigurationError

GRACE_S = 15.0
"""How long a process that was asked to end may take, before it is killed."""

_SUBREAPER, _DEATH_SIGNAL = 36, 1
"""Of Linux' prctl: become the parent of orphans; have a signal when the parent dies."""


@dataclass
class Child:
    """A process that was started.

    Attributes:
        name: For messages.
        process: The process.
        log: File with what it writes.
        signal: Which one asks it to end.
    """

    name: str
    process: subprocess.Popen
    log: Path
    signal: int = signal.SIGTERM

    @property
    def has_ended(self) -> bool:
        """Whether it no longer runs."""
        return self.process.poll() is not None

    def last_lines(self, count: int = 5) -> str:
        """Return the last lines of its log."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return "\n".join(lines[-count:])


@dataclass
class Children:
    """The processes of one command. Those that it had before are not touched.

    Attributes:
        folder: For logs, sockets and data; it is removed at the end.
        notes: Where it is noted which processes there are, for the next start after a kill.
        started: The processes, in the order in which they were started.
    """

    folder: Path
    notes: "Notes"
    started: list[Child] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._before = _descendants(os.getpid())

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        end_signal: int = signal.SIGTERM,
        core: int | None = None,
    ) -> Child:
        """Start a process in a session of its own, which Ctrl-C does not reach.

        Args:
            name: For messages and for its log.
            command: Program and arguments.
            environment: All of its variables.
            end_signal: Which signal asks it to end.
            core: The only one that it, and what it starts, may use; None: all.
        """
        log = self.folder / f"{name.replace(' ', '-')}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT,
                env=dict(environment), cwd=self.folder, start_new_session=True,
                preexec_fn=lambda: _prepare(end_signal, core),
            )  # fmt: skip
        child = Child(name, process, log, end_signal)
        self.started.append(child)
        self.notes.write(self.folder, [one.process.pid for one in self.started])
        return child

    def end(self) -> None:
        """End all processes, the last first, then what they have left; remove the folder.

        A second Ctrl-C does not interrupt it.
        """
        with undisturbed():
            self._end()

    def _end(self) -> None:
        for child in reversed(self.started):
            if not child.has_ended:
                child.process.send_signal(child.signal)
                with suppress(subprocess.TimeoutExpired):
                    child.process.wait(GRACE_S)
            if not child.has_ended:
                child.process.kill()
                child.process.wait()
        spared = {
            *self._before,
            *(below for one in self._before for below in _descendants(one.pid)),
        }
        end_processes([one for one in _descendants(os.getpid()) if one not in spared])
        shutil.rmtree(self.folder, ignore_errors=True)


class Notes:
    """A locked file that says which processes there are; the lock ends with its process.

    Args:
        path: The file.

    Raises:
        ConfigurationError: Another process has it.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path, self._file = path, path.open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = self._read().get("pid", "?")
            self._file.close()
            raise ConfigurationError(
                f"A cluster of this folder is up already (process {holder}, {path}). End that one "
                "first, with Ctrl-C or `kill`, or start another one in another folder."
            ) from error

    def end_earlier(self) -> int:
        """End what an earlier command left that was killed; return the number of processes."""
        earlier = self._read()
        alive = [
            process
            for pid, started_s in earlier.get("children", ())
            if (process := _find(pid, started_s)) is not None
        ]
        left = [*alive, *(below for process in alive for below in _descendants(process.pid))]
        end_processes(left)
        if folder := earlier.get("folder"):
            shutil.rmtree(folder, ignore_errors=True)
        self.write(None, [])
        return len(left)

    def write(self, folder: Path | None, pids: Sequence[int]) -> None:
        """Note the processes that there are, each with the moment at which it began."""
        children = [(pid, started_s) for pid in pids if (started_s := _start_of(pid))]
        notes = {"pid": os.getpid(), "folder": folder and str(folder), "children": children}
        self._file.seek(0)
        self._file.truncate()
        self._file.write(json.dumps(notes))
        self._file.flush()

    def close(self) -> None:
        """Remove the file."""
        self._path.unlink(missing_ok=True)
        self._file.close()

    def _read(self) -> dict:
        self._file.seek(0)
        try:
            found = json.loads(self._file.read() or "{}")
        except ValueError:  # of a command that was killed while writing
            return {}
        return found if isinstance(found, dict) else {}


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM for a while; in a thread that is not the main one, do nothing."""
    signals = (signal.SIGINT, signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread():
        signals = ()
    before = {one: signal.signal(one, signal.SIG_IGN) for one in signals}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def adopt_orphans() -> None:
    """Become the parent of what this process's children leave behind; on Linux alone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_SUBREAPER, 1, 0, 0, 0)


def end_processes(processes: Sequence) -> None:
    """End processes, and kill those that do not within a few seconds."""
    import psutil

    for process in processes:
        with suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(processes, timeout=5)
    for process in alive:
        with suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=5)


def wait_until(is_so, children: Sequence[Child], what: str, limit_s: float) -> None:
    """Wait until something is so.

    Raises:
        ConfigurationError: One of the processes has ended, or time is up; with its last words.
    """
    deadline = time.monotonic() + limit_s
    while not is_so():
        ended = next((child for child in children if child.has_ended), None)
        if ended or time.monotonic() > deadline:
            why = f"{ended.name} has ended" if ended else f"it took more than {limit_s:.0f} s"
            words = (ended or children[-1]).last_lines()
            raise ConfigurationError(f"{what} did not start: {why}.\n{words}")
        time.sleep(0.1)


def _prepare(end_signal: int, core: int | None) -> None:
    """Prepare a new process: what may end it, and where it may run."""
    if core is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {core})
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DEATH_SIGNAL, end_signal, 0, 0, 0)


def _descendants(pid: int) -> list:
    import psutil

    with suppress(psutil.Error):
        return psutil.Process(pid).children(recursive=True)
    return []


def _start_of(pid: int) -> float | None:
    import psutil

    with suppress(psutil.Error):
        return psutil.Process(pid).create_time()
    return None


def _find(pid: int, started_s: float):
    """Return the process of that number, if it is the one that began then."""
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - started_s) < 1:
            return process
    return None
