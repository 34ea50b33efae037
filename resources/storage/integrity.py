"""Check whether a file of the store still is what the ledger says was kept."""

from collections.abc import Sequence

from pipeline.core.errors import DamagedFileError
from pipeline.core.outcomes import Status
from pipeline.core.staleness import RECORDS, Row
from pipeline.core.versions import combine, hash_bytes
from resources.run_context import RunContext
from resources.storage.movie_files import MovieFile
from resources.storage.store import Store


def is_intact(
    run_context: RunContext, asset: str, files: Sequence[MovieFile], tmdb_id: int
) -> bool:
    """Whether a movie's files of an asset are there and have the content that was kept.

    Args:
        run_context: Store and ledger.
        asset: Name of the asset, which others depend on.
        files: The kinds of files that it keeps.
        tmdb_id: The movie.
    """
    row = run_context.ledger.rows(asset, [tmdb_id]).get(tmdb_id)
    if row is None or row.status != Status.OK:
        return True
    return is_kept(run_context.store, asset, files, tmdb_id, row)


def is_kept(store: Store, asset: str, files: Sequence[MovieFile], tmdb_id: int, row: Row) -> bool:
    """Whether a movie's files have the content that a row says was kept.

    An asset without files of its own kind (embeddings lie in a folder per backbone) is not looked
    at.
    """
    if not files:
        return True
    paths = [file.path(store, tmdb_id) for file in files]
    if asset == RECORDS:  # its content hash is of the facets, not of the bytes
        return _is_readable(store, paths)
    hashes = [hash_bytes(path.read_bytes()) for path in paths if path.exists()]
    return bool(hashes) and row.content_hash in (hashes[0], combine(hashes))


def _is_readable(store: Store, paths: Sequence) -> bool:
    try:
        for path in paths:
            store.read_json(path)
    except DamagedFileError:
        return False
    return True
