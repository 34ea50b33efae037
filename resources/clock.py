"""The clock that waits go by: seconds that only rise, and sleeping.

Whoever waits takes a clock as an argument, so that a test need not wait.
"""

import time


class Clock:
    """This machine's clock."""

    def now_s(self) -> float:
        """Return seconds that only rise."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


CLOCK = Clock()
