"""Progress of long work: a bar with rate and time left in a terminal, log lines elsewhere."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_S = 10.0
"""Seconds between two log lines."""

DONE_BEFORE_ESTIMATE = 5
"""Fewest results, and at least a tenth of all, before the time left is estimated: the first of
several parallel trainings says little about the others."""


Show = Callable[[str, int, int], None]
"""Takes the name of a step, how many are done, and of how many."""

_shows: list[Show] = []


@contextmanager
def shown_by(show: Show) -> Iterator[None]:
    """Show the progress of every step in this process by a function as well."""
    _shows.append(show)
    try:
        yield
    finally:
        _shows.remove(show)


class Progress:
    """Counts outcomes of one step and logs the counts.

    Args:
        name: What is being done.
        total: How many there are.
        log: Where a line goes.
    """

    def __init__(self, name: str, total: int, log: Callable[[str], None]):
        self.name, self.total, self._log = name, total, log
        self.counts: Counter[str] = Counter()
        self._began_s = self._logged_s = time.monotonic()

    def step(self, status: str) -> None:
        """Count one movie."""
        self.counts[status] += 1
        for show in _shows:
            show(self.name, self.counts.total(), self.total)
        now_s = time.monotonic()
        if now_s - self._logged_s >= EVERY_S:
            self._logged_s = now_s
            self._log(self.line(now_s))

    def line(self, now_s: float) -> str:
        """Return a line with the count, the rate and, once it can be estimated, the time left."""
        done, elapsed_s = self.counts.total(), max(now_s - self._began_s, 1e-9)
        rate = done / elapsed_s
        counts = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        line = f"{self.name}: {done}/{self.total} ({counts}), {rate:.2g}/s"
        if done < max(DONE_BEFORE_ESTIMATE, self.total / 10):
            return line
        return f"{line}, about {(self.total - done) / rate:.0f} s left"


class TerminalProgress(Progress):
    """The same as a bar."""

    def __init__(self, name: str, total: int, log: Callable[[str], None]):
        super().__init__(name, total, log)
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description:<18}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[counts]}"),
        )
        self._task = self._bar.add_task(name, total=total, rate="", counts="")
        self._bar.start()

    def step(self, status: str) -> None:
        """Count one movie."""
        self.counts[status] += 1
        rate = self.counts.total() / max(time.monotonic() - self._began_s, 1e-9)
        counts = ", ".join(f"{c} {s}" for s, c in self.counts.items())
        self._bar.update(self._task, advance=1, rate=f"{rate:.1f}/s", counts=counts)

    def close(self) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


@contextmanager
def progress(name: str, total: int, log: Callable[[str], None]) -> Iterator[Progress]:
    """Open the progress of one step; a bar where somebody watches a terminal."""
    if not sys.stderr.isatty() or _shows or total == 0:
        yield Progress(name, total, log)
        return
    bar = TerminalProgress(name, total, log)
    try:
        yield bar
    finally:
        bar.close()
