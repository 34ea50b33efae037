"""The `trailer_audio` asset: the sound of each trailer as mono samples."""

from collections.abc import Iterator

from assets.orchestration.asset_settings import reading_options
from assets.orchestration.asset_specs import AUDIO_FILE, TRAILER_FILE, TRAILER_SOUND_FILE
from assets.orchestration.movie_asset import movie_asset
from assets.orchestration.pictures import draw_sound
from pipeline.core.outcomes import Outcome
from resources.storage.batch import MovieBatch
from resources.storage.store import npy_bytes


def trailer_audio(batch: MovieBatch) -> Iterator[Outcome]:
    """Decode the first 30 s of each trailer's sound, or all of it: mono, 16 kHz, 16 bit."""
    options, decoders = reading_options(batch.run_context), batch.run_context.decoders

    def decode(tmdb_id: int) -> Outcome:
        from assets.frames.trailer_reading import read_sound
        from pipeline.media.audio import SAMPLE_RATE_HZ

        file = TRAILER_SOUND_FILE.path(batch.run_context.store, tmdb_id)
        if not file.exists():
            file = TRAILER_FILE.path(batch.run_context.store, tmdb_id)
        with batch.run_context.store.local_copy(file) as path:
            samples = decoders.call(read_sound, path, options, beats=True)
        return batch.keep(
            tmdb_id,
            {AUDIO_FILE.path(batch.run_context.store, tmdb_id): npy_bytes(samples)},
            duration_s=round(len(samples) / SAMPLE_RATE_HZ, 2),
        )

    return batch.each(decode, workers=decoders.count)


ASSET = movie_asset(
    trailer_audio,
    kinds={"numpy"},
    metadata={"shape": "int16 (≤ 480000,), 16 kHz mono"},
    draw=draw_sound,
)
