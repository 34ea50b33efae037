"""From a specification to a trained network: rows, fingerprint, first weights, the loop."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.training.batches import Batches, StreamTable, Transform, list_present
from pipeline.models.training.estimator import (
    DataclassConfig,
    FeatureSet,
    NetworkT,
    RunConfig,
    Trained,
    check_features,
)
from pipeline.models.training.fitted import Objective
from pipeline.models.training.schedule import Schedule

VAL_BATCH = 256
"""Movies scored at a time where nothing is learned."""


class ReadsConfig(DataclassConfig, Protocol):
    """What the config of every estimator has; it is hashed and saved."""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what the model reads."""
        ...


class FitConfig(ReadsConfig, Protocol):
    """What the config of every network has besides."""

    @property
    def batch_size(self) -> int:
        """Movies per step."""
        ...

    @property
    def schedule(self) -> Schedule:
        """How long and how fast."""
        ...


@dataclass(frozen=True)
class TrainingSpec(Generic[NetworkT]):
    """One network to train.

    Attributes:
        kind: Its name in `pipeline.models.training.model_registry`.
        build: Its `build`.
        arguments: JSON values, for `build`.
        streams: Names of the modalities that it reads.
        config: Batch size, schedule and whatever else shapes it; hashed and saved.
        objective: Returns loss and scores for the training rows.
        prepare: Fits the new network's scalers on the training rows, or fills in weights; None
            for nothing to fit.
        table: Where it reads from, if not from the features' table (pictures, for instance).
        copies: Tables of the same movies with records cut at random, from which every other step
            learns.
        val_table: What scores the validation set, if not `table`.
        values: What it learns per row, if not the target's values (several heads).
        transform, val_transform: Change batches of the training and the validation set.
        val_batch: Movies scored at a time where nothing is learned; fewer where each is large.
    """

    kind: str
    build: Callable[..., NetworkT]
    arguments: Mapping[str, Any]
    streams: Sequence[str]
    config: FitConfig
    objective: Callable[[np.ndarray], Objective]
    prepare: Callable[[NetworkT, StreamTable, np.ndarray], object] | None = None
    table: StreamTable | None = None
    copies: Sequence[StreamTable] = ()
    val_table: StreamTable | None = None
    values: np.ndarray | None = None
    transform: Transform | None = None
    val_transform: Transform | None = None
    val_batch: int = VAL_BATCH


ConfigT = TypeVar("ConfigT", bound=FitConfig)


ReadsT = TypeVar("ReadsT", bound=ReadsConfig)


@dataclass(frozen=True)
class BaseEstimator(Generic[ReadsT]):
    """What every estimator holds; see `Estimator`.

    Attributes:
        name: In folders and reports.
        config: Its published hyperparameters.
        small: Hyperparameters that make it fit for a demonstration.
    """

    name: str
    config: ReadsT
    small: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of what the network reads."""
        return self.config.reads

    def find_lack(self, table: StreamTable, rows: np.ndarray) -> str:
        """Return what these movies lack so that it cannot be trained; see `Estimator.find_lack`.

        A variant over streams requires that some movie has one of them.
        """
        streams: tuple[str, ...] = getattr(self.config, "streams", ())
        if not streams or list_present(table, streams, rows):
            return ""
        return f"no training film has {' or '.join(streams)}"


@dataclass(frozen=True)
class NetworkEstimator(BaseEstimator[ConfigT], Generic[ConfigT, NetworkT]):
    """One variant that is one network; subclasses specify it."""

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[NetworkT]:
        """Train; see `Estimator.train`."""
        spec = self.specify(
            run.override(self.config), features, target, rows_to_fit(target, split)[0]
        )
        return fit(spec, features, target, split, run)

    def specify(
        self, config: ConfigT, features: FeatureSet, target: Target, train_rows: np.ndarray, /
    ) -> TrainingSpec[NetworkT]:
        """Specify the network."""
        raise NotImplementedError


def fit(
    spec: TrainingSpec[NetworkT],
    features: FeatureSet,
    target: Target,
    split: np.ndarray,
    run: RunConfig,
) -> Trained[NetworkT]:
    """Train a network on the movies in "train", stop by those in "val".

    Raises:
        TrainingError: A set is empty or holds a movie whose target is unknown.
        LeakError: A feature is known only after release.
    """
    check_features(features)
    train_rows, val_rows = rows_to_fit(target, split)
    table = features.table if spec.table is None else spec.table
    values = _values(spec, target)
    fingerprint = _fingerprint(spec, features, values, split)
    network = first_weights(spec.build, spec.arguments, spec.config.schedule.seed)
    if spec.prepare is not None:
        spec.prepare(network, table, train_rows)
    from pipeline.models.training.loop import fit_network

    fitted = fit_network(
        network,
        spec.objective(train_rows),
        *_batches(spec, table, values, train_rows, val_rows),
        spec.config.schedule,
        folder=run.folder,
        fingerprint=fingerprint,
        on_epoch=run.on_epoch,
        on_resume=run.on_resume,
        accelerator=run.accelerator,
    )
    return Trained(
        kind=spec.kind,
        arguments=spec.arguments,
        network=network.cpu(),
        fitted=fitted,
        config=config_as_json(spec.config),
        data_hash=features.table.data_hash,
        fingerprint=fingerprint,
    )


def _batches(
    spec: TrainingSpec[Any],
    table: StreamTable,
    values: np.ndarray,
    train_rows: np.ndarray,
    val_rows: np.ndarray,
) -> tuple[Batches, Batches]:
    """Return the batches that are learned from, and those that are scored."""
    train = Batches(
        table, spec.streams, train_rows, values,
        batch_size=spec.config.batch_size,
        shuffle_seed=spec.config.schedule.seed,
        transform=spec.transform,
        copies=spec.copies,
    )  # fmt: skip
    val = Batches(
        spec.val_table or table, spec.streams, val_rows, values,
        batch_size=spec.val_batch, transform=spec.val_transform,
    )  # fmt: skip
    return train, val


def rows_to_fit(target: Target, split: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the training and the validation set.

    Raises:
        TrainingError: A set is empty or holds a movie whose target is unknown.
    """
    train_rows, val_rows = (np.flatnonzero(np.asarray(split) == name) for name in ("train", "val"))
    if not len(train_rows) or not len(val_rows):
        raise TrainingError(
            f"expected movies to train on and to stop by, got {len(train_rows)} and "
            f"{len(val_rows)}; make the splits again"
        )
    unknown = int((~target.is_known[np.concatenate([train_rows, val_rows])]).sum())
    if unknown:
        raise TrainingError(
            f"expected {target.task.name} of every movie in train and val, got {unknown} without; "
            "exclude them from the split"
        )
    return train_rows, val_rows


def first_weights(
    build: Callable[..., NetworkT], arguments: Mapping[str, Any], seed: int
) -> NetworkT:
    """Build a network whose first weights depend on the seed alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build(**arguments)


def as_json(value: Any) -> Any:
    """Turn tuples into lists, all the way down."""
    if isinstance(value, Mapping):
        return {name: as_json(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(inner) for inner in value]
    return value


def config_as_json(config: DataclassConfig) -> dict[str, Any]:
    """Return a config, a dataclass, as JSON values."""
    return as_json(asdict(config))


def _values(spec: TrainingSpec[Any], target: Target) -> np.ndarray:
    """Return what is learned, as the loop takes it: int64 classes, float32 else."""
    values = target.values if spec.values is None else spec.values
    return values if np.issubdtype(values.dtype, np.integer) else values.astype(np.float32)


def _fingerprint(
    spec: TrainingSpec[Any], features: FeatureSet, values: np.ndarray, split: np.ndarray
) -> str:
    config = config_as_json(spec.config)
    for name in ("checkpoint_every_epochs", "checkpoint_every_steps"):
        # how often it is saved does not change what is saved
        del config["schedule"][name]
    who = hash_bytes(np.ascontiguousarray(values).tobytes(), "\x1f".join(map(str, split)).encode())
    what = [spec.kind, as_json(spec.arguments), list(spec.streams), config, len(spec.copies)]
    return hash_json([*what, features.table.data_hash, who])
