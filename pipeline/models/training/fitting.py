"""From an estimator's parts to a trained network: rows, fingerprint, first weights, the loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from pipeline.core.errors import LeakError, TrainingError
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.training.batches import Batches, StreamTable, Transform
from pipeline.models.training.estimator import Inputs, Target, Trained, Training
from pipeline.models.training.learner import Objective
from pipeline.models.training.loop import fit_network
from pipeline.models.training.schedule import Schedule

VAL_BATCH = 256
"""Movies scored at a time where nothing is learned."""

LATER_FIELDS = ("revenue_usd", "popularity", "vote_average", "vote_count")
"""What a record must not tell a model."""


class FitConfig(Protocol):
    """What the config of every estimator has, a frozen dataclass."""

    @property
    def batch_size(self) -> int: ...  # noqa: D102

    @property
    def schedule(self) -> Schedule: ...  # noqa: D102


@dataclass(frozen=True)
class Plan:
    """One network to train.

    Attributes:
        kind: Its name in `pipeline.models.training.model_registry`.
        build: Its `build`.
        arguments: JSON values, for `build`.
        streams: Names of the streams that it reads.
        config: Batch size, schedule and whatever else shapes it; hashed and saved.
        objective: From training rows to loss and scores.
        prepare: Fits the new network's scalers on the training rows; None for nothing to fit.
        table: Where it reads from, if not from the inputs' table (pictures, for instance).
        values: What it learns per row, if not the target's values (several heads).
        transform, val_transform: Change batches of the training and the validation part.
        val_batch: Movies scored at a time where nothing is learned; fewer where each is large.
    """

    kind: str
    build: Callable[..., nn.Module]
    arguments: Mapping[str, Any]
    streams: Sequence[str]
    config: FitConfig
    objective: Callable[[np.ndarray], Objective]
    prepare: Callable[[nn.Module, StreamTable, np.ndarray], None] | None = None
    table: StreamTable | None = None
    values: np.ndarray | None = None
    transform: Transform | None = None
    val_transform: Transform | None = None
    val_batch: int = VAL_BATCH


def fit_plan(
    plan: Plan, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
) -> Trained:
    """Train a plan's network on the movies in "train", stop by those in "val".

    Raises:
        TrainingError: A part is empty or holds a movie whose target is unknown.
        LeakError: An input is known only after release.
    """
    refuse_leaks(inputs)
    train_rows, val_rows = part_rows(target, parts)
    table = inputs.table if plan.table is None else plan.table
    values = plan_values(plan, target)
    fingerprint = _fingerprint(plan, inputs, values, parts)
    network = first_weights(plan.build, plan.arguments, plan.config.schedule.seed)
    if plan.prepare is not None:
        plan.prepare(network, table, train_rows)
    fitted = fit_network(
        network,
        plan.objective(train_rows),
        Batches(
            table, plan.streams, train_rows, values,
            batch_size=plan.config.batch_size,
            shuffle_seed=plan.config.schedule.seed,
            transform=plan.transform,
        ),
        Batches(
            table, plan.streams, val_rows, values,
            batch_size=plan.val_batch, transform=plan.val_transform,
        ),
        plan.config.schedule,
        folder=training.folder,
        fingerprint=fingerprint,
        on_epoch=training.on_epoch,
        on_resume=training.on_resume,
        accelerator=training.accelerator,
    )  # fmt: skip
    return Trained(
        kind=plan.kind,
        arguments=plan.arguments,
        network=network.cpu(),
        fitted=fitted,
        config=as_json(asdict(plan.config)),
        data_hash=inputs.table.data_hash,
        fingerprint=fingerprint,
    )


def part_rows(target: Target, parts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows to train on and to stop by.

    Raises:
        TrainingError: A part is empty or holds a movie whose target is unknown.
    """
    train_rows, val_rows = (np.flatnonzero(np.asarray(parts) == part) for part in ("train", "val"))
    if not len(train_rows) or not len(val_rows):
        raise TrainingError(
            f"wanted movies to train on and to stop by, came {len(train_rows)} and "
            f"{len(val_rows)}; make the splits again"
        )
    unknown = int((~target.is_known[np.concatenate([train_rows, val_rows])]).sum())
    if unknown:
        raise TrainingError(
            f"wanted {target.task.name} of every movie in train and val, came {unknown} without; "
            "leave them out of the split"
        )
    return train_rows, val_rows


def refuse_leaks(inputs: Inputs) -> None:
    """Refuse inputs that are known only after release.

    Raises:
        LeakError: A stream or column is named so, or a record holds such a value.
    """
    columns: Mapping[str, Sequence[str]] = getattr(inputs.table, "columns", {})
    check_no_leak([*inputs.table.streams, *(name for some in columns.values() for name in some)])
    told = {
        name for name in LATER_FIELDS for record in inputs.records
        if getattr(record, name) is not None
    }  # fmt: skip
    if told:
        raise LeakError(
            f"inputs must be known before release, but records hold {sorted(told)}; "
            "set them to None"
        )


def first_weights(
    build: Callable[..., nn.Module], arguments: Mapping[str, Any], seed: int
) -> nn.Module:
    """Build a network whose first weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(**arguments)


def plan_values(plan: Plan, target: Target) -> np.ndarray:
    """Return what is learned, as the loop wants it: int64 classes, float32 else."""
    values = target.values if plan.values is None else plan.values
    return values if np.issubdtype(values.dtype, np.integer) else values.astype(np.float32)


def as_json(value: Any) -> Any:
    """Turn tuples into lists, all the way down."""
    if isinstance(value, Mapping):
        return {name: as_json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    return value


def _fingerprint(plan: Plan, inputs: Inputs, values: np.ndarray, parts: np.ndarray) -> str:
    config = as_json(asdict(plan.config))
    for name in ("checkpoint_every_epochs", "checkpoint_every_steps"):
        # how often it is saved does not change what is saved
        del config["schedule"][name]
    who = hash_bytes(np.ascontiguousarray(values).tobytes(), "\x1f".join(map(str, parts)).encode())
    what = [plan.kind, as_json(plan.arguments), list(plan.streams), config]
    return hash_json([*what, inputs.table.data_hash, who])
