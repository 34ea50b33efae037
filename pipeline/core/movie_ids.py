"""Define how the ids of movies and trailers are written at TMDB, IMDb and YouTube."""

import re

MAX_ID = 2**31 - 1
"""Largest numeric id that is accepted, as databases store it; TMDB's are in the millions."""

IMDB_ID = re.compile(r"tt[0-9]{7,10}")
YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]{11}")


def format_imdb_id(number: int) -> str:
    """Return the IMDb id of IMDb's number: at least seven digits.

    Example:
        >>> format_imdb_id(114709), format_imdb_id(12345678)
        ('tt0114709', 'tt12345678')
    """
    return f"tt{number:07d}"
