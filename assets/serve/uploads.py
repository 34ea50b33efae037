"""Trailers that clients send: streamed to a folder of the server, a few, for a while.

A file is named by its content; no name of a client's reaches the disk. What arrives in part, late
or too large is deleted, the oldest give way to new ones, and all go when the server
ends; those of a server that was killed go when the next one starts.
"""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from tempfile import NamedTemporaryFile

from starlette.requests import ClientDisconnect

from assets.serve.limits import RejectedError
from resources.storage.owned_folders import OwnedFolder
from resources.trailers.options import TrailerLimits

MAX_BYTES = TrailerLimits().max_bytes
UPLOAD_S = 300.0
"""How long a file may take to arrive."""

MOST_AT_ONCE = 2
KEPT = 4
KEPT_S = 3600.0

_NAME = re.compile(r"[0-9a-f]{64}")


class Uploads:
    """The files that were sent.

    Args:
        clock: Seconds, rising.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._folder = OwnedFolder()
        self._clock, self._arrived = clock, dict[str, float]()
        self._under_way = 0

    def close(self) -> None:
        """Delete all files."""
        self._folder.remove()

    async def receive(self, stated: str, parts: AsyncIterator[bytes]) -> tuple[str, Path]:
        """Write a file as it arrives; return its name and its path.

        Args:
            stated: Its stated size; "" for none.
            parts: Its content.

        Raises:
            RejectedError: It is too large, too slow or empty, or others are under way.
        """
        allowed = f"1 byte to {MAX_BYTES // 2**20} MB"
        if stated and (not stated.isdecimal() or int(stated) > MAX_BYTES):
            raise RejectedError(413, "the file is too large", "body", allowed)
        if self._under_way >= MOST_AT_ONCE:
            at_once = f"{MOST_AT_ONCE} at once"
            raise RejectedError(503, "other files are arriving", "body", at_once, retry_after_s=5)
        self._under_way += 1
        try:
            async with asyncio.timeout(UPLOAD_S):
                return await self._write(parts, allowed)
        except TimeoutError:
            within = f"within {UPLOAD_S:.0f} s"
            raise RejectedError(408, "the file took too long to arrive", "body", within) from None
        except ClientDisconnect:
            raise RejectedError(400, "the file arrived in part", "body", allowed) from None
        finally:
            self._under_way -= 1

    def find(self, name: str) -> Path | None:
        """Return the path of a file; None where it is not kept, or not any more."""
        self._remove_old()
        return self._path(name) if name in self._arrived else None

    def remove(self, name: str) -> None:
        """Delete a file."""
        self._arrived.pop(name, None)
        self._path(name).unlink(missing_ok=True)

    async def _write(self, parts: AsyncIterator[bytes], allowed: str) -> tuple[str, Path]:
        content, size_bytes = hashlib.sha256(), 0
        with NamedTemporaryFile(dir=self._folder.path, prefix="part-", delete=False) as file:
            unfinished = Path(file.name)
            try:
                async for part in parts:
                    size_bytes += len(part)
                    if size_bytes > MAX_BYTES:
                        raise RejectedError(413, "the file is too large", "body", allowed)
                    content.update(part)
                    file.write(part)
                if not size_bytes:
                    raise RejectedError(400, "the file is empty", "body", allowed)
            except BaseException:
                unfinished.unlink()
                raise
        name = content.hexdigest()
        unfinished.rename(self._path(name))
        self._arrived.pop(name, None)  # the newest comes last
        self._arrived[name] = self._clock()
        self._remove_old()
        return name, self._path(name)

    def _remove_old(self) -> None:
        now_s = self._clock()
        late = [name for name, then_s in self._arrived.items() if now_s - then_s > KEPT_S]
        for name in {*late, *list(self._arrived)[:-KEPT]}:
            self.remove(name)

    def _path(self, name: str) -> Path:
        return self._folder.path / (name if _NAME.fullmatch(name) else "none")
