"""Several backbones over one reading of a step's inputs, resumed by movie and backbone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from upath import UPath

from assets.embeddings.chunk_reassembly import Items, Made, Parts
from assets.orchestration.asset_specs import embedding_file
from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Outcome, Status
from pipeline.core.staleness import RECORDS, Row, Step
from pipeline.core.versions import combine, hash_bytes
from resources.compute.device import Device
from resources.storage.batch import Batch, outcome_of
from resources.storage.embedding_files import embedding_bytes

DTYPE = "float32"
"""Of every file; what it was computed in stands beside it."""

GROUP_BYTES = {"cpu": 32 * 1024 * 1024, "cuda": 512 * 1024 * 1024}
"""Inputs that go through one backbone after the other together, where there are several: a few
batches. A kill costs these at most, for each encoder at work."""

Encode = Callable[[Items], Iterator[tuple[int, np.ndarray | ItemError]]]


@dataclass(frozen=True)
class Encoder:
    """One backbone at work in one step.

    Attributes:
        folder: Where its files lie, below `embeddings/`.
        loaded: A `LoadedBackbone`.
        encode: Takes (tmdb_id, input), gives (tmdb_id, float32 array) or (tmdb_id, error).
        preparation: Version of what is done to an input before the network sees it.
        computes_in: Name of the type that it computes in.
        extent: How much of a movie's input it sees, where not all; see
            `assets.orchestration.asset_specs.MovieAssetSpec`.
    """

    folder: str
    loaded: Any
    encode: Encode
    preparation: str
    computes_in: str
    extent: str = ""

    @property
    def name(self) -> str:
        """The backbone's name."""
        return self.loaded.backbone.name

    @property
    def note(self) -> dict[str, object]:
        """What its files say about themselves."""
        return {
            "backbone": self.name,
            "weights": self.loaded.weights_label,
            "weights_hash": self.loaded.weights_hash,
            "preparation": self.preparation,
            "width": self.loaded.backbone.width,
            "dtype": DTYPE,
            "computed_in": self.computes_in,
            **({"extent": self.extent} if self.extent else {}),
        }


_DECISIVE = ("weights_hash", "preparation", "width", "dtype", "extent")
"""What of a note makes an embedding another one. What it was computed in is told and does not
count: bfloat16 keeps a cosine of 0.9999, and two machines on one store would undo each other."""


class Embedding:
    """The embedding of a batch of movies by the encoders of its step."""

    def __init__(self, batch: Batch, encoders: Sequence[Encoder]):
        """Look which movies have which embeddings already.

        Args:
            batch: The movies that are due.
            encoders: The preset's backbone first: its figures stand for the movie.
        """
        self._batch, self._encoders = batch, encoders
        self._inputs = _hash_inputs(batch)
        self._kept = {i: self._still_good(i) for i in batch.tmdb_ids}
        self._due = {
            i: [e for e in encoders if not _is_same(kept.get(e.name), e)]
            for i, kept in self._kept.items()
        }

    def run(
        self, load: Callable[[int], Any], *, device: Device, ahead: int = 16
    ) -> Iterator[Outcome]:
        """Embed every movie; each is kept as soon as all its backbones are through.

        Args:
            load: Gives a movie's input, an array or a text, or an iterator over parts of it whose
                embeddings are put together again; may raise `ItemError`.
            device: Where the backbones compute.
            ahead: Movies that are read ahead of them.
        """
        from pipeline.embeddings.parallel_encoding import encode_side_by_side

        done = {i for i, due in self._due.items() if not due}
        for tmdb_id in sorted(done):
            yield self._keep(tmdb_id, {})
        failed: list[Outcome] = []
        items = read_ahead(self._batch.without(done), load, failed, ahead)
        with ThreadPoolExecutor(device.encoders, thread_name_prefix="parts") as pool:
            encode = partial(self._encode, pool, GROUP_BYTES[device.kind])
            for tmdb_id, made in encode_side_by_side(items, encode, workers=self._workers(device)):
                yield self._keep(tmdb_id, made)
        yield from failed

    def _workers(self, device: Device) -> int:
        """Texts are sorted by length over many movies, so that one encoder has to see them all."""
        return 1 if self._batch.step.name == "text_embeddings" else device.encoders

    def _encode(
        self, pool: ThreadPoolExecutor, group_bytes: int, items: Items
    ) -> Iterator[tuple[int, Made | BaseException]]:
        """Send a share of the movies through all backbones; one backbone alone gets a stream."""
        parts = Parts({i: [e.name for e in due] for i, due in self._due.items()}, pool)
        numbered, is_alone = parts.number(items), len(self._encoders) == 1
        for group in [numbered] if is_alone else _group(numbered, group_bytes):
            for encoder in self._encoders:
                wanted = (item for item in group if parts.is_for(item[0], encoder.name))
                for number, vectors in encoder.encode(wanted):
                    parts.take(number, encoder.name, vectors)
                    if is_alone:
                        yield from parts.ready()
            yield from parts.ready()

    def _keep(self, tmdb_id: int, made: Made | BaseException) -> Outcome:
        if isinstance(made, BaseException):
            return outcome_of(self._batch.step.name, tmdb_id, made)
        notes, files = dict(self._kept[tmdb_id]), {}
        for encoder in self._encoders:
            vectors = made.get(encoder.name)
            if vectors is not None:
                content = embedding_bytes(vectors, encoder.note)
                files[self._path(tmdb_id, encoder.folder, encoder.name)] = content
                notes[encoder.name] = {
                    **encoder.note,
                    "folder": encoder.folder,
                    "shape": list(vectors.shape),
                    "hash": hash_bytes(content),
                    "of": self._inputs[tmdb_id],
                    "code_version": self._batch.step.code_version,
                }
        hashes = [str(notes[name]["hash"]) for name in sorted(notes)]
        return self._batch.keep(
            tmdb_id,
            files,
            content_hash=hashes[0] if len(hashes) == 1 else combine(hashes),
            **_figures(notes[self._encoders[0].name]),
            backbones=notes,
        )

    def _still_good(self, tmdb_id: int) -> dict[str, dict]:
        """Return the notes of embeddings of the same input by the same code whose files are
        whole.
        """
        row = self._batch.rows.get(tmdb_id)
        if row is None or row.status != Status.OK:
            return {}
        wanted = (self._inputs[tmdb_id], self._batch.step.code_version)
        return {
            name: note
            for name, note in row.metadata.get("backbones", {}).items()
            if (note["of"], note["code_version"]) == wanted and self._is_whole(tmdb_id, name, note)
        }

    def _is_whole(self, tmdb_id: int, name: str, note: Mapping) -> bool:
        path = self._path(tmdb_id, note["folder"], name)
        return path.exists() and hash_bytes(path.read_bytes()) == note["hash"]

    def _path(self, tmdb_id: int, folder: str, name: str) -> UPath:
        return embedding_file(folder, name).path(self._batch.run_context.store, tmdb_id)


def _is_same(note: Mapping | None, encoder: Encoder) -> bool:
    return note is not None and all(note.get(key) == encoder.note.get(key) for key in _DECISIVE)


def _figures(note: Mapping[str, object]) -> dict[str, object]:
    names = ("backbone", "weights", "weights_hash", "preparation", "dtype", "computed_in", "shape")
    return {name: note[name] for name in names}


def _hash_inputs(batch: Batch) -> dict[int, str]:
    """Return the version of what a step reads of each movie: contents, and no settings."""
    ledger, step = batch.run_context.ledger, batch.step
    rows = {name: ledger.rows(name, batch.tmdb_ids) for name in step.depends_on}
    return {
        i: combine([_content(step, name, of_asset.get(i)) for name, of_asset in rows.items()])
        for i in batch.tmdb_ids
    }


def _content(step: Step, name: str, row: Row | None) -> str:
    if row is None:
        return ""
    return row.facets.get(step.facet or "", "") if name == RECORDS else row.content_hash


def read_ahead(
    batch: Batch, load: Callable[[int], Any], failed: list[Outcome], ahead: int = 16
) -> Iterator[tuple[int, Any]]:
    """Read inputs; a movie whose input cannot be had does not stop its neighbours."""
    for tmdb_id, result in batch.read(load, workers=2, ahead=ahead):
        if isinstance(result, BaseException):
            failed.append(outcome_of(batch.step.name, tmdb_id, result))
        else:
            yield tmdb_id, result


def _group(items: Items, group_bytes: int) -> Iterator[list[tuple[int, Any]]]:
    """Cut a stream into groups of so many bytes, of one item at least."""
    group, size_bytes = [], 0
    for number, item in items:
        group.append((number, item))
        size_bytes += getattr(item, "nbytes", 0) or len(item)
        if size_bytes >= group_bytes:
            yield group
            group, size_bytes = [], 0
    yield group  # also an empty one: movies without a single part are through as well
