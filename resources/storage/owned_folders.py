"""Temporary folders that a killed process leaves behind are removed by whoever makes the next one.

A process keeps its folder locked; the kernel frees the lock when the process ends, however it ends.
"""

import fcntl
import os
import shutil
import tempfile
import weakref
from contextlib import suppress
from pathlib import Path
from typing import Self

PREFIX = "marquee-owned-"


class OwnedFolder:
    """A new folder among the temporary files, deleted at the end of the block, or by `remove`.

    Folders of processes that were killed are deleted first.

    Attributes:
        path: The folder.
    """

    def __init__(self) -> None:
        remove_abandoned()
        hidden = Path(tempfile.mkdtemp(prefix=f".{PREFIX}"))
        descriptor = os.open(hidden, os.O_RDONLY | os.O_DIRECTORY)
        with suppress(OSError):  # a file system without locks: nobody else removes it
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # nobody sees it unlocked
        self.path = hidden.rename(hidden.with_name(hidden.name.removeprefix(".")))
        self._remove = weakref.finalize(self, _remove, self.path, descriptor)

    def remove(self) -> None:
        """Delete it with all that is in it; more than once does no harm."""
        self._remove()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


def remove_abandoned() -> None:
    """Delete this user's folders whose process has ended; what cannot be deleted stays."""
    with suppress(OSError), os.scandir(tempfile.gettempdir()) as entries:
        for entry in entries:
            if entry.name.startswith(PREFIX):
                with suppress(OSError):
                    _remove_if_abandoned(Path(entry.path))


def _remove_if_abandoned(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder)
    finally:
        os.close(descriptor)


def _remove(folder: Path, descriptor: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(descriptor)
