"""Read a file whose lines end with CR, as spreadsheets on old Macs wrote them."""

import re
import zlib
from io import BufferedIOBase

CHUNK_BYTES = 64 * 1024


def end_lines_by_lf(handle: BufferedIOBase) -> BufferedIOBase:
    """Return the file; one whose header ends with CR alone as if its lines ended with LF."""
    try:
        end = re.search(rb"\r\n?|\n", handle.read(CHUNK_BYTES))
    except (EOFError, OSError, zlib.error):
        end = None  # damaged: reported where it is read
    handle.seek(0)
    return LinesEndedByCr(handle) if end and end[0] == b"\r" else handle


class LinesEndedByCr(BufferedIOBase):
    """A file's lines with LF in the place of the CR that ends each."""

    def __init__(self, handle: BufferedIOBase):
        self._handle, self._ahead = handle, b""

    def readline(self, size: int | None = -1) -> bytes:
        """Return the next line, of at most `size` bytes."""
        most = size if size is not None and size >= 0 else CHUNK_BYTES
        while b"\r" not in self._ahead and len(self._ahead) < most:
            more = self._handle.read(CHUNK_BYTES)
            if not more:
                break
            self._ahead += more
        end = self._ahead.find(b"\r", 0, most)
        length = end + 1 if end >= 0 else most
        line, self._ahead = self._ahead[:length], self._ahead[length:]
        return line[:-1] + b"\n" if end >= 0 else line

    def close(self) -> None:
        """Close the file."""
        self._handle.close()
        super().close()
