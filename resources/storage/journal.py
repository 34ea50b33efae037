"""A copy of the ledger's rows inside the store, from which a lost ledger is restored.

Each save adds one file of the rows written since the last one; many files become one.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from pipeline.core.errors import StoreError
from pipeline.core.staleness import Row
from resources.storage.store import Store, StorePath

if TYPE_CHECKING:  # it loads SQLAlchemy, which loading definitions does without
    from resources.storage.ledger import Ledger

FOLDER = "journal"
_KNOWN_FILE = "known.json.gz"
KNOWN_FILE = (FOLDER, _KNOWN_FILE)
"""Path of the file that a journal always has."""

_ROWS_SUFFIX = ".rows.gz"
_MAX_FILES = 20
_OVERLAP_S, _DISTANT_OVERLAP_S = 5.0, 60.0
"""Rows are saved again that were written shortly before a save: threads, and machines that share a
distant store, do not write in the order of their clocks."""

_TICK_S = 0.001
"""No two files are of the same moment."""

_FIELDS = (
    "status", "reason", "detail", "attempts", "next_attempt_s", "input_version", "code_version",
    "content_hash", "facets", "metadata", "written_s",
)  # fmt: skip
"""What is kept of a row: all but whether Dagster shows it, and intents."""


class Journal:
    """The journal of one store.

    Args:
        store: Whose.
    """

    def __init__(self, store: Store):
        self._store = store

    def exists(self) -> bool:
        """Whether there is anything to restore from."""
        return self._store.path(FOLDER, _KNOWN_FILE).exists()

    def save(self, ledger: Ledger) -> int:
        """Save the rows written since the last save, the known movies and the notes.

        Returns:
            The number of rows saved.
        """
        files = self._files()
        last_s = _moment(files[-1]) if files else 0.0
        lines, until_s = list[str](), last_s
        overlap_s = _OVERLAP_S if self._store.is_local else _DISTANT_OVERLAP_S
        for asset, tmdb_id, row in ledger.written_since(last_s - overlap_s):
            values = {name: getattr(row, name) for name in _FIELDS}
            lines.append(json.dumps([asset, tmdb_id, values], default=dict))
            until_s = max(until_s, row.written_s)
        if lines:
            until_s = max(until_s, last_s + _TICK_S)
            self._store.write(self._store.path(FOLDER, _name(until_s)), _pack(lines))
        known = {"movies": list(ledger.movies().items()), "notes": ledger.notes()}
        self._store.write(self._store.path(FOLDER, _KNOWN_FILE), _pack([json.dumps(known)]))
        if len(files) >= _MAX_FILES:
            self._join()
        return len(lines)

    def known(self) -> tuple[dict[int, str], dict[str, str]]:
        """Return the known movies with their change stamps, and the notes."""
        content = json.loads("".join(_read(self._store.path(FOLDER, _KNOWN_FILE))))
        return {int(i): str(stamp) for i, stamp in content["movies"]}, content["notes"]

    def rows(self, asset: str) -> dict[int, Row]:
        """Return an asset's rows as they were saved last."""
        lines = (json.loads(line) for line in self._latest(asset, self._files()).values())
        return {int(tmdb_id): Row(**values) for _, tmdb_id, values in lines}

    def _files(self) -> list[StorePath]:
        """List the files of rows, the oldest first."""
        folder = self._store.path(FOLDER)
        found = folder.iterdir() if folder.exists() else ()
        return sorted((p for p in found if p.name.endswith(_ROWS_SUFFIX)), key=lambda p: p.name)

    def _join(self) -> None:
        """Write all rows to the last file, then remove the others; a kill in between loses none."""
        files = self._files()
        assets = {json.loads(line)[0] for path in files for line in _read(path)}
        latest = (line for asset in sorted(assets) for line in self._latest(asset, files).values())
        self._store.write(files[-1], _pack(latest))
        for path in files[:-1]:
            path.unlink(missing_ok=True)

    @staticmethod
    def _latest(asset: str, files: Iterable[StorePath]) -> dict[str, str]:
        """Return the last line of each of an asset's movies."""
        begin = json.dumps([asset])[:-1] + ", "
        lines = (line for path in files for line in _read(path) if line.startswith(begin))
        return {line[len(begin) :].partition(",")[0]: line for line in lines}


def _name(moment_s: float) -> str:
    return f"{moment_s:016.3f}{_ROWS_SUFFIX}"


def _moment(path: StorePath) -> float:
    return float(path.name.removesuffix(_ROWS_SUFFIX))


def _pack(lines: Iterable[str]) -> bytes:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1, mtime=0) as file:
        for line in lines:
            file.write(line.encode() + b"\n")
    return buffer.getvalue()


def _read(path: StorePath) -> Iterator[str]:
    try:
        content = path.read_bytes()
        if not content:
            raise EOFError
        with gzip.open(io.BytesIO(content), "rt", encoding="utf-8") as lines:
            yield from (line.rstrip("\n") for line in lines)
    except (OSError, EOFError, ValueError) as error:
        raise StoreError(
            f"{path} is missing or damaged ({type(error).__name__}). Remove it: what only it holds "
            "is requested and computed again."
        ) from error
