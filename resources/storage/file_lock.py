"""A file that one process locks for as long as it lives; the kernel frees it when it dies."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from pipeline.core.errors import StoreError


def lock_new(path: Path) -> int:
    """Make a file and lock it; nobody sees it unlocked. Return its descriptor: closing it frees it.

    Raises:
        StoreError: Its folder cannot be written.
    """
    hidden = path.with_name(f".{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(hidden, os.O_RDWR | os.O_CREAT, 0o644)
        with suppress(OSError):  # a file system without locks: the owner's heartbeat tells enough
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            hidden.rename(path)
    except OSError as error:
        raise StoreError(
            f"The store {path.parent.parent} cannot be written ({error.strerror}). Point "
            "MARQUEE_STORE to a folder that you may write."
        ) from error
    return descriptor


def is_free(path: Path) -> bool:
    """Whether a file exists that its process has ceased to lock. Looking keeps nobody waiting."""
    return _is_locked(path) is False


def is_locked(path: Path) -> bool:
    """Whether a file exists that its process locks. Looking keeps nobody waiting."""
    return _is_locked(path) is True


def _is_locked(path: Path) -> bool | None:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return None
    else:
        return False
    finally:
        os.close(descriptor)
