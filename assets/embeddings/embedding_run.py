"""Several backbones over one reading of an asset's inputs, resumed by movie and backbone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeAlias, TypeVar, cast

from assets.embeddings.chunk_reassembly import Chunk, ChunkReassembler, Chunks, Embeddings, Inputs
from assets.embeddings.embedding_notes import (
    Note,
    backbone_notes,
    describe_figures,
    hash_inputs,
    is_same,
    make_note,
)
from assets.orchestration.asset_specs import embedding_file, movie_spec
from pipeline.core.errors import ItemError
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Outcome, Status
from pipeline.core.versions import combine, hash_bytes
from pipeline.embeddings.backbones import BACKBONES, Modality
from resources.compute.device import Device, choose_device
from resources.compute.weights import LoadedBackbone, load_backbone
from resources.storage.batch import MovieBatch, outcome_of
from resources.storage.embedding_files import embedding_bytes
from resources.storage.store import StorePath

T = TypeVar("T")

GROUP_BYTES = {"cpu": 32 * 1024 * 1024, "cuda": 512 * 1024 * 1024}
"""Inputs that go through one backbone after the other together, where there are several: a few
batches. A kill costs these at most, for each encoder at work."""

Load: TypeAlias = "Callable[[int], Chunk | Iterator[Chunk]]"
"""Loads a movie's input by its id: an array or a text, or an iterator over chunks of it whose
embeddings are concatenated again. May raise `ItemError`."""

Encoded: TypeAlias = "Iterator[tuple[int, np.ndarray | ItemError]]"
"""float32 arrays, or errors, by number of a chunk."""


class Encode(Protocol):
    """How an asset encodes with a backbone."""

    def __call__(
        self, chunks: Chunks, loaded: LoadedBackbone, *, device: str, use_bf16: bool
    ) -> Encoded:
        """Embed numbered chunks; see `encode`."""
        ...


def encode(
    chunks: Chunks,
    loaded: LoadedBackbone,
    *,
    device: str,
    use_bf16: bool,
    sample_rate_hz: int = 0,
) -> Encoded:
    """Embed texts, pictures, clips or sound; see `encode_texts` and `encode_arrays`."""
    network, backbone = loaded.network, loaded.backbone
    if loaded.tokenizer is not None:
        from pipeline.embeddings.encode_text import encode_texts

        texts = cast("Iterable[tuple[int, str]]", chunks)  # a text asset loads nothing else
        return encode_texts(
            texts, network, loaded.tokenizer, backbone, device=device, use_bf16=use_bf16
        )
    from pipeline.embeddings.encode import encode_arrays

    arrays = cast("Iterable[tuple[int, np.ndarray | ItemError]]", chunks)
    return encode_arrays(
        arrays, network, backbone, sample_rate_hz=sample_rate_hz, device=device, use_bf16=use_bf16
    )


def embed(batch: MovieBatch, load: Load, encoders: Mapping[Modality, Encode]) -> Iterator[Outcome]:
    """Embed a batch of movies with every backbone of its asset.

    Args:
        batch: The movies that are pending.
        load: See `Load`.
        encoders: How the asset encodes, by the modality of a backbone.
    """
    device = choose_device(batch.run_context.settings.devices or None)
    device.take_one_thread_per_encoder()
    yield from EmbeddingRun(batch, device, encoders).run(load)


def uses_bf16(device: Device, loaded: LoadedBackbone) -> bool:
    """Return whether a backbone computes in bfloat16 on a device.

    Of texts a batch has as many rows as there are of one length; in bfloat16 a CPU sums another
    number of rows in another order, so that a text's embedding would depend on its neighbours, by
    up to 6e-4. Batches of pictures, clips and sound are always full.
    """
    is_text = loaded.backbone.modality is Modality.TEXT
    return device.has_bf16 and not (is_text and device.kind == "cpu")


class EmbeddingRun:
    """One run of an asset's backbones over a batch of movies; they are loaded at once."""

    def __init__(self, batch: MovieBatch, device: Device, encoders: Mapping[Modality, Encode]):
        spec, run_context = movie_spec(batch.step.name), batch.run_context
        self._batch, self._device = batch, device
        self._folders = spec.backbones(run_context)  # the preset's first: it stands for the movie
        self._encoders: dict[str, partial[Encoded]] = {}
        self._notes: dict[str, Note] = {}
        for name in self._folders:
            loaded = self._load_backbone(name)
            extent, in_bf16 = spec.extent(run_context.preset), uses_bf16(device, loaded)
            encode = encoders[loaded.backbone.modality]
            self._encoders[name] = partial(encode, loaded=loaded, use_bf16=in_bf16)
            self._notes[name] = make_note(loaded, in_bf16=in_bf16, extent=extent)
        self._inputs = hash_inputs(batch)
        self._valid = {i: self._valid_notes(i) for i in batch.tmdb_ids}
        self._pending = {
            i: [name for name, note in self._notes.items() if not is_same(valid.get(name), note)]
            for i, valid in self._valid.items()
        }

    def run(self, load: Load) -> Iterator[Outcome]:
        """Embed every movie; each is stored as soon as all its backbones are done."""
        from pipeline.embeddings.parallel_encoding import encode_in_parallel

        done = {i for i, pending in self._pending.items() if not pending}
        for tmdb_id in sorted(done):
            yield self._store(tmdb_id, {})
        failed: list[Outcome] = []
        inputs = read_ahead(self._batch.without(done), load, failed)
        slots = self._slots()
        with ThreadPoolExecutor(len(slots), thread_name_prefix="chunks") as pool:
            encoders = [partial(self._encode, pool, slot) for slot in slots]
            for tmdb_id, embedded in encode_in_parallel(inputs, encoders):
                yield self._store(tmdb_id, embedded)
        yield from failed

    def _load_backbone(self, name: str) -> LoadedBackbone:
        """Load a backbone, and fuse it for every device before threads compute."""
        from pipeline.embeddings.runner import fused_copy

        run_context = self._batch.run_context
        loaded = load_backbone(
            name,
            weights_folder=run_context.weights_folder,
            allow_random=run_context.preset.allows_random,
        )
        for slot in self._device.slots:
            fused_copy(loaded.network, slot, use_bf16=self._device.has_bf16)
        return loaded

    def _slots(self) -> list[str]:
        """Return the device of each thread; one thread has to see all texts, to sort them."""
        is_text = BACKBONES[next(iter(self._encoders))].modality is Modality.TEXT
        return self._device.slots[:1] if is_text else self._device.slots

    def _encode(
        self, pool: ThreadPoolExecutor, slot: str, inputs: Inputs
    ) -> Iterator[tuple[int, Embeddings | BaseException]]:
        """Send a share of the movies through all backbones; a single one gets it as a stream."""
        chunks = ChunkReassembler(self._pending, pool)
        numbered, is_single = chunks.split(inputs), len(self._encoders) == 1
        group_bytes = GROUP_BYTES[self._device.kind]
        for group in [numbered] if is_single else _group(numbered, group_bytes):
            for name, encode in self._encoders.items():
                required = (one for one in group if chunks.requires(one[0], name))
                for number, vectors in encode(required, device=slot):
                    chunks.add(number, name, vectors)
                    if is_single:
                        yield from chunks.pop_complete()
            yield from chunks.pop_complete()

    def _store(self, tmdb_id: int, embedded: Embeddings | BaseException) -> Outcome:
        if isinstance(embedded, BaseException):
            return outcome_of(self._batch.step.name, tmdb_id, embedded)
        notes, files = dict(self._valid[tmdb_id]), {}
        for name, note in self._notes.items():
            vectors = embedded.get(name)
            if vectors is not None:
                content = embedding_bytes(vectors, note)
                files[self._path(tmdb_id, self._folders[name], name)] = content
                notes[name] = {
                    **note,
                    "folder": self._folders[name],
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
            **describe_figures(notes[next(iter(self._notes))]),
            backbones=notes,
        )

    def _valid_notes(self, tmdb_id: int) -> dict[str, Note]:
        """Return the notes of intact embeddings of the same input by the same code."""
        row = self._batch.rows.get(tmdb_id)
        if row is None or row.status != Status.OK or self._batch.is_forced:
            return {}
        current = (self._inputs[tmdb_id], self._batch.step.code_version)
        return {
            name: note
            for name, note in backbone_notes(row).items()
            if (note["of"], note["code_version"]) == current
            and self._is_intact(tmdb_id, name, note)
        }

    def _is_intact(self, tmdb_id: int, name: str, note: Note) -> bool:
        path = self._path(tmdb_id, note["folder"], name)
        return path.exists() and hash_bytes(path.read_bytes()) == note["hash"]

    def _path(self, tmdb_id: int, folder: str, name: str) -> StorePath:
        return embedding_file(folder, name).path(self._batch.run_context.store, tmdb_id)


def read_ahead(
    batch: MovieBatch, load: Callable[[int], T], failed: list[Outcome]
) -> Iterator[tuple[int, T]]:
    """Read inputs; a movie whose input is unavailable does not stop its neighbours."""
    for tmdb_id, result in batch.read(load, workers=2, ahead=16):
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
