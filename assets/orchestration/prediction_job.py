"""When the predictions for films have to be made again: what they depend on, as one version."""

from assets.orchestration.asset_specs import FEATURES
from assets.orchestration.staleness import read_whole
from pipeline.core.versions import combine, hash_bytes
from pipeline.models.systems.registry import SYSTEMS
from resources.run_context import RunContext

PREDICTIONS = "movie_predictions"
"""Name of the asset."""

CODE_VERSION = "2"
"""Raised by hand whenever its results would differ."""

_DONE = "predictions_made_of"
"""Name of the ledger's note of the version that all predictions were made of."""


def predictions_version(run_context: RunContext) -> str:
    """Return the version of features and promoted models; "" where there is none of either."""
    features = read_whole(run_context, FEATURES.name).content_hash
    paths = [run_context.store.path("registry", one.name, "promoted.json") for one in SYSTEMS]
    promoted = [hash_bytes(path.read_bytes()) for path in paths if path.is_file()]
    return combine([CODE_VERSION, features, *promoted]) if features and promoted else ""


def are_predictions_stale(run_context: RunContext) -> bool:
    """Whether predictions were made of other features or models than there are now."""
    version = predictions_version(run_context)
    return bool(version) and run_context.ledger.note(_DONE) != version


def note_predictions(run_context: RunContext, version: str) -> None:
    """Note that all predictions were made of this version."""
    run_context.ledger.set_note(_DONE, version)
