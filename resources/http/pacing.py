"""Space requests out: a shared rate limit, a pause that a source requires, a circuit breaker."""

import random
import threading
from typing import Protocol

from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from pipeline.core.errors import SourceError
from pipeline.core.outcomes import Reason
from resources.clock import CLOCK, Clock

BACKOFF_BASE_S = 0.25
BACKOFF_MAX_S = 8.0

HOST_FAILURES = (Reason.SERVER_ERROR, Reason.TIMEOUT, Reason.NETWORK)
"""Failures of the host; every other reason is a response of a host that works."""

_COUNTED = (*HOST_FAILURES, Reason.CUT_OFF, Reason.RATE_LIMITED, Reason.UNEXPECTED)
"""Reasons of which a whole row counts the host as down."""


class Turns(Protocol):
    """The turns of one host, which several processes share: the ledger's."""

    def take(self, turns: int, interval_s: float) -> float:
        """Take the next turns; return the seconds until the first of them."""
        ...

    def pause(self, seconds: float) -> None:
        """Have no turn begin for this long."""
        ...


class RateLimiter:
    """Limit the rate of requests; shared by all threads.

    Args:
        rate_per_s: Requests per second, None for no limit. After an idle time, a quarter of a
            second's worth may go at once.
        shared: Turns that other processes and machines share; a quarter of a second's worth is
            taken at once. None: this process is alone.
        clock: For waits and pauses.

    Source:
        The virtual scheduling of ITU-T I.371's generic cell rate algorithm.
    """

    def __init__(
        self,
        rate_per_s: float | None = None,
        *,
        shared: Turns | None = None,
        clock: Clock = CLOCK,
    ):
        self._clock = clock
        self._shared, self._own_turns = shared, 0
        self._taking_turns = threading.Lock()
        self._rate_per_s = float("inf")
        self._next_s = 0.0
        self._resume_at = 0.0
        if rate_per_s is not None:
            self.limit_to(rate_per_s)

    def limit_to(self, rate_per_s: float) -> None:
        """Allow at most this rate from now on; a lower limit stays."""
        if rate_per_s <= 0:
            raise ValueError(f"rate_per_s must be above 0, got {rate_per_s}")
        self._rate_per_s = min(self._rate_per_s, rate_per_s)

    def wait(self) -> None:
        """Wait until a request may go."""
        while (left_s := self._resume_at - self._clock.now_s()) > 0:
            self._clock.sleep(left_s)
        if (left_s := self._take_turn()) > 0:
            self._clock.sleep(left_s)

    def pause(self, seconds: float) -> None:
        """Let no request of any thread go for this long."""
        self._resume_at = max(self._resume_at, self._clock.now_s() + seconds)
        if self._shared is not None and self._rate_per_s < float("inf"):
            self._shared.pause(seconds + (self._at_once - 1) / self._rate_per_s)

    @property
    def _at_once(self) -> int:
        """How many may go at once after an idle time."""
        return max(1, int(self._rate_per_s / 4)) if self._rate_per_s < float("inf") else 1

    def _take_turn(self) -> float:
        """Take the next place in the row; return the seconds until it comes."""
        interval_s, at_once = 1 / self._rate_per_s, self._at_once
        with self._taking_turns:
            if self._shared is not None and interval_s:
                self._take_shared(self._shared, at_once, interval_s)
            now_s = self._clock.now_s()
            place_s = self._next_s if self._own_turns else max(self._next_s, now_s)
            self._own_turns = max(0, self._own_turns - 1)
            self._next_s = place_s + interval_s
        return place_s - (at_once - 1) * interval_s - now_s

    def _take_shared(self, shared: Turns, turns: int, interval_s: float) -> None:
        """Take turns from all, where none is left, or those that are left have passed unused."""
        now_s = self._clock.now_s()
        if not self._own_turns or self._next_s < now_s - turns * interval_s:
            self._next_s = shared.take(turns, interval_s) + self._clock.now_s()
            self._own_turns = turns


class CircuitBreaker:
    """Count failures in a row over all items; any response of a host that works ends the row.

    One request of one item counts once, however often it was tried. After `rest_s` one request
    goes ahead to try the host; the others wait for its result.

    Args:
        host: Named in the message.
        limit: Failures in a row after which the source counts as down.
        rest_s: How long it then counts as down without a request.
        clock: For `rest_s`.
    """

    def __init__(self, host: str, limit: int, rest_s: float = 60.0, *, clock: Clock = CLOCK):
        self._host = host
        self._limit = limit
        self._rest_s = rest_s
        self._clock = clock
        self._changed = threading.Condition()
        self._in_a_row = 0
        self._last = ""
        self._closed_until = 0.0
        self._tried_until = 0.0
        self._paused_until = 0.0

    def check(self, *, is_retry: bool = False) -> None:
        """Let a request go, or wait for the one that tries the host.

        Args:
            is_retry: Whether this request was let go before and is now retried.

        Raises:
            SourceError: The source is known to be down, or requires a pause.
        """
        with self._changed:
            while True:
                now = self._clock.now_s()
                if now < self._paused_until:
                    raise SourceError(self._pause_message(self._paused_until - now))
                if now < self._closed_until:
                    raise SourceError(self._down_message())
                if is_retry or self._in_a_row < self._limit:
                    return
                if now >= self._tried_until:
                    # Should its thread be lost, the next one tries after another `rest_s`.
                    self._tried_until = now + self._rest_s
                    return
                self._changed.wait(self._tried_until - now)

    def note(self, reason: Reason | None) -> None:
        """Note how a request ended; None is success.

        Raises:
            SourceError: The host has failed too many times in a row.
        """
        with self._changed:
            self._tried_until = 0.0
            self._changed.notify_all()
            if reason is None or reason not in _COUNTED:
                self._in_a_row, self._closed_until = 0, 0.0
                return
            self._in_a_row += 1
            self._last = reason.value
            if self._in_a_row < self._limit:
                return
            self._closed_until = self._clock.now_s() + self._rest_s
        raise SourceError(self._down_message())

    def pause(self, seconds: float) -> None:
        """Let no request go for this long, as the source requires."""
        with self._changed:
            self._paused_until = max(self._paused_until, self._clock.now_s() + seconds)

    def _down_message(self) -> str:
        return (
            f"{self._host} is down: {self._in_a_row} requests in a row failed, the last one with "
            f"{self._last}. What is not done yet stays pending; run again when it is up."
        )

    def _pause_message(self, seconds: float) -> str:
        return (
            f"{self._host} allows no request for another {seconds:.0f} s (Retry-After). What is "
            "not done yet stays pending; run again then."
        )


def backoff_s(attempt: int) -> float:
    """Return the wait after the failed `attempt` (from 1): doubling, with jitter, bounded."""
    return min(BACKOFF_MAX_S, BACKOFF_BASE_S * 2 ** (attempt - 1)) * random.uniform(0.5, 1.0)


def read_retry_after_s(header: str | None) -> float | None:
    """Read `Retry-After`, seconds or a date; None where it is missing, over or unreadable.

    Example:
        >>> [read_retry_after_s(text) for text in ("7", "0", "soon", None)]
        [7.0, None, None, None]
    """
    if header is None:
        return None
    try:
        return float(Retry().parse_retry_after(header)) or None
    except (InvalidHeader, ValueError, OverflowError):
        return None
