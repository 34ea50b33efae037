"""Failures of steps in Dagster: the message and the remedy, without a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster_shared.error import SerializableErrorInfo

from pipeline.core.errors import DiskError, MarqueeError
from resources.http.redaction import redact
from resources.storage.drivers import responding

_FAILURE = "dagster._core.definitions.events.Failure: "
"""What Dagster puts before the message of a failed step."""


def failure_message(error: SerializableErrorInfo) -> str:
    """Return what an error of a step says, without what Dagster puts around it.

    An error that is no message of ours stands behind the name of its step.
    """
    outer = error
    while error.cause is not None:
        error = error.cause
    message = error.message.strip()
    if error is outer or message.startswith(_FAILURE):
        return message.removeprefix(_FAILURE)
    return f"{outer.message.strip().partition(': ')[2]} {message}"


@contextmanager
def concise_errors() -> Iterator[None]:
    """Turn an error that marquee raises on purpose, or one of the disk, into a failed step that
    shows its message alone.

    Dagster prints the traceback of whatever a step raises. For an error whose message already names
    the remedy it is noise, so none is kept for the rest of this run's process; any other error
    keeps its traceback.
    """
    try:
        with responding():
            yield
    except MarqueeError as error:
        sys.tracebacklimit = 0
        raise dg.Failure(description=redact(str(error)), allow_retries=False) from None
    except OSError as error:
        if not DiskError.is_behind(error):
            raise
        sys.tracebacklimit = 0
        place = error.filename2 or error.filename
        failure = DiskError.of(error, f"{place} cannot be written" if place else "The disk fails")
        raise dg.Failure(description=redact(str(failure)), allow_retries=False) from None
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        sys.tracebacklimit = 0
        raise
