"""What every kind of export works with: movies, what the store has of them, what is left out."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from assets.exports.export_terms import ExportTerms
from assets.orchestration.asset_specs import MOVIE_ASSETS, RECORD_FILE
from assets.orchestration.progress import progress
from pipeline.core.errors import DamagedFileError, TermsError
from pipeline.core.outcomes import PENDING, Reason, Status
from pipeline.core.staleness import RECORDS, Row
from pipeline.core.terms import TERMS_KEY, read_terms, refuse
from pipeline.exports.export_folder import ExportFolder
from resources.run_context import RunContext
from resources.storage.store import Store, StorePath

LOG = logging.getLogger("marquee")

NO_TERMS = "its record has no licence or terms, and its source no longer has it"

DAMAGED = "its file is missing or damaged: `marquee retry --again`, then `marquee build`"


def check_terms(run_context: RunContext, movies: Sequence[int]) -> None:
    """Check that every record says under which terms it was given.

    Raises:
        TermsError: One does not; the message names it and the remedy.
    """
    rows = run_context.ledger.rows(RECORDS, movies)
    lacking = [i for i, row in rows.items() if _lacks_terms(row)]
    if lacking:
        title = rows[min(lacking)].metadata.get("title")
        raise TermsError(refuse(sorted(lacking), str(title or "")))


def _lacks_terms(row: Row) -> bool:
    return row.status == Status.OK and not row.metadata.get("fetched_at")


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
        terms: Under which terms each part of each movie was given.
    """

    kind: str
    run_context: RunContext
    folder: ExportFolder
    movies: Sequence[int]
    counts: Counter[str] = field(default_factory=Counter)
    left_out: dict[str, dict[str, list[int]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    terms: ExportTerms = field(default_factory=ExportTerms)

    def note_terms(self, part: str, source: str, asset: str, tmdb_id: int) -> None:
        """Note the source of a movie's part; whatever the studio shows is its own.

        Args:
            part: What was written.
            source: A key of `pipeline.core.terms.TERMS`.
            asset: Whose row was written when the part was read, where the record is not from the
                same source.
            tmdb_id: The movie.
        """
        if self.run_context.source.is_studio:
            source = self.run_context.source.terms_id
        row = self.rows[asset].get(tmdb_id)
        self.terms.add(part, source, tmdb_id, row.written_s if row else 0.0)

    def note_figures(self, figures: Sequence[Mapping], tmdb_id: int) -> None:
        """Note the source of each box-office figure of a movie."""
        for source in dict.fromkeys(str(one.get("source", "unknown")) for one in figures):
            self.note_terms("box_office", source, "box_office", tmdb_id)

    def note_trailer(self, part: str, tmdb_id: int) -> None:
        """Note that a part was made of a movie's trailer: the user's own, or the host's."""
        row = self.rows["trailers"].get(tmdb_id)
        is_own = bool(row and row.metadata.get("is_own"))
        self.note_terms(part, "own-trailers" if is_own else "trailers", "trailers", tmdb_id)

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
        """Return a movie's answer: the last one where the source has deleted it; note why not.

        Raises:
            TermsError: It does not say under which terms it was given.
        """
        deleted = (Status.UNAVAILABLE.value, Reason.DELETED_AT_SOURCE.value)
        path = RECORD_FILE.path(self.store, tmdb_id)
        is_last = self.state(RECORDS, tmdb_id) == deleted and path.exists()
        if not is_last and not self.has(RECORDS, tmdb_id, part):
            return None
        try:
            record = self.store.read_json(path)
        except DamagedFileError:
            self.leave_out(part, DAMAGED, tmdb_id)
            return None
        if is_last and TERMS_KEY not in record:
            self.leave_out(part, NO_TERMS, tmdb_id)
            return None
        self.terms.add_record(tmdb_id, read_terms(record, tmdb_id))
        return record

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
