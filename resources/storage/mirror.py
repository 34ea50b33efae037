"""Folders of a store on another host, with a local copy that is kept by hash.

Packed features are mapped into memory, models and reports are written by libraries that need a
local file system. They work on the copy: `pull` brings it up to date, `push` sends what changed.
"""

import hashlib
import json
import logging
import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.core.errors import StoreError
from resources.storage.drivers import make_folder

if TYPE_CHECKING:
    from upath import UPath

LOG = logging.getLogger("marquee")

INDEX = ".index.json"
"""Which files a folder holds: path to hash. Written last, so that it lists only whole files."""


def cache_folder() -> Path:
    """Return the folder of local copies: `marquee` in the user's cache (`XDG_CACHE_HOME`)."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "marquee"


class Mirror:
    """The local copy of one folder of a distant store.

    Args:
        distant: The folder in the store.
        local: Folder of the copy.
    """

    def __init__(self, distant: "UPath", local: Path):
        self.distant, self.local = distant, local
        self._hashes: dict[str, tuple[int, int, str]] = {}
        self._known: dict[str, str] = {}  # the store's files that the copy has, as of the last look
        self._guard = threading.Lock()
        self._is_current = False

    def pull(self) -> None:
        """Fetch, once for this object, the files that differ from the store's.

        Files that only the copy has stay: a training that was ended resumes from them.

        Raises:
            StoreError: The store's index is damaged.
        """
        with self._guard:
            if self._is_current:
                return
            self.local.mkdir(parents=True, exist_ok=True)
            here, there = self._scan(), self._read_index()
            for name, digest in there.items():
                if here.get(name) != digest:
                    self._fetch(name, digest)
            here = self._scan()
            self._known = {
                name: digest for name, digest in there.items() if here.get(name) == digest
            }
            self._is_current = True

    def push(self) -> int:
        """Send what changed here since the last look, then the index; return the number of files.

        What others have sent since stays, so that several machines may train side by side; between
        reading the index and writing it nobody else may write it. A file that was removed here is
        removed there, after the index no longer lists it.
        """
        with self._guard:
            there, here = dict(self._read_index()), self._scan()
            own = {name for name, digest in here.items() if self._known.get(name) != digest}
            removed = self._known.keys() - here.keys()
            changed = [name for name in sorted(own) if there.get(name) != here[name]]
            merged = {**there, **{name: here[name] for name in own}}
            merged = {name: digest for name, digest in merged.items() if name not in removed}
            for name in changed:
                target = self.distant / name
                make_folder(target.parent)
                target.fs.put_file(str(self.local / name), target.path)
            if there != merged:
                (self.distant / INDEX).write_bytes(json.dumps(merged, sort_keys=True).encode())
            for name in removed & there.keys():
                (self.distant / name).unlink(missing_ok=True)
            self._known = here
            return len(changed)

    def _read_index(self) -> Mapping[str, str]:
        path = self.distant / INDEX
        if not path.exists():
            return {}
        try:
            index = json.loads(path.read_bytes())
            return {str(name): str(digest) for name, digest in index.items()}
        except (ValueError, AttributeError) as error:
            raise StoreError(
                f"{path} is damaged ({type(error).__name__}). Remove it; `uv run marquee build` "
                f"then computes again what is not in the local copy {self.local}."
            ) from error

    def _scan(self) -> dict[str, str]:
        """Hash the copy's files; one whose size and time did not change is not read again."""
        seen, self._hashes = self._hashes, {}
        for name, path in _list_files(self.local):
            status = path.stat()
            size, moment_ns, digest = seen.get(name, (-1, -1, ""))
            if (size, moment_ns) != (status.st_size, status.st_mtime_ns):
                digest = _hash_file(path)
            self._hashes[name] = (status.st_size, status.st_mtime_ns, digest)
        return {name: digest for name, (_, _, digest) in self._hashes.items()}

    def _fetch(self, name: str, digest: str) -> None:
        source, path = self.distant / name, self.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        try:
            source.fs.get_file(source.path, str(temporary))
            if _hash_file(temporary) != digest:
                LOG.warning("%s is newer than its index: a run was ended while sending it.", source)
            temporary.replace(path)
        except FileNotFoundError:
            LOG.warning(
                "%s is in its index, and not in the store; it has to be computed again.", source
            )
        finally:
            temporary.unlink(missing_ok=True)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _list_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """List a folder's files by their path in it; hidden ones are unfinished."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield "/".join(parts), path
