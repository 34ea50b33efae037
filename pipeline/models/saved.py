"""A trained fusion network as one file that says what it is, and its answers.

What belongs here: writing, reading, predicting. What does not: training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

import numpy as np
import torch

from pipeline.errors import TrainingError
from pipeline.models.batches import StreamTable, take_batch
from pipeline.models.fusion import FusionNetwork
from pipeline.models.streams import StreamSpec
from pipeline.models.training import VAL_BATCH, TrainedFusion

MODEL_FILE = "best_multimodal_model.pth"
"""Source: seed 001, "Output Files"."""

FORMAT = 1


@dataclass(frozen=True)
class SavedModel:
    """A network with all that is needed to use it on new movies.

    Attributes:
        network: In evaluation mode; its scalers are among its weights.
        class_names: Lowest first.
        edges_usd: Edges between the classes, of its own training part.
        facts: JSON values: config, history, best_epoch, data_hash, fingerprint, notes.
    """

    network: FusionNetwork
    class_names: tuple[str, ...]
    edges_usd: np.ndarray
    facts: Mapping[str, Any]


def save_model(
    trained: TrainedFusion,
    path: Path,
    *,
    class_names: Sequence[str],
    edges_usd: np.ndarray,
    notes: Mapping[str, str],
) -> Path:
    """Write the network to one file, through a temporary name.

    Args:
        trained: From `train_fusion`.
        path: Where to; usually ends in `MODEL_FILE`.
        class_names: Lowest first.
        edges_usd: From `fit_edges` on its training part.
        notes: What it was made from: source of the data, backbones and their weights.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "format": FORMAT,
        "state_dict": trained.network.state_dict(),
        "streams": [asdict(spec) for spec in trained.network.specs],
        "class_names": list(class_names),
        "class_edges_usd": [float(edge) for edge in edges_usd],
        "config": {**asdict(trained.training), "streams": list(trained.training.streams)},
        "history": [dict(row) for row in trained.fitted.history],
        "best_epoch": trained.fitted.best_epoch,
        "data_hash": trained.data_hash,
        "fingerprint": trained.fingerprint,
        "notes": dict(notes),
    }
    unfinished = path.with_name(f".{path.name}.part")
    torch.save(content, unfinished)
    return unfinished.replace(path)


def load_model(path: Path) -> SavedModel:
    """Read a saved network; the file is read as data, nothing in it is run.

    Raises:
        TrainingError: There is no such file, or it holds something else.
    """
    if not path.is_file():
        raise TrainingError(f"no model in {path}; train it first")
    if not is_zipfile(path):  # what torch writes
        raise TrainingError(f"{path} is not a model that marquee saved, or it was cut off")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (UnpicklingError, RuntimeError) as error:
        raise TrainingError(f"{path} is not a model that marquee saved: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise TrainingError(f"{path} is not a model of format {FORMAT}; train it again")
    specs = [StreamSpec(**spec) for spec in content["streams"]]
    network = FusionNetwork(specs, len(content["class_names"]), content["config"]["dropout"])
    network.load_state_dict(content["state_dict"])
    network.eval()
    facts = ("config", "history", "best_epoch", "data_hash", "fingerprint", "notes")
    return SavedModel(
        network=network,
        class_names=tuple(content["class_names"]),
        edges_usd=np.array(content["class_edges_usd"]),
        facts={name: content[name] for name in facts},
    )


def predict(network: FusionNetwork, table: StreamTable, rows: np.ndarray) -> np.ndarray:
    """Give the class probabilities of some movies.

    Args:
        network: From `train_fusion(...).network` or `load_model(...).network`.
        table: Streams and masks. A stream that it lacks altogether counts as missing.
        rows: Row numbers, shape (n,).

    Returns:
        Float64, shape (n, classes); rows sum to 1.

    Raises:
        TrainingError: A stream's width is not the network's.
    """
    for spec in network.specs:
        came = table.streams[spec.name].shape[1] if spec.name in table.streams else None
        if came not in (spec.width_in, None):
            raise TrainingError(
                f"stream {spec.name!r}: wanted width {spec.width_in}, came {came}; the model was "
                "trained on another backbone"
            )
    rows = np.asarray(rows)
    network.eval()
    parts = [
        _probabilities(network, table, rows[start : start + VAL_BATCH])
        for start in range(0, len(rows), VAL_BATCH)
    ]
    return np.concatenate(parts) if parts else np.zeros((0, network.n_classes))


@torch.inference_mode()
def _probabilities(network: FusionNetwork, table: StreamTable, rows: np.ndarray) -> np.ndarray:
    names = [spec.name for spec in network.specs if spec.name in table.streams]
    batch = take_batch(table, names, rows)
    streams, masks = dict(batch.streams), dict(batch.masks)
    for spec in network.specs:
        if spec.name not in streams:
            streams[spec.name] = torch.zeros(len(rows), spec.width_in)
            masks[spec.name] = torch.zeros(len(rows), dtype=torch.bool)
    return network(streams, masks).double().softmax(dim=1).numpy()
