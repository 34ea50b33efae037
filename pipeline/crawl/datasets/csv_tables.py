"""Find the CSV files of a dump, check their columns, and read them row by row."""

import csv
import gzip
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BufferedIOBase
from pathlib import Path

from pipeline.core.errors import DumpError
from pipeline.crawl.datasets.dump_rows import RejectedRow, RejectionReason
from pipeline.crawl.datasets.line_ends import end_lines_by_lf
from pipeline.crawl.stand_ins import is_empty_cell

MAX_ROW_BYTES = 4 * 1024 * 1024
"""Largest row that is read; the largest cell seen in a real dump has 63,000 characters."""

MAX_LINES_PER_ROW = 100
"""Largest number of lines of one quoted text; beyond it, a quote was not closed."""

_GZIP_MAGIC, _ZIP_MAGIC = b"\x1f\x8b", b"PK"
_MAX_SHOWN = 200


@dataclass(frozen=True)
class Row:
    """One row: its place, for a person, and its cells by column, without surrounding spaces.

    A marker such as `NULL` or `nan` counts as an empty cell.
    """

    where: str
    cells: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A CSV file whose header has been checked."""

    path: Path
    columns: tuple[str, ...]

    def read_rows(self) -> Iterator[Row | RejectedRow]:
        """Yield each row in order; an unreadable one is rejected, and reading continues.

        Raises:
            DumpError: The file is truncated, or cannot be read from the disk.
        """
        with _open(self.path) as handle:
            records = _read_records(_Lines(handle, self.path), len(self.columns))
            next(records, None)  # the header
            for line, cells in records:
                where = f"{self.path.name} line {line}"
                if isinstance(cells, str):
                    yield RejectedRow(where, RejectionReason.MALFORMED, cells)
                else:
                    texts = zip(self.columns, map(str.strip, cells), strict=True)
                    yield Row(where, {c: "" if is_empty_cell(c, t) else t for c, t in texts})


def find_file(path: Path, names: Sequence[str]) -> Path | None:
    """Find a file by one of several names, plain or compressed, in the folder of a dump.

    Args:
        path: The dump's folder, or any file in it.
        names: Names without `.gz`, the best first.
    """
    folder = path if path.is_dir() else path.parent
    candidates = (folder / f"{name}{ending}" for name in names for ending in ("", ".gz"))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def open_main_table(path: Path, kind: str, names: Sequence[str], required: Iterable[str]) -> Table:
    """Open the main file of a dump: `path` itself, or a file in the folder `path`.

    Raises:
        DumpError: There is no such file, or it lacks a column.
    """
    found = path if path.is_file() else find_file(path, names) if path.is_dir() else None
    if found is None:
        looked_for = " or ".join(names)
        raise DumpError(
            f"{path} holds no {kind} dump: looked for {looked_for} (also with .gz). "
            "Pass the folder that the download was unpacked into, or its main file."
        )
    return open_table(found, required)


def open_table(path: Path, required: Iterable[str]) -> Table:
    """Read a file's header and check that it has the `required` columns.

    Raises:
        DumpError: It is no CSV file, or lacks a column, or has one twice.
    """
    with _open(path) as handle:
        _, cells = next(_read_records(_Lines(handle, path), None), (0, "the file is empty"))
    if isinstance(cells, str):
        raise DumpError(f"{path} has no readable header: {cells}. Download it again.")
    columns = [cell.strip() or f"column_{place}" for place, cell in enumerate(cells, 1)]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    missing = [column for column in required if column not in columns]
    if missing or repeated:
        wrong = f"lacks the columns {', '.join(missing)}" if missing else f"has {repeated} twice"
        raise DumpError(
            f"{path} {wrong}; its header reads {', '.join(columns)[:_MAX_SHOWN]!r}. "
            "Is it the right file, in UTF-8, with commas between the columns?"
        )
    return Table(path, tuple(columns))


def _open(path: Path) -> BufferedIOBase:
    try:
        with path.open("rb") as handle:
            magic = handle.read(2)
        if magic == _ZIP_MAGIC:
            raise DumpError(f"{path} is a zip archive: unpack it first.")
        return end_lines_by_lf(gzip.open(path) if magic == _GZIP_MAGIC else path.open("rb"))
    except OSError as error:
        raise DumpError(f"{path} cannot be opened: {error.strerror or error}.") from error


def _read_records(lines: "_Lines", width: int | None) -> Iterator[tuple[int, list[str] | str]]:
    """Yield the line on which each record begins, with its cells or the error.

    Only the first line of a malformed record is skipped: an unclosed quote would otherwise
    swallow all following rows. `width` is the number of columns, None for the header.
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
            yield first, f"{len(cells)} columns, expected {width}"
        elif cells:
            yield first, lines.error or cells


class _Lines:
    """The lines of a file for `csv.reader`; those of a malformed record can be read again."""

    def __init__(self, handle: BufferedIOBase, path: Path):
        self._handle, self._path = handle, path
        self._waiting: deque[bytes | None] = deque()
        self._record: list[bytes] = []
        self._number = 0
        self._size = 0
        self.error = ""

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._read()
        if line == b"":
            raise StopIteration
        if line is None and not self._record:
            self._number += 1
            raise csv.Error(f"a line of more than {MAX_ROW_BYTES} bytes")
        self._size += len(line or b"")
        is_too_large = self._size > MAX_ROW_BYTES or len(self._record) == MAX_LINES_PER_ROW
        if line is None or is_too_large:
            self._waiting.appendleft(line)
            raise csv.Error("a quote that is not closed")
        self._number += 1
        self._record.append(line)
        return self._decode(line)

    def begin_record(self) -> int:
        """Forget the last record; return the number of the next line."""
        self._record, self._size, self.error = [], 0, ""
        return self._number + 1

    def unread(self) -> None:
        """Put back all lines of this record but the first."""
        rest = self._record[1:]
        self._number -= len(rest)
        self._waiting.extendleft(reversed(rest))
        self._record = self._record[:1]

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
                f"{self._path} is damaged behind line {self._number} ({error}): download it again."
            ) from error
        return None

    def _decode(self, line: bytes) -> str:
        if b"\x00" in line:
            self.error = "a NUL byte"
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.error = "bytes that are not UTF-8: convert the file to UTF-8"
            return line.decode("utf-8", "replace")
