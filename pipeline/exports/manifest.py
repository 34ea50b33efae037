"""Read the manifest of an exported folder, every file with size and SHA-256, and verify it."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from pipeline.core.errors import DumpError

MANIFEST = "manifest.json"
UNFINISHED = ".marquee-unfinished"
"""Journal in an incomplete folder: the files that were begun, one line each."""

FORMAT = "marquee export 1"
MAX_MANIFEST_BYTES = 1024 * 1024 * 1024

_BLOCK_BYTES = 1024 * 1024
_SHA256_CHARS = 64


def check_place(place: object) -> str:
    """Return a file's path below the folder, if it is valid.

    Raises:
        DumpError: It leads out of the folder, or is none that an export writes.

    Example:
        >>> check_place("basics/597.npy")
        'basics/597.npy'
    """
    if isinstance(place, str) and place and not set(place) & set("\\\0\n\r:"):
        path = PurePosixPath(place)
        is_inside = not path.is_absolute() and ".." not in path.parts
        if is_inside and path.as_posix() == place and place not in (".", MANIFEST, UNFINISHED):
            return place
    raise DumpError(f"{str(place)[:80]!r} is no path below an exported folder")


def hash_file(path: Path) -> tuple[int, str]:
    """Return a file's size in bytes and its SHA-256."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()


def read_manifest(folder: Path) -> dict:
    """Read a folder's manifest.

    Raises:
        DumpError: It is missing, or has another format.
    """
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise DumpError(f"{path} is larger than {MAX_MANIFEST_BYTES} bytes")
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise DumpError(f"{path} cannot be read ({type(error).__name__})") from None
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise DumpError(f"{path} is no manifest of an export of this version")
    files = value.get("files")
    if not isinstance(files, dict) or not all(map(_is_file, files.values())):
        raise DumpError(f"{path} does not list files with size and sha256")
    for place in files:
        check_place(place)
    return value


def _is_file(value: object) -> bool:
    return (
        isinstance(value, dict)
        and type(value.get("size")) is int
        and isinstance(value.get("sha256"), str)
        and len(value["sha256"]) == _SHA256_CHARS
    )


def find_problems(folder: Path) -> list[str]:
    """Compare a folder with its manifest, byte for byte.

    Returns:
        One line per problem, in order: missing, changed and extra files; empty where there is
        none.
    """
    if not folder.is_dir():
        return [f"{folder} is no folder: pass the folder that was exported."]
    if (folder / UNFINISHED).exists() or not (folder / MANIFEST).exists():
        return [
            f"{folder} is incomplete: it has no {MANIFEST}, or an export was stopped in it. "
            "Run the same export again, it continues from there."
        ]
    try:
        files = read_manifest(folder)["files"]
    except DumpError as error:
        return [str(error)]
    there = set(list_files(folder))
    problems = [f"{place} is missing" for place in sorted(files.keys() - there)]
    for place in sorted(files.keys() & there):
        problems += _compare(folder, place, files[place])
    extra = sorted(there - files.keys() - {MANIFEST})
    return problems + [f"{place} is not in the manifest" for place in extra]


def _compare(folder: Path, place: str, listed: Mapping) -> Iterator[str]:
    path = folder / place
    if path.is_symlink() or not path.is_file():
        yield f"{place} is a link to another place, not a file"
        return
    try:
        size, digest = hash_file(path)
    except OSError as error:
        yield f"{place} cannot be read ({error.strerror})"
        return
    if size != listed["size"]:
        yield f"{place} is changed: {size} bytes, expected {listed['size']}"
    elif digest != listed["sha256"]:
        yield f"{place} is changed: its SHA-256 differs from the manifest's"


def list_files(folder: Path) -> Iterator[str]:
    """Yield the path of every file and link below a folder; links to folders are not followed."""
    for where, folders, files in os.walk(folder):
        links = [name for name in folders if Path(where, name).is_symlink()]
        for name in (*files, *links):
            yield Path(where, name).relative_to(folder).as_posix()
