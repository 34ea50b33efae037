"""Inputs to begin with: real ones, where the folder of real data is beside the checkout."""

import gzip
import json
import re
from pathlib import Path

DATA = Path(__file__).resolve().parents[2] / "../shared/data"

_MOST = 6
_BODY = re.compile(r"^      string: '(.*?)'\s*$", re.M | re.S)


def recorded(*names: str) -> list[bytes]:
    """Return the bodies of TMDB's recorded answers whose files begin with one of these names."""
    bodies = []
    for path in sorted((DATA / "tmdb_api" / "recorded").glob("*.yml")):
        if path.stem.startswith(names):
            texts = _BODY.findall(path.read_text(encoding="utf-8", errors="replace"))
            bodies += [text.replace("''", "'").encode() for text in texts if text]
    for path in sorted((DATA / "tmdb_api" / "shape_only").glob("*.json")):
        if path.stem.startswith(names):
            bodies.append(json.dumps(json.loads(path.read_bytes())).encode())
    return [body for body in bodies if len(body) < 60_000][:_MOST]


def head_of(folder: str, name: str, lines: int = 5) -> list[bytes]:
    """Return the first lines of one of the real dumps."""
    path = DATA / folder / name
    if not path.is_file():
        return []
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        head = b"".join(file.readline(20_000) for _ in range(lines))
    return [head[:40_000]]


def posters() -> list[bytes]:
    """Return a few real posters."""
    paths = sorted((DATA / "posters" / "images").glob("*.jpg"))[:3]
    return [path.read_bytes() for path in paths]
