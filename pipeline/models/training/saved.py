"""A trained network as one file that says what it is, and its answers."""

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from zipfile import is_zipfile

import numpy as np
import torch
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.systems import Task, TaskKind
from pipeline.models.training.estimator import Inputs, Trained
from pipeline.models.training.fitting import as_json
from pipeline.models.training.model_registry import KINDS

MODEL_FILE = "best_multimodal_model.pth"
"""Source: seed 001, "Output Files"."""

FORMAT = 2

_FACTS = ("config", "history", "best_epoch", "data_hash", "fingerprint", "target_facts", "notes")


@dataclass(frozen=True)
class Saved:
    """A network with all that is needed to use it on new movies.

    Attributes:
        kind: Its name in `pipeline.models.training.model_registry`.
        network: In evaluation mode; scalers and vocabularies are among its weights and arguments.
        task: What it predicts.
        facts: JSON values: config, history, best_epoch, data_hash, fingerprint, target_facts
            (class edges, mean and deviation, ... of its own training part) and notes.
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
    """Write a network to one file, through a temporary name.

    Args:
        trained: What an estimator gave.
        path: Where to; usually ends in `model.pth` or `MODEL_FILE`.
        task: What it predicts.
        target_facts: Of the target that it was trained on.
        notes: What it was made from: source of the data, backbones and their weights.
    """
    content = {
        "format": FORMAT,
        "kind": trained.kind,
        "arguments": as_json(trained.arguments),
        "state_dict": trained.network.state_dict(),
        "task": as_json({**asdict(task), "kind": task.kind.value}),
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
        TrainingError: There is no such file, or it holds something else.
    """
    content = _read(path)
    kind = content["kind"]
    if kind not in KINDS:
        raise TrainingError(f"{path}: wanted a network of {sorted(KINDS)}, came {kind!r}")
    network = KINDS[kind].build(**content["arguments"])
    network.load_state_dict(content["state_dict"])
    network.eval()
    task = content["task"]
    lists = {name: tuple(value) for name, value in task.items() if isinstance(value, list)}
    return Saved(
        kind=kind,
        network=network,
        task=Task(**{**task, **lists, "kind": TaskKind(task["kind"])}),
        facts={name: content[name] for name in _FACTS},
    )


def answer(saved: Saved | Trained, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """Ask a network about some movies.

    Args:
        saved: From `load_trained`, or fresh from an estimator.
        inputs: All that it may look at, with the streams that it was trained on.
        rows: Row numbers, shape (n,).

    Returns:
        Float64: class probabilities (n, classes), label probabilities (n, labels), or numbers
        (n,) or (n, 3): mean, lower and upper end of a 90 % interval.

    Raises:
        TrainingError: The inputs are of another width than those it was trained on.
    """
    return KINDS[saved.kind].answer(saved.network, inputs, np.asarray(rows, dtype=np.int64))


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
