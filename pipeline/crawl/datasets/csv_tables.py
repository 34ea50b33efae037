"""Opens the CSV files of a dump: finds them, checks their columns, gives row after row."""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason

MAX_ROW_BYTES = 4 * 1024 * 1024
"""Largest row that is read; the largest cell seen in a real dump has 63,000 characters."""

MAX_LINES_PER_ROW = 100
"""Lines that one quoted text may run over; beyond it, its quote was never closed."""

_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK"
_MAX_SHOWN = 200


@dataclass(frozen=True)
class Row:
    """One row: where it stands, for a person, and its cells by column, without outer space."""

    where: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A CSV file whose header has been checked."""

    path: Path
    columns: tuple[str, ...]

    def read_rows(self) -> Iterator[Row | RejectedRow]:
        """Return each row in order; one that cannot be read is refused, and the next ones go on.

        Raises:
            DumpError: The file ends too early, or the disk does not give it.
        """
        with _open(self.path) as handle:
            records = _read_records(_Lines(handle, self.path), len(self.columns))
            next(records, None)  # the header
            for line, cells in records:
                where = f"{self.path.name} line {line}"
                if isinstance(cells, str):
                    yield RejectedRow(where, RejectionReason.MALFORMED, cells)
                else:
                    texts = (cell.strip() for cell in cells)
                    yield Row(where, dict(zip(self.columns, texts, strict=True)))


def find_file(path: Path, names: Sequence[str]) -> Path | None:
    """Find the file of one of these names, as it is or compressed, in the folder of a dump.

    Args:
        path: The dump's folder, or any file in it.
        names: Names without `.gz`, the best first.
    """
    folder = path if path.is_dir() else path.parent
    candidates = (folder / f"{name}{ending}" for name in names for ending in ("", ".gz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def open_main_table(path: Path, kind: str, names: Sequence[str], wanted: Iterable[str]) -> Table:
    """Open the file without which it is no such dump: `path` itself, or in the folder `path`.

    Raises:
        DumpError: There is no such file, or it lacks a column.
    """
    found = path if path.is_file() else find_file(path, names) if path.is_dir() else None
    if found is None:
        looked_for = " or ".join(names)
        raise DumpError(
            f"{path} holds no {kind} dump: looked for {looked_for} (also with .gz). "
            "Give the folder that the download was unpacked into, or its main file."
        )
    return open_table(found, wanted)


def open_table(path: Path, wanted: Iterable[str]) -> Table:
    """Read a file's header and make sure of the columns that are `wanted`.

    Raises:
        DumpError: It is no CSV file, or lacks a column, or has one twice.
    """
    with _open(path) as handle:
        _, cells = next(_read_records(_Lines(handle, path), None), (0, "the file is empty"))
    if isinstance(cells, str):
        raise DumpError(f"{path} has no header that can be read: {cells}. Fetch it again.")
    columns = [cell.strip() or f"column_{place}" for place, cell in enumerate(cells, 1)]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    missing = [column for column in wanted if column not in columns]
    if missing or repeated:
        wrong = f"lacks the columns {', '.join(missing)}" if missing else f"has {repeated} twice"
        raise DumpError(
            f"{path} {wrong}; its header reads {', '.join(columns)[:_MAX_SHOWN]!r}. "
            "Is it the right file, in UTF-8, with commas between the columns?"
        )
    return Table(path, tuple(columns))


def _open(path: Path) -> BinaryIO:
    try:
        with path.open("rb") as handle:
            magic = handle.read(2)
        if magic == _ZIP_MAGIC:
            raise DumpError(f"{path} is a zip archive: unpack it first.")
        return gzip.open(path, "rb") if magic == _GZIP_MAGIC else path.open("rb")
    except OSError as error:
        raise DumpError(f"{path} cannot be opened: {error.strerror or error}.") from error


def _read_records(lines: "_Lines", width: int | None) -> Iterator[tuple[int, list[str] | str]]:
    """Return the line on which each record begins, with its cells or what is wrong with it.

    Of a record that goes wrong only the first line is lost: a quote that is not closed would
    swallow all rows behind it. `width` is the number of columns, None for the header.
    """
    # The limit is the interpreter's, not the reader's; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_ROW_BYTES))
    reader = csv.reader(lines, strict=True)
    while True:
        first = lines.begin_record()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.unread()
            yield first, str(error)
            continue
        if width is not None and cells and len(cells) != width:
            lines.unread()
            yield first, f"{len(cells)} columns where {width} were wanted"
        elif cells:
            yield first, lines.complaint or cells


class _Lines:
    """The lines of a file, some of which can be given back; feeds `csv.reader`."""

    def __init__(self, handle: BinaryIO, path: Path):
        self._handle, self._path = handle, path
        self._waiting: deque[bytes | None] = deque()
        self._taken: list[bytes] = []
        self._number = 0
        self._size = 0
        self.complaint = ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if line == b"":
            raise StopIteration
        if line is None and not self._taken:
            self._number += 1
            raise csv.Error(f"a line of more than {MAX_ROW_BYTES} bytes")
        self._size += len(line or b"")
        too_long = line is None or self._size > MAX_ROW_BYTES
        if too_long or len(self._taken) == MAX_LINES_PER_ROW:
            self._waiting.appendleft(line)
            raise csv.Error("a quote that is not closed")
        self._number += 1
        self._taken.append(line)
        return self._decode(line)

    def begin_record(self) -> int:
        """Forget the last record; give the number of the line that comes next."""
        self._taken, self._size, self.complaint = [], 0, ""
        return self._number + 1

    def unread(self) -> None:
        """Give back the lines of this record but its first."""
        again = self._taken[1:]
        self._number -= len(again)
        self._waiting.extendleft(reversed(again))
        self._taken = self._taken[:1]

    def _read(self) -> bytes | None:
        """Read a line; None for one that is too long, which is skipped."""
        try:
            line = self._handle.readline(MAX_ROW_BYTES + 1)
            if len(line) <= MAX_ROW_BYTES:
                return line.removeprefix(b"\xef\xbb\xbf") if self._number == 0 else line
            while line and not line.endswith(b"\n"):
                line = self._handle.readline(MAX_ROW_BYTES)
        except (EOFError, OSError, zlib.error) as error:
            raise DumpError(
                f"{self._path} is damaged behind line {self._number} ({error}): fetch it again."
            ) from error
        return None

    def _decode(self, line: bytes) -> str:
        if b"\x00" in line:
            self.complaint = "a NUL byte"
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.complaint = "bytes that are not UTF-8: convert the file to UTF-8"
            return line.decode("utf-8", "replace")
