"""Given plots, posters and trailers become streams, by what makes them of stored ones."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np

from assets.embeddings.chunk_reassembly import Chunk
from assets.embeddings.clip_embeddings import CLIPS_IN_CHUNK, encode_clip_frames
from assets.embeddings.embedding_notes import Note, backbone_notes
from assets.embeddings.embedding_run import Encode, encode, uses_bf16
from assets.embeddings.poster_embeddings import encode_posters
from assets.embeddings.poster_regions import open_finder
from assets.frames.trailer_reading import TrailerReading, read_frames, read_sound
from assets.orchestration.asset_settings import reading_options
from assets.orchestration.asset_specs import FEATURE_SOURCES
from assets.predict.input_files import POSTER, TRAILER, check_trailer, read_poster_file
from assets.splits.feature_sources import average_frames, pool_regions, thin_sound
from pipeline.core.errors import InputError, ItemError, WeightsError
from pipeline.core.outcomes import Status
from pipeline.core.versions import hash_bytes
from pipeline.media.audio import SAMPLE_RATE_HZ
from pipeline.media.clip_file import read_clips
from pipeline.media.poster import (
    inspect_poster,
    load_poster,
    load_reference000_poster,
    load_whole_poster,
)
from pipeline.predict.masking import POSTER_STREAMS
from pipeline.splits.features import FeatureTable
from resources.compute.device import choose_device
from resources.compute.weights import LoadedBackbone, load_backbone
from resources.run_context import RunContext
from resources.storage.owned_folders import OwnedFolder

K = TypeVar("K")
V = TypeVar("V")

Streams = dict[str, np.ndarray]
ReadPoster = tuple[Streams, np.ndarray]
"""Streams, and pixels uint8 RGB (height, width, 3)."""

ReadTrailer = tuple[Streams, np.ndarray, tuple[str, ...]]
"""Streams, frames uint8 RGB (n, 224, 224, 3), and remarks."""

Report = Callable[[str], None]
"""Says what is being done, for a person who waits."""

_KEPT = 16
"""Inputs of each kind that are remembered: a film is asked about again with another budget."""


class InputEncoder:
    """Encodes inputs as the streams that a packed table has; networks are loaded when needed.

    Args:
        run_context: Its preset names the backbones.
        table: Other streams than its own are not made.
        report: See `Report`.
    """

    def __init__(self, run_context: RunContext, table: FeatureTable, report: Report):
        self._run_context, self._table, self._report = run_context, table, report
        self._loaded: dict[str, LoadedBackbone] = {}
        self._texts: dict[str, Streams] = {}
        self._posters: dict[str, ReadPoster] = {}
        self._trailers: dict[object, ReadTrailer] = {}
        self._hashes: dict[str, dict[str, Note]] = {}
        self._device = choose_device(run_context.settings.devices or None).alone

    def read_text(self, text: str) -> Streams:
        """Embed a plot, as `text_embeddings` does; the latest ones are remembered."""
        return _remember(self._texts, text, lambda: self.read_texts([text])[0])

    def read_texts(self, texts: Sequence[str]) -> list[Streams]:
        """Embed plots, those of one length together."""
        made = self._embed_each("text", texts, encode)
        return [{"text": one} for one in made] if made else [{} for _ in texts]

    def read_poster(self, source: Path | bytes) -> ReadPoster:
        """Embed a poster and find its regions; the latest ones are remembered.

        Raises:
            InputError: It is no usable picture.
        """
        content = read_poster_file(source)
        key = hash_bytes(content)
        return _remember(self._posters, key, lambda: self.read_posters([content])[0])

    def read_posters(
        self, contents: Sequence[bytes], wanted: Collection[str] = POSTER_STREAMS
    ) -> list[ReadPoster]:
        """Embed posters, many at a time, and find their regions.

        Args:
            contents: Their files.
            wanted: Which of the two are wanted.

        Raises:
            InputError: One is no usable picture.
        """
        try:
            for content in contents:
                inspect_poster(content)
            self._report("reading the poster")
            made = [Streams() for _ in contents]
            if "poster" in wanted:
                pictures = (load_poster(content)[None] for content in contents)
                found = self._embed_each("poster", pictures, encode_posters)
                made = [{"poster": one} for one in found] or made
            if "regions" in wanted and self._makes("regions"):
                for streams, content in zip(made, contents, strict=True):
                    streams |= self._find_regions(content)
            return [
                (streams, load_whole_poster(content))
                for streams, content in zip(made, contents, strict=True)
            ]
        except ItemError as error:
            raise InputError("poster", error.detail or str(error), POSTER) from error

    def read_trailer(self, path: Path, seed: int, sound: Path | None = None) -> ReadTrailer:
        """Sample and embed frames, clips and sound of a trailer.

        Args:
            path: The video.
            seed: Random seed of the frames: the movie's id.
            sound: The file of its sound, where that is another one.

        Returns:
            Its streams, its frames uint8 RGB (n, 224, 224, 3), and remarks.

        The latest ones are remembered.

        Raises:
            InputError: It is no usable video.
        """
        key = (path, path.stat().st_mtime_ns, path.stat().st_size, seed, sound)
        return _remember(self._trailers, key, lambda: self._read_trailer(path, seed, sound))

    def _read_trailer(self, path: Path, seed: int, sound: Path | None) -> ReadTrailer:
        check_trailer(self._run_context, path)
        self._report("reading frames of the trailer")
        options, decoders = reading_options(self._run_context), self._run_context.decoders
        try:
            reading = decoders.call(read_frames, path, seed, options, beats=True)
            streams = self._embed_frames(reading)
        except ItemError as error:
            raise InputError("trailer", error.detail or str(error), TRAILER) from error
        heard, remarks = self._read_sound(sound or path)
        return streams | heard, reading.picked.frames, remarks

    def _embed_frames(self, reading: TrailerReading) -> Streams:
        frames = reading.picked.frames
        self._report(f"embedding {len(frames)} frames of the trailer")
        streams = self._embed("frames", [frames], encode)
        if "frames" in streams:
            streams["video"] = average_frames(streams["frames"])
        if reading.clips is not None:
            streams |= self._embed_clips(reading.clips)
        return streams

    def _embed_clips(self, content: bytes) -> Streams:
        preset = self._run_context.preset
        self._report("embedding clips of the trailer")
        frames = partial(encode_clip_frames, step=preset.clip_frame_step)
        with OwnedFolder() as folder:
            path = folder.path / "clips.mp4"
            path.write_bytes(content)
            read = partial(_read_in_chunks, path, preset.clips_per_trailer)
            return self._embed("clips", read(), encode) | self._embed("clip_frames", read(), frames)

    def _read_sound(self, path: Path) -> tuple[Streams, tuple[str, ...]]:
        if not self._makes("audio", "sound"):
            return {}, ()
        self._report("reading the trailer's sound")
        options = reading_options(self._run_context)
        try:
            samples = self._run_context.decoders.call(read_sound, path, options, beats=True)
        except ItemError as error:
            return {}, (f"trailer: its sound cannot be used ({error.detail}).",)
        streams = {"audio": thin_sound(samples)} if self._makes("audio") else {}
        sound = partial(encode, sample_rate_hz=SAMPLE_RATE_HZ)
        return streams | self._embed("sound", [samples], sound), ()

    def _makes(self, *names: str) -> bool:
        return not set(names).isdisjoint(self._table.streams)

    def _find_regions(self, content: bytes) -> Streams:
        from pipeline.embeddings.regions import find_regions  # loads torchvision, for seconds

        finder, _ = self._finder
        ((_, found),) = find_regions([(0, load_reference000_poster(content))], finder)
        if isinstance(found, ItemError):
            raise found
        return {"regions": pool_regions(found.features)}

    @cached_property
    def _finder(self):
        self._device.take_one_thread_per_encoder()
        return open_finder(self._run_context, self._device)

    def _embed(self, name: str, chunks: Iterable[Chunk], by: Encode) -> Streams:
        """Embed the chunks of one input; nothing where the table has no such stream."""
        arrays = self._embed_each(name, chunks, by)
        if not arrays:  # no shot of the trailer is long enough for a clip
            return {}
        return {name: arrays[0] if len(arrays) == 1 else np.concatenate(arrays)}

    def _embed_each(self, name: str, chunks: Iterable[Chunk], by: Encode) -> list[np.ndarray]:
        """Embed chunks, an array each; none where the table has no such stream."""
        if not self._makes(name):
            return []
        self._device.take_one_thread_per_encoder()
        loaded, device = self._load(name), self._device.slots[0]
        use_bf16 = uses_bf16(self._device, loaded)
        vectors: dict[int, np.ndarray] = {}
        for number, one in by(enumerate(chunks), loaded, device=device, use_bf16=use_bf16):
            if isinstance(one, ItemError):
                raise one
            vectors[number] = one
        return [vectors[number] for number in sorted(vectors)]

    def _load(self, name: str) -> LoadedBackbone:
        """Load the backbone of a stream.

        Raises:
            WeightsError: The stored embeddings are of other weights.
        """
        spec, source = FEATURE_SOURCES[name]
        backbone = source.backbone(self._run_context.preset)
        if backbone not in self._loaded:
            self._loaded[backbone] = load_backbone(
                backbone,
                weights_folder=self._run_context.weights_folder,
                allow_random=self._run_context.preset.allows_random,
            )
        loaded = self._loaded[backbone]
        stored = self._stored_hash(spec.name, backbone)
        if stored not in ("", loaded.weights_hash):
            raise WeightsError(
                f"{spec.name} in the store are of {backbone} with other weights than those here "
                f"({loaded.weights_label}). Name the folder of those weights by MARQUEE_WEIGHTS,"
                f" or embed again: `uv run marquee retry --again --asset {spec.name}`, then "
                "`uv run marquee build`."
            )
        return loaded

    def _stored_hash(self, asset: str, backbone: str) -> str:
        """Return the hash of the weights of stored embeddings; "" where there are none."""
        if asset not in self._hashes:
            rows = self._run_context.ledger.rows(asset).values()
            notes = (backbone_notes(row) for row in rows if row.status == Status.OK)
            self._hashes[asset] = next(notes, {})
        note = self._hashes[asset].get(backbone)
        return str(note["weights_hash"]) if note else ""


def _remember(kept: dict[K, V], key: K, make: Callable[[], V]) -> V:
    """Return what is kept under a key; make it where it is not, and forget others first."""
    if key not in kept:
        if len(kept) >= _KEPT:
            kept.clear()
        kept[key] = make()
    return kept[key]


def _read_in_chunks(path: Path, at_most: int) -> Iterator[np.ndarray]:
    clips = read_clips(path, at_most=at_most)
    while some := list(islice(clips, CLIPS_IN_CHUNK)):
        yield np.stack(some)
