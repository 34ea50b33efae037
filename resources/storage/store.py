"""The files: one root, one layout, and atomic writes.

Layout, as in the reference implementations: `movies/<id>.json box_office/<id>.json
posters/<id>.jpg trailers/<id>.mp4 frames/<id>.npz audio/<id>.npy
embeddings/<modality>/<backbone>/<id>.npy features/ splits/ models/ registry/ reports/`.
"""

import io
import json
import os
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias
from zipfile import BadZipFile

from pipeline.core.errors import DamagedFileError, DiskError, StoreError
from pipeline.core.versions import hash_bytes
from resources.storage.drivers import away, driver_errors, make_folder, missing_driver
from resources.storage.mirror import Mirror, cache_folder

if TYPE_CHECKING:  # each takes a tenth of a second, and most commands read no array and no URL
    import numpy as np
    from upath import UPath

StorePath: TypeAlias = "Path | UPath"
"""A path in the store: a plain one in a local folder, one of fsspec's elsewhere."""

SOURCE_MARK = "SOURCE.json"
STAGING = ".staging"

MIRRORED = ("features", "splits", "models", "registry", "reports")
"""Folders that need a local file system: in a distant store they have a local copy."""


class Store:
    """Files of one source under one root, a local folder or any fsspec URL.

    Args:
        root: Folder or URL; created when missing.
        pulls: Whether local copies of a distant store's folders are brought up to date before
            their first use. A process that works for another one leaves that to it.

    Raises:
        ConfigurationError: The URL cannot be read, or its driver is not installed.
        StoreError: The store cannot be created or reached.
    """

    def __init__(self, root: str | os.PathLike[str], *, pulls: bool = True):
        self.root = open_root(str(root))
        self._pulls, self._mirrors = pulls, dict[str, Mirror]()
        self.guard: Callable[[], AbstractContextManager[object]] = nullcontext
        self.was_empty = False  # until `claim` finds no mark of a source
        with _creating(self.root):
            make_folder(self.root)
            self.root.exists()  # one on another host has to respond

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return isinstance(self.root, Path)

    def path(self, *parts: str) -> StorePath:
        """Join parts under the root; a part that would leave it raises `StoreError`.

        Of a distant store's `MIRRORED` folders it is the path in the local copy.
        """
        for part in parts:
            if ".." in Path(part).parts or part.startswith(("/", "\\")) or "\x00" in part:
                raise StoreError(f"{part!r} is not a path inside the store {self.root}.")
        top, *inside = "/".join(parts).split("/")
        if not isinstance(self.root, Path) and top in MIRRORED:
            return self._mirror(top).local.joinpath(*inside)
        return self.root.joinpath(*parts)

    def folder(self, *parts: str) -> Path:
        """Create and return a folder that is a local one also where the store is not.

        Args:
            *parts: The first of them is one of `MIRRORED`.

        Raises:
            StoreError: It is another one, and the store is on another host: such a folder would be
                made on this machine, where nobody looks for it.
        """
        if not self.is_local and parts[0].partition("/")[0] not in MIRRORED:
            raise StoreError(
                f"{parts[0]!r} is no folder with a local copy; in {self.root} those are "
                f"{', '.join(MIRRORED)}. This is a mistake in marquee: add it to MIRRORED."
            )
        folder = Path(str(self.path(*parts)))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def push(self) -> None:
        """Send what changed in local copies to the store; a local store has none.

        Within `guard`, which keeps others that share the store's ledger from doing the same.

        Raises:
            DiskError: The store cannot be written.
        """
        if not self._mirrors:
            return
        with self.guard():
            for mirror in self._mirrors.values():
                with writing(mirror.distant):
                    mirror.push()

    def _mirror(self, top: str) -> Mirror:
        assert not isinstance(self.root, Path)
        if top not in self._mirrors:
            self._mirrors[top] = Mirror(self.root / top, self._cache() / top)
        if self._pulls:
            self._mirrors[top].pull()
        return self._mirrors[top]

    def _cache(self) -> Path:
        return cache_folder() / hash_bytes(str(self.root).encode())

    # -- reading and writing -------------------------------------------------------------------

    def write(self, path: StorePath, content: bytes) -> None:
        """Write atomically: a temporary file beside the path, then a rename."""
        with writing(path):
            make_folder(path.parent)
            if not isinstance(path, Path):
                path.write_bytes(content)  # object stores put whole objects
                return
        temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        with writing(path):
            try:
                temporary.write_bytes(content)
                Path(str(temporary)).replace(str(path))
            finally:  # also when the run is interrupted; after the rename it is gone
                with suppress(OSError):
                    temporary.unlink(missing_ok=True)

    def read_json(self, path: StorePath) -> dict:
        """Read one JSON object; `DamagedFileError` where it is none."""
        with _reading(path):
            return json.loads(path.read_bytes())

    def read_array(self, path: StorePath) -> "np.ndarray":
        """Read one `.npy` array; `DamagedFileError` where it is none; pickles are rejected."""
        import numpy as np

        with _reading(path):
            return np.load(io.BytesIO(path.read_bytes()), allow_pickle=False)

    def read_arrays(self, path: StorePath) -> "dict[str, np.ndarray]":
        """Read a `.npz` of named arrays; `DamagedFileError` where it is none."""
        import numpy as np

        with (
            _reading(path),
            np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as arrays,
        ):
            return {name: arrays[name] for name in arrays.files}

    @contextmanager
    def local_copy(self, path: StorePath) -> Iterator[Path]:
        """Return a local path of a file: the file itself, or a copy for as long as it is needed."""
        if isinstance(path, Path):
            yield path
            return
        with TemporaryDirectory(prefix="marquee-") as folder:
            copy = Path(folder, path.name)
            copy.write_bytes(path.read_bytes())
            yield copy

    # -- staging: files that are not yet in their place -------------------------------------

    def staging(self, asset: str) -> Path:
        """Create and return the local folder of one asset's unfinished files."""
        if self.is_local:
            folder = Path(str(self.root), STAGING, asset)
        else:
            folder = self._cache() / STAGING / asset
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def place(self, staged: Path, path: StorePath) -> None:
        """Move a staged file to its place, in one step where the store is local."""
        with writing(path):
            make_folder(path.parent)
            if isinstance(path, Path):
                staged.replace(path)
            else:
                path.write_bytes(staged.read_bytes())
                staged.unlink()

    # -- the source that filled it ----------------------------------------------------------------

    @staticmethod
    def is_at(root: str) -> bool:
        """Whether a store has been made at this folder or URL."""
        return (open_root(root) / SOURCE_MARK).exists()

    def claim(self, source: str) -> None:
        """Mark the store as filled from `source`; reject one that another source filled."""
        mark = self.root / SOURCE_MARK
        if not mark.exists():
            self.was_empty = True
            self.write(mark, json.dumps({"source": source}).encode())
            return
        found = self.read_json(mark)["source"]
        if found != source:
            kind = found.partition(" ")[0]  # a studio's name ends with its fingerprint
            other = f", or set MARQUEE_SOURCE to {kind} to continue with this one"
            raise StoreError(
                f"The store {self.root} was filled from {found}, this run reads {source}; the two "
                "never mix. Point MARQUEE_STORE (and DAGSTER_HOME) to new folders"
                f"{'' if source.startswith(kind) else other}."
            )


def open_root(root: str) -> StorePath:
    """Return the path that a store's folder or URL names; `ConfigurationError` without a driver."""
    scheme, separator, folder = root.partition("://")
    if separator and scheme in ("file", "local"):
        return Path(folder)
    if not re.match(r"[A-Za-z][A-Za-z0-9+]+:/|.*::", root):
        return Path(root)
    try:
        from upath import UPath

        path = UPath(root)
        _ = path.fs  # finds the driver
    except (ImportError, ValueError) as error:
        raise missing_driver("MARQUEE_STORE", scheme, error) from error
    return path


@contextmanager
def _creating(root: StorePath) -> Iterator[None]:
    try:
        yield
    except driver_errors() as error:
        remedy = "a folder that you may write"
        if not isinstance(root, Path):
            remedy = "one that responds, and give its driver the credentials"
        raise StoreError(
            f"The store {root} cannot be created ({getattr(error, 'strerror', None) or error}). "
            f"Point MARQUEE_STORE to {remedy}."
        ) from error


@contextmanager
def writing(path: StorePath) -> Iterator[None]:
    """Turn a failure of the disk, or of an object store, into an error that stops everything and
    names the remedy.
    """
    try:
        yield
    except driver_errors() as error:
        if isinstance(error, OSError):
            raise DiskError.of(error, f"{path} cannot be written") from error
        raise away(error) or error from error


@contextmanager
def _reading(path: StorePath) -> Iterator[None]:
    try:
        yield
    except (*driver_errors(), ValueError, EOFError, BadZipFile) as error:
        if failure := away(error):
            raise failure from error
        raise DamagedFileError(
            f"{path} is missing or damaged ({type(error).__name__}). Recompute it: `uv run "
            f"marquee retry --again --films {path.stem.partition('.')[0]}`, then `uv run marquee "
            "build`."
        ) from error


def npy_bytes(array: "np.ndarray") -> bytes:
    """Encode one array as `.npy`."""
    import numpy as np

    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def npz_bytes(**arrays: "np.ndarray") -> bytes:
    """Encode named arrays as `.npz`, without compression (frames are read often)."""
    import numpy as np

    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # pyright: ignore[reportArgumentType]  # none is `allow_pickle`
    return buffer.getvalue()
