"""Crash points: the moments between which a result is kept, at which a test ends the process.

Outside tests nothing listens, and reaching a point does nothing.
"""

from collections.abc import Callable
from enum import StrEnum


class CrashPoint(StrEnum):
    """What has just been done, in the order in which it is done."""

    STAGED = "staged"
    """One more of a movie's files is whole in the staging folder."""

    INTENDED = "intended"
    """The ledger records where the movie's files belong."""

    RENAMED = "renamed"
    """One more of the movie's files is in its place."""

    WRITTEN = "written"
    """The rows of some movies are in the ledger."""

    LOGGED = "logged"
    """The file of the run has the movies' events; the file of all runs, which counts, has not."""

    PUBLISHED = "published"
    """Dagster has the movies' events."""

    MARKED = "marked"
    """The ledger records that Dagster has the events of these rows."""


class MovePoint(StrEnum):
    """What has just been done while a store, its ledger and Dagster's history are moved."""

    COPIED = "copied"
    """One more file is in the new store, and was compared."""

    NOTED = "noted"
    """The new ledger records which files have been copied so far."""

    LOADED = "loaded"
    """The new home has Dagster's history; the new ledger has no row yet."""


Listener = Callable[[CrashPoint | MovePoint, str], None]

_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener` with the point and the asset's name whenever a point is reached."""
    _listeners.append(listener)


def reach(point: CrashPoint | MovePoint, asset: str) -> None:
    """Call every listener: an asset, or a command, has reached this point."""
    for listener in _listeners:
        listener(point, asset)
