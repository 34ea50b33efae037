"""All files of a store, with sizes and checksums: the manifest of a backup, and what is copied."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from resources.storage.store import StorePath

WORKERS = 8
"""Files that are read or written together: an object store answers one request slowly."""

_READ_BYTES = 2**20
_LEDGER = "ledger.sqlite"


@dataclass(frozen=True)
class StoredFile:
    """A file of a store.

    Attributes:
        path: Below the root, with slashes.
        size_bytes: Its size.
        sha256: Of its content; "" where it was not read.
    """

    path: str
    size_bytes: int
    sha256: str = ""


def list_files(root: StorePath) -> dict[str, int]:
    """Return path and size in bytes of every file; a ledger and hidden files are left out.

    Hidden are locks, unfinished files and the indexes of local copies.
    """
    found = _list_local(root) if isinstance(root, Path) else _list_distant(root)
    return dict(
        sorted(
            (path, size)
            for path, size in found
            if not any(part.startswith(".") for part in path.split("/"))
            and not path.startswith(_LEDGER)
        )
    )


def hash_files(root: StorePath, files: Mapping[str, int]) -> Iterator[StoredFile]:
    """Read files and yield them with their checksums, in the order given."""
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="hash") as pool:
        hashes = pool.map(lambda path: hash_file(root / path), files)
        for (path, size), digest in zip(files.items(), hashes, strict=True):
            yield StoredFile(path, size, digest)


def find_differences(
    root: StorePath, expected: Iterable[StoredFile], *, with_content: bool = False
) -> tuple[list[str], list[str]]:
    """Return the paths that are missing from a store, and those with another size or content.

    Args:
        root: Of the store.
        expected: Its files as they were.
        with_content: Whether the files are read and their checksums compared, where there are some.
    """
    there, missing, suspects = list_files(root), list[str](), dict[str, StoredFile]()
    other = list[str]()
    for file in expected:
        if file.path not in there:
            missing.append(file.path)
        elif there[file.path] != file.size_bytes:
            other.append(file.path)
        elif with_content and file.sha256:
            suspects[file.path] = file
    read = hash_files(root, {path: there[path] for path in suspects})
    other += [file.path for file in read if file.sha256 != suspects[file.path].sha256]
    return missing, sorted(other)


def hash_file(path: StorePath) -> str:
    """Return the SHA-256 of a file's content; "" where it is gone."""
    try:
        with open_to_read(path) as file:
            digest = hashlib.sha256()
            while content := file.read(_READ_BYTES):
                digest.update(content)
            return digest.hexdigest()
    except FileNotFoundError:
        return ""


def open_to_read(path: StorePath) -> BinaryIO:
    """Open a file to read its bytes in order."""
    return cast("BinaryIO", path.open("rb"))


def _list_local(root: Path) -> Iterator[tuple[str, int]]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(folder, name)
            yield path.relative_to(root).as_posix(), path.stat().st_size


def _list_distant(root: StorePath) -> Iterator[tuple[str, int]]:
    assert not isinstance(root, Path)
    root.fs.invalidate_cache()
    prefix = root.path.rstrip("/") + "/"
    found: Any = root.fs.find(root.path, detail=True)  # a list without the details
    for name, facts in found.items():
        if name.startswith(prefix) and facts.get("type") == "file":
            yield name.removeprefix(prefix), int(facts["size"])
