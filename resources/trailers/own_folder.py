"""The folder of trailers that the user already has: which file is whose, and copies of them.

A file is named by its movie's TMDB id (`597.mp4`), its IMDb id (`tt0120338.mkv`) or the key of one
of its videos (`CHekzSiZjrY.webm`); the three cannot be taken for each other. The user's files are
copied: not moved, not written to and not linked, so that nothing done to the store reaches them.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.core.errors import ConfigurationError, FetchError
from pipeline.core.movie_ids import YOUTUBE_ID
from pipeline.core.outcomes import Reason
from pipeline.core.versions import hash_json
from resources.settings import ENVIRONMENT
from resources.storage.store import writing
from resources.trailers.options import TrailerLimits, reject_too_large

SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mkv", ".webm", ".mov", ".avi", ".mpg", ".mpeg", ".ts", ".ogv", ".flv",
    ".wmv", ".asf",
})  # fmt: skip
"""Ends of names, in lower case, that a video may have."""

_CHUNK_BYTES = 1024 * 1024
_TMDB_ID = re.compile(r"[1-9]\d{0,9}", re.ASCII)
_IMDB_ID = re.compile(r"tt\d{7,8}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class OwnTrailer:
    """One of the user's files.

    Attributes:
        path: Where it lies; it may be a link.
        stem: Its name without the suffix: an id of the movie or the key of a video.
        size_bytes, changed_ns: What tells one version of it from the next.
    """

    path: Path
    stem: str
    size_bytes: int
    changed_ns: int

    @property
    def version(self) -> list[str | int]:
        """A value that changes when the file does."""
        return [self.path.name, self.size_bytes, self.changed_ns]

    def copy(self, to_path: Path, limits: TrailerLimits) -> Path:
        """Copy the file.

        Raises:
            FetchError: It is not a file, a link that leads out of the folder, too large, or
                unreadable; the message names it.
            DiskError: The copy cannot be written.
        """
        name = self.path.name
        try:
            real = self.path.resolve(strict=True)
            if not real.is_relative_to(self.path.parent.resolve()):
                raise FetchError(Reason.FORBIDDEN, f"{name} is a link that leads out of the folder")
            if not real.is_file():
                raise FetchError(Reason.WRONG_TYPE, f"{name} is not a file")
            reject_too_large(real.stat().st_size, limits)
            source = real.open("rb")
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            cause = getattr(error, "strerror", None) or "links in a circle"
            raise FetchError(Reason.FORBIDDEN, f"{name} cannot be read ({cause})") from None
        with source, writing(to_path), to_path.open("wb") as copy:
            for chunk in _read_chunks(source, name):
                copy.write(chunk)
        return to_path


class TrailerFolder:
    """The user's trailers, as they lie there at the moment.

    Args:
        folder: The folder; folders inside it are ignored.

    Raises:
        ConfigurationError: There is no such folder.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._trailers: dict[str, list[OwnTrailer]] = {}
        self.unread: list[str] = []
        try:
            for trailer in self._list():
                self._trailers.setdefault(trailer.stem, []).append(trailer)
        except OSError as error:
            raise ConfigurationError(
                f"{ENVIRONMENT['trailers']} is {str(folder)!r}, which cannot be read as a folder "
                f"({error.strerror}). Point it to the folder of your trailers, or unset it."
            ) from None

    def __len__(self) -> int:
        return sum(len(trailers) for trailers in self._trailers.values())

    @property
    def version(self) -> str:
        """A value that changes when any of the files does."""
        return hash_json([[t.version for t in ts] for _, ts in sorted(self._trailers.items())])

    def find(
        self, tmdb_id: int, imdb_id: str | None, keys: Iterable[str] = ()
    ) -> tuple[OwnTrailer, ...]:
        """Return a movie's files: by TMDB id, then IMDb id, then video, each in name order."""
        stems = [str(int(tmdb_id)), (imdb_id or "").lower(), *keys]
        return tuple(trailer for stem in stems for trailer in self._trailers.get(stem, ()))

    def versions(self, movies: Mapping[int, tuple[str | None, Sequence[str]]]) -> dict[int, str]:
        """Return a version of the files that movies have, given by IMDb id and video keys."""
        found = {i: self.find(i, imdb_id, keys) for i, (imdb_id, keys) in movies.items()}
        return {i: hash_json([t.version for t in ts]) for i, ts in found.items() if ts}

    def _list(self) -> Iterator[OwnTrailer]:
        for entry in sorted(os.scandir(self._folder), key=lambda entry: entry.name):
            path = Path(entry.path)
            if entry.name.startswith(".") or path.suffix.lower() not in SUFFIXES:
                continue
            if not (name := read_stem(path.stem)):
                self.unread.append(entry.name)
                continue
            try:
                stat = entry.stat()
            except OSError:
                stat = entry.stat(follow_symlinks=False)  # a broken link: reported when copied
            yield OwnTrailer(path, name, stat.st_size, stat.st_mtime_ns)


def _read_chunks(source: BinaryIO, name: str) -> Iterator[bytes]:
    try:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise FetchError(
            Reason.CUT_OFF, f"{name} cannot be read to its end ({error.strerror})"
        ) from None


def read_stem(stem: str) -> str:
    """Return the id that a file's name is, in its usual spelling; empty where it is none.

    Example:
        >>> read_stem("597"), read_stem("TT0120338"), read_stem("CHekzSiZjrY"), read_stem("titanic")
        ('597', 'tt0120338', 'CHekzSiZjrY', '')
    """
    if _IMDB_ID.fullmatch(stem):
        return stem.lower()
    return stem if _TMDB_ID.fullmatch(stem) or YOUTUBE_ID.fullmatch(stem) else ""
