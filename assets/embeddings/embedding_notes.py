"""What is recorded of each embedding, in its file and in the ledger, and what makes it another."""

from typing import Any, cast

from pipeline.core.staleness import RECORDS, Row, Step
from pipeline.core.versions import combine
from resources.compute.weights import LoadedBackbone
from resources.storage.batch import MovieBatch

DTYPE = "float32"
"""Of every file; the type that it was computed in is noted beside it."""

Note = dict[str, Any]
"""JSON values by name: in a file, and in the ledger, whose writer takes them by name."""

_DECISIVE = ("weights_hash", "preparation", "width", "dtype", "extent")
"""Keys of a note that make an embedding another one. The type that it was computed in is recorded
but does not count: bfloat16 keeps a cosine of 0.9999, and two machines on one store would undo
each other's work."""


def make_note(loaded: LoadedBackbone, *, in_bf16: bool, extent: str) -> Note:
    """Return what a backbone's files record about themselves; keys and their order are stored.

    Args:
        loaded: The backbone.
        in_bf16: Whether it computes in bfloat16.
        extent: How much of a movie's input it sees; "" for all.
    """
    return {
        "backbone": loaded.backbone.name,
        "weights": loaded.weights_label,
        "weights_hash": loaded.weights_hash,
        "preparation": loaded.preparation,
        "width": loaded.backbone.width,
        "dtype": DTYPE,
        "computed_in": "bfloat16" if in_bf16 else DTYPE,
        **({"extent": extent} if extent else {}),
    }


def is_same(note: Note | None, other: Note) -> bool:
    """Return whether an embedding with the one note is what the other note describes."""
    return note is not None and all(note.get(key) == other.get(key) for key in _DECISIVE)


def backbone_notes(row: Row) -> dict[str, Note]:
    """Return the notes of a movie's embeddings, by backbone."""
    return cast("dict[str, Note]", row.metadata.get("backbones", {}))


def describe_figures(note: Note) -> Note:
    """Return what an event shows of the first backbone."""
    names = ("backbone", "weights", "weights_hash", "preparation", "dtype", "computed_in", "shape")
    return {name: note[name] for name in names}


def hash_inputs(batch: MovieBatch) -> dict[int, str]:
    """Return the version of what an asset reads of each movie: contents, and no settings."""
    ledger, step = batch.run_context.ledger, batch.step
    rows = {name: ledger.rows(name, batch.tmdb_ids) for name in step.depends_on}
    return {
        i: combine([_content(step, name, of_asset.get(i)) for name, of_asset in rows.items()])
        for i in batch.tmdb_ids
    }


def _content(step: Step, name: str, row: Row | None) -> str:
    if row is None:
        return ""
    return row.facets.get(step.facet or "", "") if name == RECORDS else row.content_hash
