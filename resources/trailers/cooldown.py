"""The rest that a trailer host wants: kept in the ledger, so that every run knows of it."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Protocol
from urllib.parse import urlsplit

from pipeline.core.outcomes import Reason

NOTE = "trailers pause"
PAUSE_S = 15 * 60.0
"""First rest after a bot check, or after a rate limit that names no time."""

MAX_PAUSE_S = 6 * 3600.0
"""Longest rest that we take by ourselves: each one that did not help is followed by one twice as
long."""

MAX_ASKED_S = 24 * 3600.0
"""Longest rest that a host may ask for."""


@dataclass(frozen=True)
class Pause:
    """A rest of one host.

    Attributes:
        host: Whose.
        reason: Why.
        until_s: When it ends, in seconds since the epoch.
        length_s: How long it is.
    """

    host: str
    reason: Reason
    until_s: float
    length_s: float

    def tell(self) -> str:
        """Say until when, and what may be done."""
        until = datetime.fromtimestamp(self.until_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        return (
            f"{self.host} answers {self.reason.value}: no trailer is asked for until {until}. "
            "Films that were not tried stay due; `uv run marquee retry --asset trailers` ends the "
            "rest."
        )


class Notes(Protocol):
    """Where the note is kept: the ledger."""

    def note(self, name: str) -> str | None:
        """Return a note."""

    def set_note(self, name: str, value: str) -> None:
        """Keep a note."""


class OwnNotes:
    """Notes that last as long as they are held, for who has no ledger."""

    def __init__(self):
        self._notes: dict[str, str] = {}

    def note(self, name: str) -> str | None:
        """Return a note."""
        return self._notes.get(name)

    def set_note(self, name: str, value: str) -> None:
        """Keep a note."""
        self._notes[name] = value


class Pauses:
    """The rests of one host, in the ledger's notes.

    Args:
        notes: The ledger.
        url_template: Tells the host.
        clock: Seconds since the epoch.
        first_s: Length of a first rest.
    """

    def __init__(
        self,
        notes: Notes,
        url_template: str,
        clock: Callable[[], float] = time.time,
        *,
        first_s: float = PAUSE_S,
    ):
        self._notes = notes
        self._host = urlsplit(url_template).netloc
        self._clock = clock
        self._first_s = first_s

    def current(self) -> Pause | None:
        """Return the rest that is being taken, or None."""
        pause, now_s = self._last(), self._clock()
        # a clock that was set wrong must not make a rest of years
        return pause if pause and now_s < pause.until_s <= now_s + MAX_ASKED_S else None

    def begin(self, reason: Reason, asked_s: float | None = None) -> Pause:
        """Begin a rest, or give the one that is being taken.

        Args:
            reason: Why.
            asked_s: How long the host asks for, where it does.
        """
        current = self.current()
        if current:
            return current
        last, now_s = self._last(), self._clock()
        length_s = self._first_s
        if asked_s is not None:
            length_s = min(max(asked_s, 1.0), MAX_ASKED_S)
        elif last and 0 <= now_s - last.until_s < last.length_s:  # the last one did not help
            length_s = min(2 * last.length_s, MAX_PAUSE_S)
        pause = Pause(self._host, reason, now_s + length_s, length_s)
        self._notes.set_note(NOTE, json.dumps(asdict(pause)))
        return pause

    def end(self) -> None:
        """Forget the rest that is being taken."""
        self._notes.set_note(NOTE, "")

    def _last(self) -> Pause | None:
        note = self._notes.note(NOTE)
        if not note:
            return None
        fields = json.loads(note)
        pause = Pause(**{**fields, "reason": Reason(fields["reason"])})
        return pause if pause.host == self._host else None
