"""Compare two stores, file by file: what a change of the code has changed in what it makes.

`python tests/e2e/compare_stores.py OLD NEW [--ignore reports/ ...]`: exit status 1 where a file is
missing on one side or differs in more than what changes from run to run (times, environment).
"""

import argparse
import json
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import torch

VOLATILE_KEYS = frozenset(
    {
        "train_s",
        "spent_s",
        "films_per_s",
        "movies_per_s",
        "environment",
        "updated_s",
        "created_s",
        "at_s",
        "next_attempt_s",
        "fetched_at",
        "last_lawful_day",
    }
)
"""Keys of JSON files, tables and rows that differ between two runs of the same code."""


def compare_stores(old: Path, new: Path, ignored: tuple[str, ...] = ()) -> Iterator[str]:
    """Describe every file that is on one side alone or differs in more than volatile values."""
    names = {
        side: {
            str(path.relative_to(side))
            for path in side.rglob("*")
            if path.is_file() and not str(path.relative_to(side)).startswith(ignored)
        }
        for side in (old, new)
    }
    yield from (f"only in the old store: {name}" for name in sorted(names[old] - names[new]))
    yield from (f"only in the new store: {name}" for name in sorted(names[new] - names[old]))
    counts: Counter[str] = Counter()
    for name in sorted(names[old] & names[new]):
        verdict = compare_files(old / name, new / name)
        counts[verdict] += 1
        if verdict == "different":
            yield f"different: {name}"
    print(", ".join(f"{count} {verdict}" for verdict, count in sorted(counts.items())))


def compare_files(old: Path, new: Path) -> str:
    """Return "equal", "equal but for volatile values" or "different"."""
    if old.read_bytes() == new.read_bytes():
        return "equal"
    read = READERS.get(old.suffix)
    if read is not None and read(old) == read(new):
        return "equal but for volatile values"
    return "different"


def _read_json(path: Path) -> object:
    return without_volatile(json.loads(path.read_text(encoding="utf-8")))


def without_volatile(value: object) -> object:
    """Return a JSON value without its volatile keys."""
    if isinstance(value, dict):
        return {k: without_volatile(v) for k, v in value.items() if k not in VOLATILE_KEYS}
    if isinstance(value, list):
        return [without_volatile(item) for item in value]
    return value


def _read_parquet(path: Path) -> object:
    table = pd.read_parquet(path)
    return table.drop(columns=[c for c in table.columns if c in VOLATILE_KEYS]).to_json()


def _read_sqlite(path: Path) -> object:
    """Read all tables but volatile columns; metadata holds speeds."""
    with sqlite3.connect(path) as connection:
        connection.row_factory = sqlite3.Row
        tables = [
            row[0]
            for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        return {
            table: sorted(
                json.dumps(_plain_row(dict(row)), sort_keys=True)
                for row in connection.execute(f'SELECT * FROM "{table}"')
            )
            for table in tables
        }


def _plain_row(row: dict[str, object]) -> object:
    metadata = row.get("metadata")
    if isinstance(metadata, str) and metadata:
        row["metadata"] = json.loads(metadata)
    return without_volatile(row)


def _read_model(path: Path) -> object:
    """Read a saved network; tensors as bytes."""
    return _without_tensors(torch.load(path, map_location="cpu", weights_only=True))


def _read_checkpoint(path: Path) -> object:
    """Read the state of a training; it holds more than tensors, and is a file of our own."""
    return _without_tensors(torch.load(path, map_location="cpu", weights_only=False))


def _without_tensors(value: object) -> object:
    if isinstance(value, torch.Tensor):
        return (str(value.dtype), tuple(value.shape), value.contiguous().numpy().tobytes())
    if isinstance(value, dict):
        return {str(k): _without_tensors(v) for k, v in value.items() if k not in VOLATILE_KEYS}
    if isinstance(value, list | tuple):
        return [_without_tensors(item) for item in value]
    return value


def _read_page(path: Path) -> object:
    """Read a text for people, without the times that it shows: "training time: 95 s"."""
    return SECONDS.sub("…", path.read_text(encoding="utf-8"))


SECONDS = re.compile(r"\d[\d.,]*\s(?:s|min|h)\b")

READERS: dict[str, Callable[[Path], object]] = {
    ".json": _read_json,
    ".html": _read_page,
    ".md": _read_page,
    ".parquet": _read_parquet,
    ".sqlite": _read_sqlite,
    ".pth": _read_model,
    ".ckpt": _read_checkpoint,
}


def main() -> int:
    """Compare the two stores that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--ignore", nargs="*", default=[], metavar="PREFIX")
    given = parser.parse_args()
    differences = list(compare_stores(given.old, given.new, tuple(given.ignore)))
    print("\n".join(differences) or "no difference")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
