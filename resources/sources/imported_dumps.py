"""The rows of public dumps, kept by kind beside the store's own files.

Layout: `imports/<kind>/<tmdb_id>.json` holds one row's fields and where it stood;
`imports/<kind>.index.json` the ids, title, year and content's hash of every movie of the kind.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import astuple, dataclass, field
from pathlib import Path

from pipeline.core.staleness import RECORDS
from pipeline.core.versions import hash_bytes
from pipeline.crawl.datasets.dump_rows import AcceptedRow
from pipeline.crawl.datasets.registry import DUMP_KINDS
from pipeline.crawl.datasets.titles import join_key
from resources.storage.ledger import Ledger
from resources.storage.store import Store, StorePath, writing

FOLDER = "imports"
MOVIE = "{tmdb_id}"
"""Stands in the place of a movie's file until the movie is known."""


class ImportedDumps:
    """The imported rows of one store.

    Args:
        store: Where they lie.
    """

    def __init__(self, store: Store):
        self._store = store
        self._kinds: list[str] | None = None

    def kinds(self) -> list[str]:
        """Return the kinds that were imported, the most trusted first."""
        if self._kinds is None:
            self._kinds = [
                kind
                for kind in DUMP_KINDS
                if self._store.path(FOLDER, f"{kind}.index.json").exists()
            ]
        return self._kinds

    def answers(self, tmdb_id: int) -> list[tuple[str, Mapping]]:
        """Return the fields of a movie in each kind of dump, the most trusted first."""
        found = []
        for kind in self.kinds():
            path = self._place(kind, tmdb_id)
            if path.exists():
                found.append((kind, self._store.read_json(path)["fields"]))
        return found

    def keep(self, kind: str, tmdb_id: int, taken: AcceptedRow) -> str:
        """Store a row and its files; return the hash of all of it.

        Raises:
            DiskError: The disk fails.
        """
        content = json.dumps(
            {"row": taken.row, "fields": taken.fields}, ensure_ascii=False, sort_keys=True
        ).encode()
        self._write(self._place(kind, tmdb_id), content)
        hashes = [hash_bytes(content)]
        for place, source in taken.files.items():
            path = self._store.path(FOLDER, kind, place.replace(MOVIE, str(tmdb_id)))
            content = source.read_bytes() if isinstance(source, Path) else source
            self._write(path, content)
            hashes.append(hash_bytes(content))
        return hash_bytes(" ".join(hashes).encode())

    def drop(self, kind: str, tmdb_id: int) -> None:
        """Delete a movie's row of a kind; arrays beside it stay.

        Raises:
            DiskError: The disk fails.
        """
        path = self._place(kind, tmdb_id)
        with writing(path):
            path.unlink(missing_ok=True)

    def index(self, kind: str) -> dict[int, "Identity"]:
        """Return what the kind's movies are recognised by."""
        path = self._store.path(FOLDER, f"{kind}.index.json")
        if not path.exists():
            return {}
        listed = self._store.read_json(path)
        return {int(tmdb_id): Identity(*parts) for tmdb_id, parts in listed.items()}

    def write_index(self, kind: str, index: Mapping[int, "Identity"]) -> None:
        """Write it whole: what an import adds counts from here on."""
        listed = {str(i): astuple(one) for i, one in sorted(index.items())}
        self._write(
            self._store.path(FOLDER, f"{kind}.index.json"),
            json.dumps(listed, ensure_ascii=False).encode(),
        )
        self._kinds = None

    def _place(self, kind: str, tmdb_id: int) -> StorePath:
        return self._store.path(FOLDER, kind, f"{int(tmdb_id)}.json")

    def _write(self, path: StorePath, content: bytes) -> None:
        if not path.exists() or path.read_bytes() != content:
            self._store.write(path, content)


@dataclass(frozen=True)
class Identity:
    """By what a movie is recognised in a dump that does not know its TMDB id.

    Attributes:
        imdb_id, title, year: As the dump has them, title and year where there is no id.
        content: Hash of what the import kept; whether a row changed is asked of it, because the
            index is written last: an import that was killed finds the same rows changed again.
    """

    imdb_id: str | None = None
    title: str = ""
    year: int | None = None
    content: str = ""


@dataclass
class MovieIndex:
    """Every movie that is known, found by IMDb id or by normalised title and year."""

    by_imdb_id: dict[str, set[int]] = field(default_factory=dict)
    by_title: dict[str, set[int]] = field(default_factory=dict)

    def add(self, tmdb_id: int, one: Identity) -> None:
        """Make a movie findable."""
        if one.imdb_id:
            self.by_imdb_id.setdefault(one.imdb_id, set()).add(tmdb_id)
        if one.title and one.year:
            self.by_title.setdefault(join_key(one.title, one.year), set()).add(tmdb_id)

    def find(self, taken: AcceptedRow) -> set[int]:
        """Return the movies that a row may be about: by its own id, else IMDb id, else title."""
        if taken.tmdb_id is not None:
            return {taken.tmdb_id}
        if taken.imdb_id:
            return self.by_imdb_id.get(taken.imdb_id, set())
        if taken.title and taken.year:
            return self.by_title.get(join_key(taken.title, taken.year), set())
        return set()


def open_movie_index(imports: ImportedDumps, ledger: Ledger, *, but: str) -> MovieIndex:
    """Gather every movie that the store knows, from crawled records and from imports.

    Args:
        imports: Where the kinds' indexes lie.
        ledger: Where the records' rows are.
        but: The kind that is being imported: its own rows must not be found by themselves, or a
            second import would find more than the first.
    """
    register = MovieIndex()
    for tmdb_id, one in _crawled(ledger):
        register.add(tmdb_id, one)
    for kind in imports.kinds():
        for tmdb_id, one in imports.index(kind).items() if kind != but else ():
            register.add(tmdb_id, one)
    return register


def _crawled(ledger: Ledger) -> Iterator[tuple[int, Identity]]:
    for tmdb_id, row in ledger.rows(RECORDS).items():
        released = str(row.metadata.get("release_date") or "")
        year = int(released[:4]) if released[:4].isdigit() else None
        title = str(row.metadata.get("title") or "")
        yield tmdb_id, Identity(str(row.metadata.get("imdb_id") or "") or None, title, year)
