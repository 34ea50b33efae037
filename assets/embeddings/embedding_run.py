"""Several backbones over one reading of a step's inputs, resumed by movie and backbone."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar, cast

from upath import UPath

from assets.embeddings.chunk_reassembly import (
    Chunk,
    ChunkReassembler,
    Chunks,
    Embeddings,
    Inputs,
)
from assets.embeddings.encoders import Encode, Encoder, Note, open_encoders
from assets.orchestration.asset_specs import embedding_file
from pipeline.core.outcomes import Outcome, Status
from pipeline.core.staleness import RECORDS, Row, Step
from pipeline.core.versions import combine, hash_bytes
from pipeline.embeddings.backbones import Modality
from resources.compute.device import Device, choose_device
from resources.storage.batch import MovieBatch, outcome_of
from resources.storage.embedding_files import embedding_bytes

T = TypeVar("T")

GROUP_BYTES = {"cpu": 32 * 1024 * 1024, "cuda": 512 * 1024 * 1024}
"""Inputs that go through one backbone after the other together, where there are several: a few
batches. A kill costs these at most, for each encoder at work."""

Load = Callable[[int], Chunk | Iterator[Chunk]]
"""Loads a movie's input by its id: an array or a text, or an iterator over chunks of it whose
embeddings are concatenated again. May raise `ItemError`."""

_DECISIVE = ("weights_hash", "preparation", "width", "dtype", "extent")
"""Keys of a note that make an embedding another one. The type that it was computed in is recorded
but does not count: bfloat16 keeps a cosine of 0.9999, and two machines on one store would undo
each other's work."""


def embed(batch: MovieBatch, load: Load, encoders: Mapping[Modality, Encode]) -> Iterator[Outcome]:
    """Embed a batch of movies with every backbone of its step.

    Args:
        batch: The movies that are pending.
        load: See `Load`.
        encoders: How the step encodes, by the modality of a backbone.
    """
    device = choose_device(batch.run_context.settings.devices or None)
    device.take_one_thread_per_encoder()
    opened = open_encoders(batch, device, encoders)
    yield from EmbeddingRun(batch, opened, device).run(load)


class EmbeddingRun:
    """One run of a step's backbones over a batch of movies.

    Args:
        batch: The movies that are pending.
        encoders: The preset's backbone first: its figures stand for the movie.
        device: Where the backbones compute.
    """

    def __init__(self, batch: MovieBatch, encoders: Sequence[Encoder], device: Device):
        self._batch, self._encoders, self._device = batch, encoders, device
        self._inputs = _hash_inputs(batch)
        self._valid = {i: self._valid_notes(i) for i in batch.tmdb_ids}
        self._pending = {
            i: [e.name for e in encoders if not _is_same(valid.get(e.name), e)]
            for i, valid in self._valid.items()
        }

    def run(self, load: Load, *, ahead: int = 16) -> Iterator[Outcome]:
        """Embed every movie; each is stored as soon as all its backbones are done.

        Args:
            load: See `Load`.
            ahead: Movies that are read ahead of the backbones.
        """
        from pipeline.embeddings.parallel_encoding import encode_in_parallel

        done = {i for i, pending in self._pending.items() if not pending}
        for tmdb_id in sorted(done):
            yield self._store(tmdb_id, {})
        failed: list[Outcome] = []
        inputs = read_ahead(self._batch.without(done), load, failed, ahead)
        slots = self._slots()
        with ThreadPoolExecutor(len(slots), thread_name_prefix="chunks") as pool:
            encoders = [partial(self._encode, pool, slot) for slot in slots]
            for tmdb_id, embedded in encode_in_parallel(inputs, encoders):
                yield self._store(tmdb_id, embedded)
        yield from failed

    def _slots(self) -> list[str]:
        """Return the device of each thread; one thread has to see all texts, to sort them."""
        slots = self._device.slots
        is_text = self._encoders[0].loaded.backbone.modality is Modality.TEXT
        return slots[:1] if is_text else slots

    def _encode(
        self, pool: ThreadPoolExecutor, slot: str, inputs: Inputs
    ) -> Iterator[tuple[int, Embeddings | BaseException]]:
        """Send a share of the movies through all backbones; a single one gets it as a stream."""
        chunks = ChunkReassembler(self._pending, pool)
        numbered, is_single = chunks.split(inputs), len(self._encoders) == 1
        group_bytes = GROUP_BYTES[self._device.kind]
        for group in [numbered] if is_single else _group(numbered, group_bytes):
            for encoder in self._encoders:
                required = (one for one in group if chunks.requires(one[0], encoder.name))
                for number, vectors in encoder.on(slot, required):
                    chunks.add(number, encoder.name, vectors)
                    if is_single:
                        yield from chunks.pop_complete()
            yield from chunks.pop_complete()

    def _store(self, tmdb_id: int, embedded: Embeddings | BaseException) -> Outcome:
        if isinstance(embedded, BaseException):
            return outcome_of(self._batch.step.name, tmdb_id, embedded)
        notes, files = dict(self._valid[tmdb_id]), {}
        for encoder in self._encoders:
            vectors = embedded.get(encoder.name)
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

    def _valid_notes(self, tmdb_id: int) -> dict[str, Note]:
        """Return the notes of intact embeddings of the same input by the same code."""
        row = self._batch.rows.get(tmdb_id)
        if row is None or row.status != Status.OK:
            return {}
        current = (self._inputs[tmdb_id], self._batch.step.code_version)
        notes = cast("dict[str, Note]", row.metadata.get("backbones", {}))
        return {
            name: note
            for name, note in notes.items()
            if (note["of"], note["code_version"]) == current
            and self._is_intact(tmdb_id, name, note)
        }

    def _is_intact(self, tmdb_id: int, name: str, note: Note) -> bool:
        path = self._path(tmdb_id, note["folder"], name)
        return path.exists() and hash_bytes(path.read_bytes()) == note["hash"]

    def _path(self, tmdb_id: int, folder: str, name: str) -> UPath:
        return embedding_file(folder, name).path(self._batch.run_context.store, tmdb_id)


def _is_same(note: Note | None, encoder: Encoder) -> bool:
    return note is not None and all(note.get(key) == encoder.note.get(key) for key in _DECISIVE)


def _figures(note: Note) -> Note:
    names = ("backbone", "weights", "weights_hash", "preparation", "dtype", "computed_in", "shape")
    return {name: note[name] for name in names}


def _hash_inputs(batch: MovieBatch) -> dict[int, str]:
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
    batch: MovieBatch, load: Callable[[int], T], failed: list[Outcome], ahead: int = 16
) -> Iterator[tuple[int, T]]:
    """Read inputs; a movie whose input is unavailable does not stop its neighbours."""
    for tmdb_id, result in batch.read(load, workers=2, ahead=ahead):
        if isinstance(result, BaseException):
            failed.append(outcome_of(batch.step.name, tmdb_id, result))
        else:
            yield tmdb_id, result


def _group(chunks: Chunks, group_bytes: int) -> Iterator[list[tuple[int, Chunk]]]:
    """Split a stream into groups of so many bytes, of one chunk at least."""
    group, size_bytes = [], 0
    for number, chunk in chunks:
        group.append((number, chunk))
        size_bytes += len(chunk) if isinstance(chunk, str) else chunk.nbytes
        if size_bytes >= group_bytes:
            yield group
            group, size_bytes = [], 0
    yield group  # also an empty one: movies without a single chunk are complete as well
