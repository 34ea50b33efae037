"""The file of an embedding: the array, and behind it a note of the weights it was computed with.

The note is in the file because weights can change during a build: then files of both exist, and
each must identify its own. A `.npy` file may hold several arrays, one after the
other; `np.load(path)` reads the first, which is the embedding, and knows nothing of the second.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping

from pipeline.core.numpy_on_demand import np


def embedding_bytes(vectors: np.ndarray, note: Mapping[str, object]) -> bytes:
    """Encode an embedding with its note.

    Args:
        vectors: Any shape, no objects.
        note: JSON values.

    Example:
        >>> content = embedding_bytes(np.ones(2, "f4"), {"backbone": "swin_t"})
        >>> np.load(io.BytesIO(content)).tolist(), read_note(content)
        ([1.0, 1.0], {'backbone': 'swin_t'})
    """
    buffer = io.BytesIO()
    np.save(buffer, vectors, allow_pickle=False)
    np.save(buffer, np.array(json.dumps(dict(note)).encode()), allow_pickle=False)
    return buffer.getvalue()


def read_note(content: bytes) -> dict[str, object] | None:
    """Read the note behind an embedding; None where there is none, as in files of other programs.

    Raises:
        ValueError: It is not a `.npy` file, or what follows the array is not a note.
    """
    buffer = io.BytesIO(content)
    np.load(buffer, allow_pickle=False)
    if buffer.tell() == len(content):
        return None
    return json.loads(np.load(buffer, allow_pickle=False).item())
