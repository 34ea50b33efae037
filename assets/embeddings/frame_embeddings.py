"""The `frame_embeddings` asset."""

from __future__ import annotations

from collections.abc import Iterator

from assets.embeddings.embedding_run import embed, encode
from assets.orchestration.asset_specs import FRAMES_FILE
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Outcome
from pipeline.embeddings.backbones import Modality
from resources.storage.batch import MovieBatch


def frame_embeddings(batch: MovieBatch) -> Iterator[Outcome]:
    """Embed the kept frames of each trailer: one vector a frame per chosen image backbone."""
    store = batch.run_context.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_arrays(FRAMES_FILE.path(store, tmdb_id))["frames"]

    return embed(batch, load, {Modality.IMAGE: encode})


ASSET = movie_asset(
    frame_embeddings, kinds={"pytorch", "numpy"}, metadata={"shape": "float32 (frames, width)"}
)
