"""Makes a failing input small."""

import time
from collections.abc import Callable


def shrink(data: bytes, fails: Callable[[bytes], bool], *, limit_s: float = 10.0) -> bytes:
    """Leave out ever smaller parts for as long as the input fails in the same way.

    Example:
        >>> shrink(b"abc<x>def", lambda data: b"<x" in data)
        b'<x'
    """
    ends_at = time.monotonic() + limit_s
    size = max(1, len(data) // 2)
    while True:
        start, has_shrunk = 0, False
        while start < len(data):
            if time.monotonic() > ends_at:
                return data
            shorter = data[:start] + data[start + size :]
            if fails(shorter):
                data, has_shrunk = shorter, True
            else:
                start += size
        if size == 1 and not has_shrunk:
            return data
        size = size if size == 1 else max(1, size // 2)
