"""Writes one movie's record as seed 000 keeps it: three dicts, each in a `.npy` file.

Source: seed 000, "Meta data: basics, keywords, and credits".
"""

import io
from collections.abc import Mapping

import numpy as np

from pipeline.layouts.reference000_layout import BASICS, CREDITS, KEYWORDS

_OURS = "marquee_"
"""How keys begin that TMDB has no field for."""


def split_response(details: Mapping, tmdb_id: int) -> dict[str, dict]:
    """Take TMDB's answer apart into the dicts of its three folders.

    `keywords` and `credits` carry the movie's id, as TMDB's own answers do. Parts that the seed has
    no folder for (videos, release dates) stay in `basics`; keys of ours are left out.

    Args:
        details: A movie's answer with its appended parts.
        tmdb_id: The movie.

    Returns:
        Dicts by folder; a part that the answer lacks is left out.

    Example:
        >>> answer = {"id": 5, "title": "A", "keywords": {"keywords": []}, "marquee_provenance": {}}
        >>> split_response(answer, 5)
        {'basics': {'id': 5, 'title': 'A'}, 'keywords': {'id': 5, 'keywords': []}}
    """
    parts = {
        name: {"id": tmdb_id, **details[name]}
        for name in (KEYWORDS, CREDITS)
        if isinstance(details.get(name), Mapping)
    }
    kept = {k: v for k, v in details.items() if k not in parts and not k.startswith(_OURS)}
    return {BASICS: {**kept, "id": tmdb_id}, **parts}


def encode_npy_dict(value: Mapping) -> bytes:
    """Encode a dict so that `np.load(path, allow_pickle=True).item()` gives it back.

    Example:
        >>> np.load(io.BytesIO(encode_npy_dict({"id": 5})), allow_pickle=True).item()
        {'id': 5}
    """
    buffer = io.BytesIO()
    np.save(buffer, np.array(dict(value), dtype=object), allow_pickle=True)
    return buffer.getvalue()
