"""The backbones of a step, loaded and bound to how the step encodes with them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np

from assets.embeddings.chunk_reassembly import Chunks
from assets.orchestration.asset_specs import movie_spec
from pipeline.core.errors import ItemError
from pipeline.embeddings.backbones import Modality
from resources.compute.device import Device
from resources.compute.weights import LoadedBackbone, load_backbone
from resources.storage.batch import MovieBatch

DTYPE = "float32"
"""Of every file; the type that it was computed in is noted beside it."""

Note = dict[str, Any]
"""JSON values by name: in a file, and in the ledger, whose writer takes them by name."""

Encoded = Iterator[tuple[int, np.ndarray | ItemError]]
"""float32 arrays, or errors, by number of a chunk."""


class Encode(Protocol):
    """How a step encodes with a backbone."""

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
    """Embed texts, pictures, clips or sound; see `encode_texts` and `encode_arrays`.

    Args:
        chunks: What the backbone takes, by number.
        loaded: The backbone.
        device: torch's name of one device.
        use_bf16: Whether to compute in bfloat16.
        sample_rate_hz: Rate of sound.
    """
    network, backbone = loaded.network, loaded.backbone
    if backbone.modality is Modality.TEXT:
        from pipeline.embeddings.encode_text import encode_texts

        texts = cast("Iterable[tuple[int, str]]", chunks)  # a text step loads nothing else
        return encode_texts(
            texts, network, loaded.tokenizer, backbone, device=device, use_bf16=use_bf16
        )
    from pipeline.embeddings.encode import encode_arrays

    return encode_arrays(
        cast("Iterable[tuple[int, np.ndarray | ItemError]]", chunks),
        network,
        backbone,
        sample_rate_hz=sample_rate_hz,
        device=device,
        use_bf16=use_bf16,
    )


@dataclass(frozen=True)
class Encoder:
    """One backbone at work in one step.

    Attributes:
        folder: Folder of its files, below `embeddings/`.
        loaded: Network, weights and preparation.
        encode: How the step encodes with it.
        use_bf16: Whether it computes in bfloat16.
        extent: How much of a movie's input it sees, where not all; see
            `assets.orchestration.asset_specs.MovieAssetSpec`.
    """

    folder: str
    loaded: LoadedBackbone
    encode: Encode
    use_bf16: bool
    extent: str = ""

    @property
    def name(self) -> str:
        """The backbone's name."""
        return self.loaded.backbone.name

    def on(self, device: str, chunks: Chunks) -> Encoded:
        """Embed numbered chunks on a device."""
        return self.encode(chunks, self.loaded, device=device, use_bf16=self.use_bf16)

    @property
    def note(self) -> Note:
        """What its files record about themselves; keys and their order are stored."""
        return {
            "backbone": self.name,
            "weights": self.loaded.weights_label,
            "weights_hash": self.loaded.weights_hash,
            "preparation": self.loaded.preparation,
            "width": self.loaded.backbone.width,
            "dtype": DTYPE,
            "computed_in": "bfloat16" if self.use_bf16 else DTYPE,
            **({"extent": self.extent} if self.extent else {}),
        }


def open_encoders(
    batch: MovieBatch, device: Device, encoders: Mapping[Modality, Encode]
) -> list[Encoder]:
    """Load the backbones of a step, the preset's first, and fuse them before threads compute."""
    from pipeline.embeddings.fuse_batchnorm import fused_copy

    run_context, spec = batch.run_context, movie_spec(batch.step.name)
    extent = spec.extent(run_context.preset)
    opened: list[Encoder] = []
    for name, folder in spec.backbones(run_context).items():
        loaded = load_backbone(
            name,
            weights_folder=run_context.weights_folder,
            allow_random=run_context.source.is_studio,
        )
        for slot in device.slots:
            fused_copy(loaded.network, slot)
        encode_with = encoders[loaded.backbone.modality]
        opened.append(Encoder(folder, loaded, encode_with, device.has_bf16, extent))
    return opened
