"""The `text_embeddings` asset."""

from collections.abc import Iterator

from assets.crawl.movie_records import read_record
from assets.embeddings.embedding_run import embed, encode
from assets.orchestration.movie_asset import movie_asset
from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Outcome, Reason
from pipeline.core.records import plot_text
from pipeline.embeddings.backbones import Modality
from resources.storage.batch import MovieBatch


def text_embeddings(batch: MovieBatch) -> Iterator[Outcome]:
    """Embed each movie's plot: one vector per chosen text backbone."""

    def load(tmdb_id: int) -> str:
        text = plot_text(read_record(batch, tmdb_id))
        if not text:
            raise ItemError(Reason.NO_TEXT, "TMDB has no overview")
        return text

    return embed(batch, load, {Modality.TEXT: encode})


ASSET = movie_asset(
    text_embeddings, kinds={"pytorch", "numpy"}, metadata={"shape": "float32 (width,)"}
)
