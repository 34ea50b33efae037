"""A backup as one file: a ZIP archive of JSON lines, with a checksum for every part."""

import hashlib
import json
import os
import uuid
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pipeline.core.errors import DiskError, StoreError
from resources.storage.table_rows import as_line

FACTS = "backup.json"
CHECKSUMS = "checksums.json"
FORMAT = 1
_READ_BYTES = 2**20


class ArchiveWriter:
    """Writes the parts of a backup one after another; made by `writing_archive`."""

    def __init__(self, archive: zipfile.ZipFile):
        self._archive = archive
        self.checksums: dict[str, str] = {}
        self.rows: dict[str, int] = {}

    def add(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """Write a part, a line for every row; return the number of rows."""
        digest, count = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as part:
            for row in rows:
                line = as_line(row)
                digest.update(line)
                part.write(line)
                count += 1
        self.checksums[name], self.rows[name] = digest.hexdigest(), count
        return count


@contextmanager
def writing_archive(path: Path, facts: Mapping[str, Any]) -> Iterator[ArchiveWriter]:
    """Write a backup beside its place; it takes its place when it is whole and on the disk.

    Args:
        path: Its place.
        facts: What it says of itself; the number of rows of every part is added.

    Raises:
        StoreError: There is a file at this place.
        DiskError: It cannot be written.
    """
    if path.exists():
        raise StoreError(f"{path} exists, and no backup replaces another one. Name a new file.")
    unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        with unfinished.open("wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                writer = ArchiveWriter(archive)
                yield writer
                writer.add(FACTS, [{"format": FORMAT, **facts, "rows": dict(writer.rows)}])
                archive.writestr(CHECKSUMS, json.dumps(writer.checksums, indent=1))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        raise DiskError.of(error, f"The backup {path} cannot be written") from error
    finally:
        unfinished.unlink(missing_ok=True)


class Archive:
    """A backup that was written, with every checksum verified.

    Args:
        path: The file.

    Raises:
        StoreError: It is no backup, is damaged, or is of a later format.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            self._checksums = self._verify()
            (self.facts,) = self.rows(FACTS)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise StoreError(
                f"{path} is no whole backup ({type(error).__name__}: {error}). Take another one; "
                "nothing was changed."
            ) from error
        if self.facts["format"] != FORMAT:
            raise StoreError(f"{path} was written by a later version of marquee; update marquee.")

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a part."""
        with zipfile.ZipFile(self.path) as archive, archive.open(name) as part:
            for line in part:
                yield json.loads(line)

    def _verify(self) -> Mapping[str, str]:
        with zipfile.ZipFile(self.path) as archive:
            checksums = json.loads(archive.read(CHECKSUMS))
            for name, expected in checksums.items():
                digest = hashlib.sha256()
                with archive.open(name) as part:
                    while content := part.read(_READ_BYTES):
                        digest.update(content)
                if digest.hexdigest() != expected:
                    raise ValueError(f"{name} is not what was written")
        return checksums
