"""The `audio_embeddings` asset."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from assets.embeddings.embedding_run import embed, encode
from assets.orchestration.asset_specs import AUDIO_FILE
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.numpy_on_demand import np
from pipeline.core.outcomes import Outcome
from pipeline.embeddings.backbones import Modality
from resources.storage.batch import MovieBatch


def audio_embeddings(batch: MovieBatch) -> Iterator[Outcome]:
    """Embed each trailer's sound: one vector per window of about 10 s and chosen sound backbone."""
    from pipeline.media.audio import SAMPLE_RATE_HZ

    store = batch.run_context.store

    def load(tmdb_id: int) -> np.ndarray:
        return store.read_array(AUDIO_FILE.path(store, tmdb_id))

    return embed(batch, load, {Modality.AUDIO: partial(encode, sample_rate_hz=SAMPLE_RATE_HZ)})


ASSET = movie_asset(
    audio_embeddings, kinds={"pytorch", "numpy"}, metadata={"shape": "float32 (windows, width)"}
)
