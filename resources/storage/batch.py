"""The movies that one asset computes in one run: processed in parallel, stored one by one.

A result is stored in three steps: the files are complete in the staging folder; the ledger records
where they belong (`Ledger.intend`); they are renamed into place. The next run finishes what a
killed one left in between (`MovieBatch.recover`), without fetching or computing anything again.
"""

import logging
import random
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextvars import copy_context
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from pipeline.core.errors import (
    DamagedFileError,
    DiskError,
    ItemError,
    MarqueeError,
    PausedError,
)
from pipeline.core.outcomes import Outcome, Reason, lacking, made
from pipeline.core.staleness import Row, Step
from pipeline.core.versions import combine, hash_bytes
from resources.http.redaction import redact, redact_values
from resources.run_context import RunContext
from resources.storage.crash_points import CrashPoint, reach
from resources.storage.drivers import away
from resources.storage.store import StorePath, writing
from resources.structured_log import logging_about

LOG = logging.getLogger("marquee")

_STAGED = re.compile(r"(\d+)-\d+-[0-9a-f]+")

_T = TypeVar("_T")


@dataclass(frozen=True)
class MovieBatch:
    """The movies that one asset computes in one run.

    Attributes:
        run_context: Store, ledger and clients.
        step: The asset.
        versions: The version of its inputs for every stale movie.
        rows: The movies' rows before this run.
        is_forced: Whether movies that are up to date are recomputed, from nothing.
    """

    run_context: RunContext
    step: Step
    versions: Mapping[int, str]
    rows: Mapping[int, Row]
    is_forced: bool = False

    @property
    def tmdb_ids(self) -> list[int]:
        """The movies, in the order given."""
        return list(self.versions)

    def without(self, tmdb_ids: set[int]) -> "MovieBatch":
        """Return the batch without these movies."""
        versions = {i: v for i, v in self.versions.items() if i not in tmdb_ids}
        return replace(self, versions=versions)

    def staging(self) -> Path:
        """Return the folder of this asset's unfinished files."""
        return self.run_context.store.staging(self.step.name)

    # -- storing ---------------------------------------------------------------------------------

    def keep(
        self,
        tmdb_id: int,
        files: Mapping[StorePath, bytes | Path],
        *,
        content_hash: str = "",
        facets: Mapping[str, str] | None = None,
        lacks: tuple[Reason, str] | None = None,
        next_attempt_s: float = 0.0,
        **metadata: object,
    ) -> Outcome:
        """Store a movie's files, all of them or, until the next run, none.

        Args:
            tmdb_id: The movie.
            files: Content by path in the store: bytes, or a complete file in `staging()`.
            content_hash: Version of the content, where it is not the hash of the files' bytes.
            facets: Hashes of the fields of a record, by facet.
            lacks: Reason and detail where the files are stored without a result.
            next_attempt_s: See `Outcome`.
            **metadata: Metadata of the movie's partition.

        Returns:
            The movie's outcome.
        """
        staged = self._stage(tmdb_id, files)
        hashes = [digest for _, digest in staged.values()]
        root = str(self.run_context.store.root)
        pending = {
            "input_version": self.versions[tmdb_id],
            "code_version": self.step.code_version,
            "content_hash": content_hash or (hashes[0] if len(hashes) == 1 else combine(hashes)),
            "facets": dict(facets or {}),
            "metadata": metadata,
            "lacks": [lacks[0].value, lacks[1]] if lacks else None,
            "due_again_s": next_attempt_s,  # the name is stored
            "files": [
                {"place": str(p).removeprefix(root).lstrip("/"), "staged": s.name, "hash": h}
                for p, (s, h) in staged.items()
            ],
        }
        self.run_context.ledger.intend(self.step.name, tmdb_id, pending)
        reach(CrashPoint.INTENDED, self.step.name)
        for place, (path, _) in staged.items():
            self.run_context.store.place(path, place)
            reach(CrashPoint.RENAMED, self.step.name)
        return _read_intent(tmdb_id, pending)

    def _stage(
        self, tmdb_id: int, files: Mapping[StorePath, bytes | Path]
    ) -> dict[StorePath, tuple[Path, str]]:
        """Complete the files in the staging folder; return each one's path there, and its hash."""
        staged = {}
        for number, (place, content) in enumerate(files.items()):
            digest = hash_bytes(content if isinstance(content, bytes) else content.read_bytes())
            path = self.staging() / f"{int(tmdb_id)}-{number}-{digest}"
            with writing(path):
                if isinstance(content, bytes):
                    path.write_bytes(content)
                else:
                    content.replace(path)
            staged[place] = (path, digest)
            reach(CrashPoint.STAGED, self.step.name)
        return staged

    # -- recovering ------------------------------------------------------------------------------

    def recover(self) -> list[Outcome]:
        """Finish what a killed run had staged for the same inputs, and return the outcomes."""
        outcomes = []
        for tmdb_id in self.versions:
            row = self.rows.get(tmdb_id)
            if row and row.pending and self._is_complete(tmdb_id, row.pending):
                outcomes.append(_read_intent(tmdb_id, row.pending))
        return outcomes

    def sweep(self) -> None:
        """Remove what killed runs have left of these movies in the staging folder; call it after
        `recover`. Others may be writing the files of other movies.
        """
        for path in self.staging().iterdir():
            staged = _STAGED.fullmatch(path.name)
            if staged and int(staged[1]) in self.versions:
                path.unlink()

    def _is_complete(self, tmdb_id: int, pending: Mapping[str, Any]) -> bool:
        current = (self.versions[tmdb_id], self.step.code_version)
        if (pending["input_version"], pending["code_version"]) != current:
            return False
        for file in pending["files"]:
            staged = self.staging() / file["staged"]
            place = self.run_context.store.path(file["place"])
            if staged.exists() and hash_bytes(staged.read_bytes()) == file["hash"]:
                self.run_context.store.place(staged, place)
                reach(CrashPoint.RENAMED, self.step.name)
            elif not place.exists() or hash_bytes(place.read_bytes()) != file["hash"]:
                return False
        return True

    # -- processing --------------------------------------------------------------------------------

    def each(self, make: Callable[[int], Outcome], *, workers: int) -> Iterator[Outcome]:
        """Process every movie in a pool of threads; yield outcomes as they complete.

        A failed movie becomes its outcome. Movies are begun in a mixed order. A broken source or
        store stops the batch: movies not yet begun stay pending. So does a movie whose source
        is in a cooldown; the others continue.

        Args:
            make: Returns one movie's outcome; may raise `ItemError`.
            workers: Threads.
        """
        pool = ThreadPoolExecutor(workers, thread_name_prefix=self.step.name)
        try:
            futures = {self._submit(pool, make, i): i for i in self._mixed()}
            for future in as_completed(futures):
                if not isinstance(future.exception(), PausedError):
                    yield self._outcome(futures[future], future)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _mixed(self) -> list[int]:
        """Return the movies in an order of no meaning, the same for the same movies.

        What earlier runs have left over begins with the movies that failed in them: in a row they
        would look like a host that is down, in every run again.
        """
        mixed = sorted(self.versions)
        random.Random(",".join(map(str, mixed))).shuffle(mixed)
        return mixed

    def read(
        self, load: Callable[[int], _T], *, workers: int, ahead: int = 16
    ) -> Iterator[tuple[int, _T | BaseException]]:
        """Load each movie's inputs ahead of the reader, in the order of the batch.

        Yields:
            (tmdb_id, the loaded value or the exception).
        """
        waiting: deque[tuple[int, Future[_T]]] = deque()
        with ThreadPoolExecutor(workers, thread_name_prefix=f"{self.step.name}-read") as pool:
            for tmdb_id in self.versions:
                waiting.append((tmdb_id, self._submit(pool, load, tmdb_id)))
                if len(waiting) > ahead:
                    yield _result(*waiting.popleft())
            while waiting:
                yield _result(*waiting.popleft())

    def _submit(
        self, pool: ThreadPoolExecutor, work: Callable[[int], _T], tmdb_id: int
    ) -> Future[_T]:
        """Work on a movie in a thread whose log lines bear movie, asset and run."""

        def work_on() -> _T:
            with logging_about(film=tmdb_id, asset=self.step.name):
                return work(tmdb_id)

        return pool.submit(copy_context().run, work_on)

    def _outcome(self, tmdb_id: int, future: Future[Outcome]) -> Outcome:
        error = future.exception()
        if error is None:
            return future.result()
        with logging_about(film=tmdb_id, asset=self.step.name):
            return outcome_of(self.step.name, tmdb_id, error)


def _read_intent(tmdb_id: int, kept: Mapping[str, Any]) -> Outcome:
    """Return the outcome of the intent that `MovieBatch.keep` has recorded."""
    if kept.get("lacks"):
        reason, detail = kept["lacks"]
        outcome = lacking(tmdb_id, Reason(reason), detail, **kept["metadata"])
    else:
        outcome = made(tmdb_id, kept["content_hash"], **kept["metadata"])
    return replace(
        outcome,
        content_hash=kept["content_hash"],
        facets=kept["facets"],
        next_attempt_s=kept.get("due_again_s", 0.0),
    )


def _result(tmdb_id: int, future: Future[_T]) -> tuple[int, _T | BaseException]:
    error = future.exception()
    return tmdb_id, future.result() if error is None else error


def outcome_of(step_name: str, tmdb_id: int, error: BaseException) -> Outcome:
    """Turn the error of one movie into its outcome; raise what concerns more than one movie."""
    if isinstance(error, ItemError):
        metadata = {name: redact_values(value) for name, value in error.metadata.items()}
        return lacking(tmdb_id, error.reason, redact(error.detail), **metadata)
    if isinstance(error, DamagedFileError):
        return lacking(tmdb_id, Reason.DAMAGED_UPSTREAM, str(error))
    if isinstance(error, OSError) and DiskError.is_behind(error):
        raise DiskError.of(error, f"The disk fails at movie {tmdb_id}") from error
    if failure := away(error):
        raise failure from error
    if isinstance(error, MarqueeError | MemoryError) or not isinstance(error, Exception):
        raise error
    LOG.error("%s: unexpected error at movie %s", step_name, tmdb_id, exc_info=error)
    message = redact(f"{type(error).__name__}: {error}")[:300]
    return lacking(tmdb_id, Reason.UNEXPECTED, message)
