"""A file that one process at a time locks; the kernel frees it when its holder dies."""

import fcntl
import logging
import os
from pathlib import Path

from pipeline.core.errors import StoreError

LOG = logging.getLogger("marquee")

_MAX_HOLDER_BYTES = 200


class FileLock:
    """The lock of a store in a folder of this machine.

    Args:
        path: The file; created when missing.
    """

    def __init__(self, path: Path):
        self.place = str(path.parent)
        self._descriptor = open_lock(path)

    def try_take(self) -> bool:
        """Take it; return False where another process, or another opening, holds it."""
        return try_lock(self._descriptor)

    def read_holder(self) -> str:
        """Return who holds it, as the holder has written it."""
        return os.pread(self._descriptor, _MAX_HOLDER_BYTES, 0).decode("utf-8", "replace").strip()

    def write_holder(self, holder: str) -> None:
        """Write into the file who holds it."""
        content = holder.encode()[:_MAX_HOLDER_BYTES]
        try:
            os.pwrite(self._descriptor, content.ljust(_MAX_HOLDER_BYTES), 0)
        except OSError:  # a full disk: the lock holds all the same
            LOG.debug("The name of the lock's holder could not be written.")

    def free(self) -> None:
        """Close the file, which frees it."""
        os.close(self._descriptor)


def is_locked(path: Path) -> bool:
    """Whether any process holds a file, which is made where there is none."""
    descriptor = open_lock(path)
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def open_lock(path: Path) -> int:
    """Open a file that is locked; return its descriptor.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"The store {path.parent} cannot be written ({error.strerror}). Point MARQUEE_STORE to "
            "a folder that you may write."
        ) from error


def try_lock(descriptor: int) -> bool:
    """Lock an open file; return False where another process, or another opening, holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
