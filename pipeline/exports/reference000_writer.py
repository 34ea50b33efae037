"""Encode one movie's record in reference implementation 000's format: three `.npy` dicts.

Source: reference implementation 000, "Meta data: basics, keywords, and credits".
"""

import io
from collections.abc import Mapping

import numpy as np

from pipeline.layouts.reference000_layout import BASICS, CREDITS, KEYWORDS

_OURS = "marquee_"
"""Prefix of keys that TMDB does not have."""


def split_response(details: Mapping, tmdb_id: int) -> dict[str, dict]:
    """Split TMDB's response, with what was appended, into the dicts of the folders that it has.

    `keywords` and `credits` carry the movie's id, as TMDB's own responses do. Fields
    without a folder (videos, release dates) stay in `basics`; keys of ours are left out.

    Example:
        >>> response = {"id": 5, "title": "A", "keywords": {"keywords": []}}
        >>> split_response({**response, "marquee_provenance": {}}, 5)
        {'basics': {'id': 5, 'title': 'A'}, 'keywords': {'id': 5, 'keywords': []}}
    """
    folders = {
        name: {"id": tmdb_id, **details[name]}
        for name in (KEYWORDS, CREDITS)
        if isinstance(details.get(name), Mapping)
    }
    kept = {k: v for k, v in details.items() if k not in folders and not k.startswith(_OURS)}
    return {BASICS: {**kept, "id": tmdb_id}, **folders}


def encode_npy_dict(value: Mapping) -> bytes:
    """Encode a dict so that `np.load(path, allow_pickle=True).item()` returns it.

    Example:
        >>> np.load(io.BytesIO(encode_npy_dict({"id": 5})), allow_pickle=True).item()
        {'id': 5}
    """
    buffer = io.BytesIO()
    np.save(buffer, np.array(dict(value), dtype=object), allow_pickle=True)
    return buffer.getvalue()
