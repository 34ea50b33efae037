"""Parse the header of an untrusted `.npy` file.

NumPy itself evaluates the header as a Python literal; a malicious one can exhaust the parser's
stack, and a structured type can hold objects. A pattern of what `np.save` writes avoids both.
"""

import re
from dataclasses import dataclass
from math import prod

from pipeline.core.errors import DumpError

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 2048
"""Longest header that is accepted; NumPy pads its own to a multiple of 64, and 128 bytes do."""

MAX_DIMENSIONS = 8

HEAD_BYTES = MAX_HEADER_BYTES + 12
"""Number of bytes that contain the whole header."""

_HEADER = re.compile(
    rb"\{'descr': '([<>|=]?[A-Za-z][0-9]{0,3})', 'fortran_order': (True|False), "
    rb"'shape': \(((?:[0-9]{1,18}(?:, [0-9]{1,18})*,?)?)\), \} *\n"
)


@dataclass(frozen=True)
class NpyHeader:
    """The parsed header.

    Attributes:
        descr: NumPy's name of the type, `<f4` or `|O`.
        is_fortran: Whether the first axis is contiguous.
        shape: Of the array.
        offset: Number of bytes before the data.
    """

    descr: str
    is_fortran: bool
    shape: tuple[int, ...]
    offset: int

    @property
    def items(self) -> int:
        """Number of items."""
        return prod(self.shape)


def parse_npy_header(head: bytes) -> NpyHeader:
    r"""Parse the header at the beginning of a `.npy` file.

    Args:
        head: The file's first `HEAD_BYTES` bytes, or the whole file.

    Raises:
        DumpError: It is no `.npy` file, or its header is not one that `np.save` writes.

    Example:
        >>> import io, numpy as np
        >>> file = io.BytesIO()
        >>> np.save(file, np.zeros((2, 3), "f4"))
        >>> parse_npy_header(file.getvalue()).shape
        (2, 3)
    """
    if not head.startswith(MAGIC) or len(head) < 10:
        raise DumpError(f"no .npy file: it begins with {head[:8]!r}")
    major = head[6]
    if major not in (1, 2, 3):
        raise DumpError(f".npy version {major} is unknown")
    size_bytes = 2 if major == 1 else 4
    start = 8 + size_bytes
    length = int.from_bytes(head[8:start], "little")
    if length > MAX_HEADER_BYTES:
        raise DumpError(f"its header has {length} bytes, at most {MAX_HEADER_BYTES} are accepted")
    found = _HEADER.fullmatch(head[start : start + length])
    if found is None:
        raise DumpError(f"its header is none that np.save writes: {head[start : start + 80]!r}")
    shape = tuple(int(side) for side in found[3].replace(b" ", b"").split(b",") if side)
    if len(shape) > MAX_DIMENSIONS:
        raise DumpError(f"its array has {len(shape)} dimensions")
    return NpyHeader(found[1].decode(), found[2] == b"True", shape, start + length)
