"""Whether a file of the store still is what the ledger says was kept."""

from pipeline.core.errors import DamagedFileError
from pipeline.core.outcomes import Status
from pipeline.core.staleness import RECORDS
from pipeline.core.versions import combine, hash_bytes
from resources.run_context import RunContext

FILES = {
    "posters": (("posters", ".jpg"),),
    "trailers": (("trailers", ".mp4"), ("trailers", ".audio.m4a")),
    "trailer_frames": (("frames", ".npz"),),
    "trailer_audio": (("audio", ".npy"),),
}
"""Where the assets that others read keep their files; content hashes are of these bytes."""


def is_intact(run_context: RunContext, asset: str, tmdb_id: int) -> bool:
    """Whether a movie's files of an asset are there and have the content that was kept."""
    row = run_context.ledger.rows(asset, [tmdb_id]).get(tmdb_id)
    if row is None or row.status != Status.OK:
        return True
    if asset == RECORDS:
        return _is_readable(run_context, tmdb_id)
    store = run_context.store
    paths = [store.path(folder, f"{tmdb_id}{end}") for folder, end in FILES.get(asset, ())]
    hashes = [hash_bytes(path.read_bytes()) for path in paths if path.exists()]
    return bool(hashes) and row.content_hash in (hashes[0], combine(hashes))


def _is_readable(run_context: RunContext, tmdb_id: int) -> bool:
    try:
        run_context.store.read_json(run_context.store.path("movies", f"{tmdb_id}.json"))
    except DamagedFileError:
        return False
    return True
