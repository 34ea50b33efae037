"""The registry of networks, trained ones as files, and their predictions."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

import numpy as np
import torch
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Task
from pipeline.models.estimators import (
    blend,
    label_stack,
    linear_estimator,
    ordinal_estimator,
    transformer_estimator,
)
from pipeline.models.estimators.ensemble import Ensemble
from pipeline.models.estimators.pixel_estimator import predict_from_pixels
from pipeline.models.estimators.poster_cnn import PosterEstimator
from pipeline.models.estimators.stacked_cnn import FramesEstimator
from pipeline.models.networks.divita import DIVITA
from pipeline.models.networks.divita import KIND as DIVITA_KIND
from pipeline.models.networks.fusion import FUSIONS
from pipeline.models.training.estimator import FeatureSet, NetworkKind, Trained
from pipeline.models.training.fitting import as_json

FORMAT = 2

_FACTS = ("config", "history", "best_epoch", "data_hash", "fingerprint", "target_facts", "notes")


def _build_ensemble(members: Sequence[Mapping[str, Any]]) -> Ensemble:
    networks = [KINDS[member["kind"]].build(**member["arguments"]) for member in members]
    return Ensemble([member["kind"] for member in members], networks)


def _predict_ensemble(network: Ensemble, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    preds = [
        KINDS[kind].predict(member, features, rows)
        for kind, member in zip(network.kinds, network.members, strict=True)
    ]
    return np.mean(preds, axis=0)


KINDS: Mapping[str, NetworkKind[Any]] = {
    **FUSIONS,
    FramesEstimator.KIND: NetworkKind(FramesEstimator.NETWORK, predict_from_pixels),
    PosterEstimator.KIND: NetworkKind(PosterEstimator.NETWORK, predict_from_pixels),
    DIVITA_KIND: DIVITA,
    "ensemble": NetworkKind(_build_ensemble, _predict_ensemble),
    transformer_estimator.KIND: transformer_estimator.TRANSFORMER,
    blend.KIND: blend.BLEND,
    label_stack.KIND: label_stack.LABEL_STACK,
    linear_estimator.KIND: linear_estimator.LINEAR,
    ordinal_estimator.KIND: ordinal_estimator.ORDINAL,
}
"""By the name in `Trained.kind`."""


@dataclass(frozen=True)
class Saved:
    """A network with all that is needed to use it on new movies.

    Attributes:
        kind: Its name in `KINDS`.
        network: In evaluation mode; scalers and vocabularies are among its weights and arguments.
        task: What it predicts.
        facts: JSON values: config, history, best_epoch, data_hash, fingerprint, target_facts
            (class edges, mean and deviation, ... of its own training set) and notes.
    """

    kind: str
    network: nn.Module
    task: Task
    facts: Mapping[str, Any]


def save_trained(
    trained: Trained,
    path: Path,
    *,
    task: Task,
    target_facts: Mapping[str, object],
    notes: Mapping[str, object],
) -> Path:
    """Write a network to one file, through a temporary name."""
    content = {
        "format": FORMAT,
        "kind": trained.kind,
        "arguments": as_json(trained.arguments),
        "state_dict": trained.network.state_dict(),
        "task": task.as_json(),
        "config": as_json(trained.config),
        "history": [dict(row) for row in trained.fitted.history],
        "best_epoch": trained.fitted.best_epoch,
        "data_hash": trained.data_hash,
        "fingerprint": trained.fingerprint,
        "target_facts": as_json(target_facts),
        "notes": dict(notes),
    }
    return _write(content, path)


def load_trained(path: Path) -> Saved:
    """Read a saved network; the file is read as data, nothing in it is run.

    Raises:
        TrainingError: There is no such file, it holds something else, or another version of marquee
            saved it.
    """
    content = _read(path)
    kind = content["kind"]
    if kind not in KINDS:
        raise TrainingError(f"{path}: expected a network of {sorted(KINDS)}, got {kind!r}")
    try:
        network = KINDS[kind].build(**content["arguments"])
        network.load_state_dict(content["state_dict"])
    except (TypeError, RuntimeError) as error:
        raise TrainingError(
            f"{path} was saved by another version of marquee, whose {kind} has other parts; "
            "`uv run marquee build` trains it again"
        ) from error
    return Saved(
        kind=kind,
        network=network.eval(),
        task=Task.from_json(content["task"]),
        facts={name: content[name] for name in _FACTS},
    )


def predict(model: Saved | Trained, features: FeatureSet, rows: np.ndarray) -> np.ndarray:
    """Predict for some movies.

    Returns:
        Float64: class probabilities (n, classes), label probabilities (n, labels), or numbers
        (n,) or (n, 3): mean, lower and upper end of a 90 % interval.

    Raises:
        TrainingError: The features are of another width than those it was trained on.
    """
    return KINDS[model.kind].predict(model.network, features, np.asarray(rows, dtype=np.int64))


def _write(content: Mapping[str, Any], path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    buffer = io.BytesIO()  # torch's own writing to files says nothing of a full disk
    torch.save(content, buffer)
    unfinished.write_bytes(buffer.getbuffer())
    return unfinished.replace(path)


def _read(path: Path) -> Mapping[str, Any]:
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
    return content
