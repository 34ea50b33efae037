"""Hash content and lineage into versions; nothing here reads a file or a clock."""

import hashlib
import json
from collections.abc import Iterable

HASH_CHARS = 16
"""Length of every hash kept in the ledger: 64 bits, one collision in 4 billion items."""


def hash_bytes(*blocks: bytes) -> str:
    """Hash content; the blocks are hashed one after another.

    Example:
        >>> hash_bytes(b"a", b"b") == hash_bytes(b"ab")
        True
    """
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()[:HASH_CHARS]


def hash_json(value: object) -> str:
    """Hash a JSON value, whatever the order of its keys.

    Example:
        >>> hash_json({"a": 1, "b": 2}) == hash_json({"b": 2, "a": 1})
        True
    """
    return hash_bytes(
        json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )


def combine(versions: Iterable[str]) -> str:
    """Hash several versions into one; order matters.

    Example:
        >>> combine(["a", "b"]) != combine(["ab"])
        True
    """
    return hash_bytes("\x1f".join(versions).encode())
