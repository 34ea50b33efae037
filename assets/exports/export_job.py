"""What every kind of export works with: movies, what the store has of them, what is left out."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from assets.orchestration.asset_specs import MOVIE_ASSETS, RECORD_FILE
from assets.orchestration.progress import progress
from pipeline.core.errors import DamagedFileError
from pipeline.core.outcomes import PENDING, Reason, Status
from pipeline.core.staleness import RECORDS, Row
from pipeline.exports.export_folder import ExportFolder
from resources.run_context import RunContext
from resources.storage.store import Store, StorePath

LOG = logging.getLogger("marquee")

DAMAGED = "its file is missing or damaged: `marquee retry --again`, then `marquee build`"


@dataclass
class Job:
    """One export under way.

    Attributes:
        kind: A key of `assets.exports.export.EXPORTS`.
        run_context: Store and ledger, which are only read.
        folder: Where to.
        movies: TMDB ids.
        counts: Things written, by what they are.
        left_out: Movies that lack something, by what and by why.
        notes: What a reader of the folder must know.
    """

    kind: str
    run_context: RunContext
    folder: ExportFolder
    movies: Sequence[int]
    counts: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def store(self) -> Store:
        """The store, which is only read."""
        return self.run_context.store

    @cached_property
    def rows(self) -> Mapping[str, Mapping[int, Row]]:
        """The ledger's rows by asset."""
        wanted = set(self.movies)
        return {spec.name: self.run_context.ledger.rows(spec.name, wanted) for spec in MOVIE_ASSETS}

    def each(self, what: str) -> Iterator[int]:
        """Return the movies in order, saying how far it is."""
        with progress(what, len(self.movies), LOG.info) as done:
            for tmdb_id in self.movies:
                yield tmdb_id
                done.step("done")

    def leave_out(self, part: str, why: str, tmdb_id: int) -> None:
        """Note that a movie lacks a part, and why."""
        self.left_out.setdefault(part, {}).setdefault(why, []).append(tmdb_id)

    def state(self, asset: str, tmdb_id: int) -> tuple[str, str]:
        """Return status and reason of a movie in an asset; both empty where it was not tried."""
        row = self.rows[asset].get(tmdb_id)
        return (row.status, row.reason) if row else ("", "")

    def has(self, asset: str, tmdb_id: int, part: str) -> bool:
        """Whether a movie has an asset's result; where not, note why the part lacks it."""
        status, reason = self.state(asset, tmdb_id)
        if status == Status.OK:
            return True
        self.leave_out(part, f"{Status(status).label}: {reason}" if status else PENDING, tmdb_id)
        return False

    def details(self, tmdb_id: int, part: str) -> dict | None:
        """Return a movie's answer: the last one where the source has deleted it; note why not."""
        deleted = (Status.UNAVAILABLE.value, Reason.DELETED_AT_SOURCE.value)
        path = RECORD_FILE.path(self.store, tmdb_id)
        is_last = self.state(RECORDS, tmdb_id) == deleted and path.exists()
        if not is_last and not self.has(RECORDS, tmdb_id, part):
            return None
        try:
            return self.store.read_json(path)
        except DamagedFileError:
            self.leave_out(part, DAMAGED, tmdb_id)
            return None

    def array(self, path: StorePath, part: str, tmdb_id: int) -> np.ndarray | None:
        """Read an array; note why not."""
        try:
            return self.store.read_array(path)
        except DamagedFileError:
            self.leave_out(part, DAMAGED, tmdb_id)
            return None

    def content(self, path: StorePath, part: str, tmdb_id: int) -> bytes | None:
        """Read a file; note why not."""
        try:
            return path.read_bytes()
        except OSError:
            self.leave_out(part, DAMAGED, tmdb_id)
            return None

    def path(self, *parts: str) -> StorePath:
        """Return a place in the store."""
        return self.store.path(*parts)

    def folders(self, *parts: str) -> list[str]:
        """Return the names of the folders below a place in the store, in order."""
        place = self.path(*parts)
        if not place.exists():
            return []
        return sorted(path.name for path in place.iterdir() if path.is_dir())
