"""A clock that a test sets: whoever sleeps by it comes back at once, and the clock has gone on."""

import threading

from resources.clock import Clock


class FakeClock(Clock):
    """Counts what was slept.

    Attributes:
        slept_s: Every sleep, in order.
    """

    def __init__(self, now_s: float = 1_000.0):
        self._now_s = now_s
        self._changing = threading.Lock()
        self.slept_s: list[float] = []

    def now_s(self) -> float:
        return self._now_s

    def sleep(self, seconds: float) -> None:
        with self._changing:
            self.slept_s.append(seconds)
            self._now_s += seconds

    def go_on(self, seconds: float) -> None:
        """Let time pass that nobody sleeps."""
        with self._changing:
            self._now_s += seconds
