"""A disk that becomes full or read-only: a file system in memory, mounted over folders."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

LARGE = 1 << 30


class SmallDisk:
    """The disk; see `small_disk`."""

    def __init__(self, folder: Path):
        self._folder = folder

    @property
    def used_bytes(self) -> int:
        """What is occupied."""
        return shutil.disk_usage(self._folder).used

    def resize(self, size_bytes: int) -> None:
        """Change its size, which is not below what is occupied."""
        self._remount(f"size={size_bytes}")

    def forbid_writing(self) -> bool:
        """Make it read-only, as soon as no file is open for writing; return whether it is."""
        for _ in range(200):
            try:
                self._remount("ro")
            except subprocess.CalledProcessError:
                time.sleep(0.005)
            else:
                return True
        return False

    def allow_writing(self) -> None:
        """Let it be written again."""
        self._remount("rw")

    def _remount(self, option: str) -> None:
        _run("mount", "-o", f"remount,{option}", self._folder)


@contextmanager
def small_disk(folder: Path, *places: Path) -> Iterator[SmallDisk]:
    """Have folders, with what is in them, on a disk of their own until the end of the block."""
    folder.mkdir()
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={LARGE}", "tmpfs", folder)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system may be mounted here")
    mounted = [folder]
    try:
        for place in places:
            place.mkdir(exist_ok=True)
            shutil.copytree(place, folder / place.name)
            _run("mount", "--bind", folder / place.name, place)
            mounted.append(place)
        yield SmallDisk(folder)
    finally:
        for place in reversed(mounted):
            _run("umount", "-l", place)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True)
