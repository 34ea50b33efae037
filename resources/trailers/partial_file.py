"""A partially downloaded file: whether it may be resumed, or belongs to another version.

A host that serves a range does not say whether its file is still the same one. So a partial file is
kept only where the host marks its file (`ETag`, else `Last-Modified`), and resumed only where mark
and length are the same; else the download restarts.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path

from resources.http.redaction import redact

Headers = Mapping[str, str] | Message

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True)
class FileVersion:
    """The version of a host's file, by its headers; empty or None where one is missing."""

    etag: str = ""
    last_modified: str = ""
    total_bytes: int | None = None

    @property
    def mark(self) -> str:
        """What `If-Range` may hold: a strong ETag, else the time of the last change."""
        return self.etag if self.etag[:1] == '"' else self.last_modified

    def is_same(self, other: "FileVersion") -> bool:
        """Whether no header that both have differs."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return all(ours == theirs for ours, theirs in pairs if ours and theirs)


def read_file_version(status: int, headers: Headers) -> FileVersion:
    """Read the version of the whole file from the headers of a response.

    Example:
        >>> read_file_version(206, {"Content-Range": "bytes 5-9/10", "ETag": '"a"'}).total_bytes
        10
    """
    found = _RANGE.fullmatch(headers.get("Content-Range") or "")
    total = (found[2] if found else "") if status == 206 else headers.get("Content-Length") or ""
    etag, last_modified = (headers.get(name) or "" for name in ("ETag", "Last-Modified"))
    return FileVersion(
        etag if redact(etag) == etag else "",
        last_modified if redact(last_modified) == last_modified else "",
        int(total) if total.isdecimal() else None,
    )


def read_range_start(headers: Headers) -> int | None:
    """Return the first byte of a ranged response; None where it is none.

    Example:
        >>> read_range_start({"Content-Range": "bytes 5-9/10"}), read_range_start({})
        (5, None)
    """
    found = _RANGE.fullmatch(headers.get("Content-Range") or "")
    return int(found[1]) if found else None


class PartialFile:
    """The file that one downloader is fetching, if any."""

    def __init__(self):
        self._path: Path | None = None
        self._version: FileVersion | None = None

    @property
    def is_open(self) -> bool:
        """Whether a file is being fetched."""
        return self._path is not None

    @property
    def mark(self) -> str:
        """The value of `If-Range`; empty where there is no partial file."""
        return self._version.mark if self._version else ""

    def begin(self, path: Path) -> None:
        """Begin or resume the file that will be at `path`.

        A partial file without a known version is removed; a complete one is moved into place.
        """
        self._path = path
        self._version = self._load()
        part = self._beside(".part")
        size = part.stat().st_size if part.exists() else 0
        if self._version is None or not self._version.mark:
            self.discard()
        elif size and size == self._version.total_bytes:
            part.replace(path)
        elif size > (self._version.total_bytes or size):
            self.discard()

    def end(self) -> None:
        """Stop; the version of an unfinished file is kept beside it."""
        if self._path is not None and not self._beside(".part").exists():
            self._beside(".origin").unlink(missing_ok=True)
        self._path = self._version = None

    def continues(self, start: int, status: int, headers: Headers) -> bool:
        """Whether a response is the rest, from byte `start`, of the partial file."""
        return (
            status == 206
            and self._version is not None
            and read_range_start(headers) == start
            and self._version.is_same(read_file_version(status, headers))
        )

    def restart(self, status: int, headers: Headers) -> None:
        """Restart from the first byte, with the version that the headers show."""
        self.discard()
        self._version = read_file_version(status, headers)
        self._beside(".origin").write_text(json.dumps(asdict(self._version)), encoding="utf-8")

    def discard(self) -> None:
        """Remove the partial file."""
        self._beside(".part").unlink(missing_ok=True)
        self._beside(".origin").unlink(missing_ok=True)
        self._version = None

    def _load(self) -> FileVersion | None:
        with suppress(OSError, ValueError, TypeError):
            return FileVersion(**json.loads(self._beside(".origin").read_text(encoding="utf-8")))
        return None

    def _beside(self, end: str) -> Path:
        if self._path is None:
            raise RuntimeError("no file is being fetched")
        return self._path.with_name(self._path.name + end)
