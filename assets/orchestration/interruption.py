"""How a step says what is wrong: the message and the remedy, without a wall of frames."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from pipeline.core.errors import DiskError, MarqueeError
from resources.http.redaction import redact


@contextmanager
def stopping() -> Iterator[None]:
    """Turn an error that marquee raises on purpose into a failed step that says only its message,
    and so a disk that refuses, whoever was writing.

    Dagster prints the frames of whatever a step raises. For an error whose message already names
    the remedy they are noise, so none are kept for the rest of this run's process; any other
    error keeps them all.
    """
    try:
        yield
    except MarqueeError as error:
        sys.tracebacklimit = 0
        raise dg.Failure(description=redact(str(error)), allow_retries=False) from None
    except OSError as error:
        if not DiskError.is_behind(error):
            raise
        sys.tracebacklimit = 0
        place = error.filename2 or error.filename
        told = DiskError.of(error, f"{place} cannot be written" if place else "The disk fails")
        raise dg.Failure(description=redact(str(told)), allow_retries=False) from None
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        sys.tracebacklimit = 0
        raise
