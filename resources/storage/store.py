"""The files: one root, one layout, and atomic writes.

Layout, as in the reference implementations: `movies/<id>.json box_office/<id>.json
posters/<id>.jpg trailers/<id>.mp4 frames/<id>.npz audio/<id>.npy
embeddings/<modality>/<backbone>/<id>.npy features/ splits/ models/ reports/`.
"""

import io
import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias
from zipfile import BadZipFile

from pipeline.core.errors import DamagedFileError, DiskError, StoreError
from pipeline.core.versions import hash_bytes

if TYPE_CHECKING:  # each takes a tenth of a second, and most commands read no array and no URL
    import numpy as np
    from upath import UPath

StorePath: TypeAlias = "Path | UPath"
"""A path in the store: a plain one in a local folder, one of fsspec's elsewhere."""

SOURCE_MARK = "SOURCE.json"
STAGING = ".staging"


class Store:
    """Files of one source under one root, a local folder or any fsspec URL.

    Args:
        root: Folder or URL; created when missing.
    """

    def __init__(self, root: str | os.PathLike[str]):
        self.root = _open_root(str(root))
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The store {self.root} cannot be created ({error.strerror or error}). "
                "Point MARQUEE_STORE to a folder that you may write."
            ) from error

    @property
    def is_local(self) -> bool:
        """Whether the root is a folder of this machine."""
        return isinstance(self.root, Path)

    def path(self, *parts: str) -> StorePath:
        """Join parts under the root; a part that would leave it raises `StoreError`."""
        for part in parts:
            if ".." in Path(part).parts or part.startswith(("/", "\\")) or "\x00" in part:
                raise StoreError(f"{part!r} is not a path inside the store {self.root}.")
        return self.root.joinpath(*parts)

    def folder(self, *parts: str) -> Path:
        """Create and return a local folder under the root, for what needs a local file system."""
        if not self.is_local:
            raise StoreError(
                f"Models and reports need a local store; MARQUEE_STORE is {self.root}. "
                "Point it to a folder."
            )
        folder = Path(str(self.path(*parts)))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # -- reading and writing -------------------------------------------------------------------

    def write(self, path: StorePath, content: bytes) -> None:
        """Write atomically: a temporary file beside the path, then a rename."""
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if not self.is_local:
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
        if self.is_local:
            yield Path(str(path))
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
            folder = Path(STAGING, hash_bytes(str(self.root).encode()), asset)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def place(self, staged: Path, path: StorePath) -> None:
        """Move a staged file to its place, in one step where the store is local."""
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            if self.is_local:
                staged.replace(str(path))
            else:
                path.write_bytes(staged.read_bytes())
                staged.unlink()

    # -- the source that filled it ----------------------------------------------------------------

    @staticmethod
    def is_at(root: str) -> bool:
        """Whether a store has been made at this folder or URL."""
        return (_open_root(root) / SOURCE_MARK).exists()

    def claim(self, source: str) -> None:
        """Mark the store as filled from `source`; reject one that another source filled."""
        mark = self.root / SOURCE_MARK
        if not mark.exists():
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


def _open_root(root: str) -> StorePath:
    scheme, separator, folder = root.partition("://")
    if separator and scheme in ("file", "local"):
        return Path(folder)
    if not re.match(r"[A-Za-z][A-Za-z0-9+]+:/|.*::", root):
        return Path(root)
    from upath import UPath

    return UPath(root)


@contextmanager
def writing(path: StorePath) -> Iterator[None]:
    """Turn a disk's failure into an error that stops everything and names the remedy."""
    try:
        yield
    except OSError as error:
        raise DiskError.of(error, f"{path} cannot be written") from error


@contextmanager
def _reading(path: StorePath) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, EOFError, BadZipFile) as error:
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
