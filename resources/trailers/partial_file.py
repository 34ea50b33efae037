"""A file that is being fetched: whether what is there may be gone on with, or is of another file.

A host that serves a range says nothing of whether its file is still the one that the beginning came
from. So a beginning is kept only where the host marks its file (`ETag`, else `Last-Modified`), and
the rest is taken only where mark and length are the same; else it begins again.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from resources.http.redaction import redact

_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


@dataclass(frozen=True)
class Origin:
    """What a host said of a whole file; empty or None where it said nothing."""

    etag: str = ""
    last_modified: str = ""
    total_bytes: int | None = None

    @property
    def mark(self) -> str:
        """What `If-Range` may hold: a strong ETag, else the time of the last change."""
        return self.etag if self.etag[:1] == '"' else self.last_modified

    def is_same(self, other: "Origin") -> bool:
        """Whether nothing that both know differs."""
        pairs = zip(asdict(self).values(), asdict(other).values(), strict=True)
        return all(ours == theirs for ours, theirs in pairs if ours and theirs)


def read_origin(status: int, headers: Mapping[str, str]) -> Origin:
    """Read what an answer says of the whole file.

    Example:
        >>> read_origin(206, {"Content-Range": "bytes 5-9/10", "ETag": '"a"'}).total_bytes
        10
    """
    found = _RANGE.fullmatch(headers.get("Content-Range") or "")
    total = (found[2] if found else "") if status == 206 else headers.get("Content-Length") or ""
    etag, last_modified = (headers.get(name) or "" for name in ("ETag", "Last-Modified"))
    return Origin(
        etag if redact(etag) == etag else "",
        last_modified if redact(last_modified) == last_modified else "",
        int(total) if total.isdecimal() else None,
    )


def read_range_start(headers: Mapping[str, str]) -> int | None:
    """Return the first byte of a ranged answer; None where it is none.

    Example:
        >>> read_range_start({"Content-Range": "bytes 5-9/10"}), read_range_start({})
        (5, None)
    """
    found = _RANGE.fullmatch(headers.get("Content-Range") or "")
    return int(found[1]) if found else None


class PartialFile:
    """The file that one downloader is fetching at the moment, if any."""

    def __init__(self):
        self._path: Path | None = None
        self._origin: Origin | None = None

    @property
    def is_open(self) -> bool:
        """Whether a file is being fetched."""
        return self._path is not None

    @property
    def mark(self) -> str:
        """What `If-Range` is to hold; empty where nothing was begun."""
        return self._origin.mark if self._origin else ""

    def begin(self, path: Path) -> None:
        """Begin to fetch, or to go on with, a file that will be at `path`.

        A beginning that nothing vouches for is removed; one that is whole is put in its place.
        """
        self._path = path
        self._origin = self._load()
        part = self._beside(".part")
        size = part.stat().st_size if part.exists() else 0
        if self._origin is None or not self._origin.mark:
            self.discard()
        elif size and size == self._origin.total_bytes:
            part.replace(path)
        elif size > (self._origin.total_bytes or size):
            self.discard()

    def end(self) -> None:
        """Fetch it no longer; what vouches for an unfinished file is kept with it."""
        if self._path is not None and not self._beside(".part").exists():
            self._beside(".origin").unlink(missing_ok=True)
        self._path = self._origin = None

    def goes_on(self, start: int, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer is the rest, from byte `start`, of the file that was begun."""
        return (
            status == 206
            and self._origin is not None
            and read_range_start(headers) == start
            and self._origin.is_same(read_origin(status, headers))
        )

    def restart(self, status: int, headers: Mapping[str, str]) -> None:
        """Take note that another file, or the same anew, comes from its first byte."""
        self.discard()
        self._origin = read_origin(status, headers)
        self._beside(".origin").write_text(json.dumps(asdict(self._origin)), encoding="utf-8")

    def discard(self) -> None:
        """Remove what was begun."""
        self._beside(".part").unlink(missing_ok=True)
        self._beside(".origin").unlink(missing_ok=True)
        self._origin = None

    def _load(self) -> Origin | None:
        with suppress(OSError, ValueError, TypeError):
            return Origin(**json.loads(self._beside(".origin").read_text(encoding="utf-8")))
        return None

    def _beside(self, end: str) -> Path:
        return self._path.with_name(self._path.name + end)
