"""The cooldown of a trailer host, kept in the ledger so that every run knows of it."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from pipeline.core.outcomes import Reason

NOTE = "trailers pause"  # stored in ledgers
COOLDOWN_S = 15 * 60.0
"""First cooldown after a bot check, or after a rate limit that names no time."""

MAX_COOLDOWN_S = 6 * 3600.0
"""Longest cooldown of our own choice: one that did not help is followed by one twice as
long."""

MAX_REQUIRED_S = 24 * 3600.0
"""Longest cooldown that a host may require."""


@dataclass(frozen=True)
class CooldownPeriod:
    """One cooldown of a host; stored as JSON under these names.

    Attributes:
        host: The host.
        reason: Why.
        until_s: When it ends, in seconds since the epoch.
        length_s: How long it is.
    """

    host: str
    reason: Reason
    until_s: float
    length_s: float

    @property
    def message(self) -> str:
        """Until when no trailer is requested, and what ends it earlier."""
        until = datetime.fromtimestamp(self.until_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return (
            f"{self.host} responds with {self.reason.value}: no trailer is requested until "
            f"{until}. Movies that were not tried stay pending; `uv run marquee retry --asset "
            "trailers` ends the cooldown."
        )


class Notes(Protocol):
    """Named texts that outlast a run: the ledger."""

    def note(self, name: str) -> str | None:
        """Return a note."""
        ...

    def set_note(self, name: str, value: str) -> None:
        """Write a note."""
        ...


class InMemoryNotes:
    """Notes in memory, for callers without a ledger."""

    def __init__(self):
        self._notes: dict[str, str] = {}

    def note(self, name: str) -> str | None:
        """Return a note."""
        return self._notes.get(name)

    def set_note(self, name: str, value: str) -> None:
        """Write a note."""
        self._notes[name] = value


class Cooldown:
    """The cooldowns of one host, in the ledger's notes.

    Args:
        notes: The ledger.
        url_template: Address of its trailers.
        clock: Seconds since the epoch.
    """

    def __init__(self, notes: Notes, url_template: str, clock: Callable[[], float] = time.time):
        self._notes = notes
        self._host = urlsplit(url_template).netloc
        self._clock = clock

    def current(self) -> CooldownPeriod | None:
        """Return the cooldown in progress, or None."""
        last, now_s = self._last(), self._clock()
        # a clock that was set wrong must not make a cooldown of years
        return last if last and now_s < last.until_s <= now_s + MAX_REQUIRED_S else None

    def begin(self, reason: Reason, required_s: float | None = None) -> CooldownPeriod:
        """Begin a cooldown, as long as the host requires, or return the one in progress."""
        current = self.current()
        if current:
            return current
        last, now_s = self._last(), self._clock()
        length_s = COOLDOWN_S
        if required_s is not None:
            length_s = min(max(required_s, 1.0), MAX_REQUIRED_S)
        elif last and 0 <= now_s - last.until_s < last.length_s:  # the last one did not help
            length_s = min(2 * last.length_s, MAX_COOLDOWN_S)
        period = CooldownPeriod(self._host, reason, now_s + length_s, length_s)
        self._notes.set_note(NOTE, json.dumps(asdict(period)))
        return period

    def end(self) -> None:
        """End the cooldown in progress."""
        self._notes.set_note(NOTE, "")

    def _last(self) -> CooldownPeriod | None:
        note = self._notes.note(NOTE)
        if not note:
            return None
        fields = json.loads(note)
        period = CooldownPeriod(**{**fields, "reason": Reason(fields["reason"])})
        return period if period.host == self._host else None
