"""Spaces requests out: a shared limit, a pause that a source asks for, and a breaker.

What belongs here: when the next request may go. What does not: the request (see `resources.http`).
"""

import random
import threading
import time
from fractions import Fraction

from pyrate_limiter import limiter_factory
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from pipeline.errors import SourceError
from pipeline.outcomes import Reason

BACKOFF_BASE_S = 0.25
BACKOFF_MAX_S = 8.0

HOST_FAILURES = (Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.NETWORK)
"""Reasons that speak against the host; every other one is an answer of a host that lives."""


class Pace:
    """When the next request may go; shared by all threads.

    Args:
        rate_per_s: Requests per second, None for no limit. After a rest, a quarter of a second's
            worth may go at once.
    """

    def __init__(self, rate_per_s: float | None = None):
        self._limiter = None
        self._resume_at = 0.0
        if rate_per_s is not None:
            if rate_per_s <= 0:
                raise ValueError(f"rate_per_s must be above 0, got {rate_per_s}")
            share = Fraction(rate_per_s).limit_denominator(1000)
            self._limiter = limiter_factory.create_token_bucket_limiter(
                share.numerator,
                share.denominator * 1000,
                burst=max(1, int(rate_per_s / 4)),
                buffer_ms=0,
            )

    def wait(self) -> None:
        """Wait until a request may go."""
        while (left_s := self._resume_at - time.monotonic()) > 0:
            time.sleep(left_s)
        if self._limiter is not None:
            self._limiter.try_acquire()

    def pause(self, seconds: float) -> None:
        """Let no request of any thread go for this long."""
        self._resume_at = max(self._resume_at, time.monotonic() + seconds)

    def close(self) -> None:
        """Stop the limiter's own thread."""
        if self._limiter is not None:
            self._limiter.close()


class Breaker:
    """Counts failures in a row over all items; any answer from a living host ends the row.

    Args:
        host: Named in the message.
        limit: Failures in a row after which the source counts as down.
        rest_s: How long it then counts as down without being asked.
    """

    def __init__(self, host: str, limit: int, rest_s: float = 60.0):
        self._host = host
        self._limit = limit
        self._rest_s = rest_s
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._last = ""
        self._opened_at = 0.0

    def check(self) -> None:
        """Raise where the source is known to be down.

        Raises:
            SourceError: It is.
        """
        if self._in_a_row >= self._limit and time.monotonic() - self._opened_at < self._rest_s:
            raise SourceError(self._message())

    def note(self, reason: Reason | None) -> None:
        """Note how a request ended; None is success.

        Raises:
            SourceError: The host has failed too many times in a row.
        """
        with self._lock:
            if reason not in HOST_FAILURES:
                self._in_a_row = 0
                return
            self._in_a_row += 1
            self._last = reason.value
            if self._in_a_row < self._limit:
                return
            self._opened_at = time.monotonic()
        raise SourceError(self._message())

    def _message(self) -> str:
        return (
            f"{self._host} is down: {self._in_a_row} requests in a row failed, the last one with "
            f"{self._last}. What is not done yet stays due; run again when it is up."
        )


def tell_backoff_s(attempt: int) -> float:
    """Give the wait after the failed `attempt` (from 1): doubling, with jitter, bounded."""
    return min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def read_retry_after_s(header: str | None) -> float | None:
    """Read `Retry-After`, seconds or a date; None where there is none or it cannot be read.

    Example:
        >>> read_retry_after_s("7"), read_retry_after_s("soon"), read_retry_after_s(None)
        (7.0, None, None)
    """
    if header is None:
        return None
    try:
        return float(Retry().parse_retry_after(header))
    except (InvalidHeader, ValueError, OverflowError):
        return None
