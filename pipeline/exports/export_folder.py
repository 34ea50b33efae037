"""Write the folder of an export: complete files, a journal, and the manifest at the end.

The journal lists each file before it is begun. A killed run leaves the journal and no manifest; the
next run writes everything again and removes obsolete files, but only those that a journal or a
manifest of ours lists.
"""

import json
import shutil
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipeline.core.errors import DiskError, DumpError
from pipeline.exports.manifest import (
    FORMAT,
    MANIFEST,
    UNFINISHED,
    check_place,
    hash_file,
    list_files,
    read_manifest,
)

_PARTIAL_SUFFIX = ".part"
"""Suffix of a file that is being written."""


class ExportFolder:
    """The folder of one export, from `open_export`.

    Args:
        root: The folder.
        begun: Paths of files that earlier runs began.
    """

    def __init__(self, root: Path, begun: set[str]):
        self.root = root
        self.files: dict[str, dict[str, object]] = {}
        self._begun = begun
        self._wanted: set[str] = set()

    def write(self, place: str, content: bytes) -> None:
        """Write a file atomically."""
        with self.writing(place) as path:
            path.write_bytes(content)

    def copy(self, place: str, source: BinaryIO) -> None:
        """Copy a file, block by block."""
        with self.writing(place) as path, path.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1024 * 1024)

    @contextmanager
    def writing(self, place: str) -> Generator[Path, None, None]:
        """Yield a path to write to; at the end the file is moved to its place."""
        path = self._begin(place)
        partial = path.with_name(path.name + _PARTIAL_SUFFIX)
        with _disk(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield partial
            self._list(place, partial)
            partial.replace(path)

    @contextmanager
    def filling(self, place: str) -> Generator[Path, None, None]:
        """Yield a new folder for a library to write into; all of its files are listed."""
        path = self._begin(place)
        with _disk(path):
            if path.exists():
                shutil.rmtree(path)
            path.mkdir(parents=True)
            yield path
            for name in sorted(list_files(path)):
                self._list(f"{place}/{name}", path / name)

    def finish(self, head: Mapping[str, object]) -> None:
        """Remove obsolete files of earlier runs, then write the manifest."""
        for place in sorted(self._begun - self._wanted):
            self._remove(place)
        manifest = {"format": FORMAT, **head, "files": dict(sorted(self.files.items()))}
        path = self.root / MANIFEST
        with _disk(path):
            partial = path.with_name(MANIFEST + _PARTIAL_SUFFIX)
            partial.write_text(json.dumps(manifest, ensure_ascii=False, indent=1), encoding="utf-8")
            partial.replace(path)
            (self.root / UNFINISHED).unlink()

    def _begin(self, place: str) -> Path:
        path = self._path(place)
        self._wanted.add(place)
        if place not in self._begun:
            self._begun.add(place)
            with _disk(path), (self.root / UNFINISHED).open("a", encoding="utf-8") as journal:
                journal.write(json.dumps(place) + "\n")
        return path

    def _path(self, place: str) -> Path:
        path = self.root / check_place(place)
        for parent in path.relative_to(self.root).parents:
            if (self.root / parent).is_symlink() and parent != Path():
                raise DumpError(
                    f"{self.root / parent} is a link to another place: exports write into their "
                    "own folder alone. Remove it, or export into a new folder."
                )
        return path

    def _list(self, place: str, path: Path) -> None:
        size, digest = hash_file(path)
        self.files[place] = {"size": size, "sha256": digest}

    def _remove(self, place: str) -> None:
        path = self._path(place)
        if any(str(parent) in self._wanted for parent in PurePosixPath(place).parents):
            return  # that folder was written again
        with _disk(path):
            path.with_name(path.name + _PARTIAL_SUFFIX).unlink(missing_ok=True)
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            for parent in path.relative_to(self.root).parents:
                if parent != Path():
                    with suppress(OSError):
                        (self.root / parent).rmdir()  # only removes an empty folder


def open_export(root: Path, kind: str, source: str) -> ExportFolder:
    """Open a folder for a new, a repeated or an interrupted export.

    Args:
        root: An empty or new folder, or one that holds an export of the same kind and source.
        kind: What is exported.
        source: Label of the movies' source; sources are never mixed.

    Raises:
        DumpError: The folder holds something else.
        DiskError: It cannot be written.
    """
    with _disk(root):
        if root.exists() and not root.is_dir():
            raise DumpError(f"{root} is a file: pass a folder to export into.")
        begun = _list_begun(root, {"kind": kind, "source": source})
        root.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"kind": kind, "source": source}), *map(json.dumps, sorted(begun))]
        partial = root / (UNFINISHED + _PARTIAL_SUFFIX)
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
        partial.replace(root / UNFINISHED)
        (root / MANIFEST).unlink(missing_ok=True)
    return ExportFolder(root, begun)


def _list_begun(root: Path, expected: Mapping[str, str]) -> set[str]:
    """Return the files of the export in the folder; raise an error for any other content."""
    leftovers = {UNFINISHED + _PARTIAL_SUFFIX}
    if not root.exists() or not {path.name for path in root.iterdir()} - leftovers:
        return set()
    if (root / UNFINISHED).is_file():
        head, begun = _read_journal(root / UNFINISHED)
    elif (root / MANIFEST).is_file():
        head = read_manifest(root)
        begun = set(head["files"])
    else:
        raise DumpError(
            f"{root} is not empty and holds no export of marquee. Pass an empty or a new folder: "
            "existing files are never overwritten."
        )
    if any(head.get(name) != value for name, value in expected.items()):
        raise DumpError(
            f"{root} holds an export {head.get('kind')} of {head.get('source')}, this one is "
            f"{expected['kind']} of {expected['source']}. Pass another folder."
        )
    return begun


def _read_journal(path: Path) -> tuple[dict, set[str]]:
    head, *lines = path.read_text(encoding="utf-8").split("\n")
    try:
        fields = json.loads(head)
        places = [json.loads(line) for line in lines[:-1]]  # the last may be truncated
    except (ValueError, RecursionError):
        fields, places = None, []
    if not isinstance(fields, dict):
        raise DumpError(f"{path} is no journal of an export. Pass an empty or a new folder.")
    return fields, {check_place(place) for place in places}


@contextmanager
def _disk(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        raise DiskError(
            f"{path} cannot be written ({error.strerror or error}). Free some space or fix the "
            "permissions, then run the same export again."
        ) from error
