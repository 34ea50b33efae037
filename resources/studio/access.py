"""How the studio is reached: its key, its cookie, and what it says of itself.

Whoever asks only this loads no server.
"""

import requests

API_KEY = "studio"
"""What its TMDB takes for a key; it is no secret."""

COOKIE = "session=studio"
"""What its IMDbPro takes for a session; it is no secret."""


def ask_about(url: str) -> dict | None:
    """Return a studio's description of itself; None where nothing or something else responds."""
    try:
        about = requests.get(f"{url}/_about", timeout=2).json()
    except requests.RequestException:
        return None
    return about if isinstance(about, dict) and about.get("studio") is True else None


def label(about: dict) -> str:
    """Describe in a few words which movies a studio shows.

    Example:
        >>> label({"kind": "generated", "seed": 7, "size": 96})
        'built-in studio, invented films (seed 7)'
    """
    if about["kind"] == "generated":
        return f"built-in studio, invented films (seed {about['seed']})"
    return "built-in studio, films of a folder"
