"""Work on a store beside others, alone, or alone on a part of it such as the models.

What a process holds it may hold several times: a build holds it around its runs.
"""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from resources.storage.lease_names import STORE, WORK
from resources.storage.store import Store

if TYPE_CHECKING:  # they load SQLAlchemy, which loading definitions does without
    from resources.storage.ledger import Ledger
    from resources.storage.owner import Owner

LOG = logging.getLogger("marquee")

_POLL_S = 0.5
_guard = threading.Lock()


@dataclass
class _Process:
    """What this process holds of one ledger.

    Attributes:
        owner: Its heartbeat.
        users: How many blocks are within `owning`.
        names: Of those who hold each lease, each within the one before.
    """

    owner: "Owner"
    users: int = 0
    names: dict[str, list[str]] = field(default_factory=dict)


_processes: dict[str, _Process] = {}


@contextmanager
def owning(ledger: "Ledger") -> Iterator["Owner"]:
    """Be an owner of leases and claims in a ledger: the same one in blocks within each other."""
    from resources.storage.owner import Owner

    with _guard:
        process = _processes.get(ledger.name)
        if process is None:
            process = _processes[ledger.name] = _Process(Owner(ledger))
        process.users += 1
    try:
        yield process.owner
    finally:
        with _guard:
            process.users -= 1
            if not process.users:
                del _processes[ledger.name]
                process.owner.leave()


def owner_of(ledger: "Ledger") -> "Owner | None":
    """Return the owner that this process is; None where it is not at work."""
    process = _processes.get(ledger.name)
    return process.owner if process else None


@contextmanager
def holding(
    lease: str,
    store: Store,
    ledger: "Ledger",
    *,
    name: str = "",
    notify: Callable[[str], None] = LOG.warning,
    note_holder: Callable[[str], None] = lambda _: None,
) -> Iterator[float]:
    """Hold a lease for this process; wait while another owner holds it.

    Args:
        lease: `MODELS`, `CATALOG`, or any name.
        store: The store, for messages.
        ledger: Its ledger, whose database has the lease.
        name: Who holds it, for others that wait; the process by default.
        notify: Called once if another owner holds it.
        note_holder: Called with who that is and since when, and again when it is another one.

    Yields:
        The seconds that were waited.
    """
    place = str(store.root) if lease in (STORE, WORK) else f"{lease} of {store.root}"
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    holder = f"{name or f'process {os.getpid()}'} since {since}"
    with owning(ledger) as owner:
        held = _processes[ledger.name].names.setdefault(lease, [])
        waited_s = 0.0
        if held:
            owner.rename(lease, holder)
        else:
            waited_s = _wait(lambda: owner.take(lease, holder), place, notify, note_holder)
        held.append(holder)
        try:
            yield waited_s
        finally:
            held.pop()
            if held:
                owner.rename(lease, held[-1])
            else:
                owner.free(lease)


def at_work(store: Store, ledger: "Ledger", **words):
    """Work on the store beside others; wait while another owner has it alone. See `holding`."""
    return holding(WORK, store, ledger, **words)


def exclusive(store: Store, ledger: "Ledger", **words):
    """Have the store alone: nobody new begins, and those at work are waited for. See `holding`."""
    return holding(STORE, store, ledger, **words)


def _wait(
    take: Callable[[], str | None],
    place: str,
    notify: Callable[[str], None],
    note_holder: Callable[[str], None],
) -> float:
    """Take a lease as soon as it is free; return the seconds that were waited."""
    began_s, noted = time.monotonic(), None
    while (holder := take()) is not None:
        if noted is None:
            notify(
                f"Another marquee is at work on {place} ({holder}); waiting until it has finished."
            )
        if holder != noted:
            noted = holder
            note_holder(holder)
        time.sleep(_POLL_S)
    return 0.0 if noted is None else time.monotonic() - began_s
