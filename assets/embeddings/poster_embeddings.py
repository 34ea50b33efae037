"""The `poster_embeddings` asset."""

from __future__ import annotations

from collections.abc import Iterator

from assets.embeddings.chunk_reassembly import Chunks
from assets.embeddings.embedding_run import Encoded, embed, encode
from assets.orchestration.asset_specs import POSTER_FILE
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.errors import ItemError
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Outcome
from pipeline.embeddings.backbones import Modality
from resources.compute.weights import LoadedBackbone
from resources.storage.batch import MovieBatch


def poster_embeddings(batch: MovieBatch) -> Iterator[Outcome]:
    """Embed each movie's poster: one vector per chosen image backbone."""

    def load(tmdb_id: int) -> np.ndarray:
        from pipeline.media.poster import load_embedded_poster

        poster = POSTER_FILE.path(batch.run_context.store, tmdb_id).read_bytes()
        return load_embedded_poster(poster)[None]

    return embed(batch, load, dict.fromkeys((Modality.IMAGE, Modality.POSTER), encode_posters))


def encode_posters(
    chunks: Chunks, loaded: LoadedBackbone, *, device: str, use_bf16: bool
) -> Encoded:
    """Embed posters (1, height, width, 3) as one vector (width,) each, not a table of one row."""
    for number, vectors in encode(chunks, loaded, device=device, use_bf16=use_bf16):
        yield number, vectors if isinstance(vectors, ItemError) else vectors[0]


ASSET = movie_asset(
    poster_embeddings, kinds={"pytorch", "numpy"}, metadata={"shape": "float32 (width,)"}
)
