"""What every estimator has in common: features and target in, a trained network out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, dataclass, field, fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from torch import nn

from pipeline.core.errors import LeakError, TrainingError
from pipeline.core.leaking_columns import check_no_leak
from pipeline.core.records import MovieRecord
from pipeline.core.tasks import Target
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.fitted import EpochHook, Fitted, ResumeHook


class DataclassConfig(Protocol):
    """Any dataclass: hyperparameters are the fields of one."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


Config = TypeVar("Config", bound=DataclassConfig)
NetworkT = TypeVar("NetworkT", bound=nn.Module)
NetworkT_co = TypeVar("NetworkT_co", bound=nn.Module, covariant=True)

LATER_FIELDS = ("revenue_usd", "popularity", "vote_average", "vote_count")
"""Fields of a record that must be None: they are known only after release."""


@dataclass(frozen=True)
class FeatureSet:
    """All that models may look at, one row per movie in the same order everywhere.

    Attributes:
        table: Modalities, masks and their hash.
        records: One per movie; what is known before release only: popularity, votes and revenue
            are None.
        revenue_usd: Float64 (movies,), NaN unknown: for track records of people, of movies of the
            training set that came out earlier, and for nothing else.
        load_poster: Returns a row's poster, uint8 RGB (height, width, 3), or None.
        load_frames: Returns a row's frames, uint8 RGB (up to 30, 224, 224, 3), or None.
        days: As of which day each movie's track records are read; None for the days of release.
        extra_targets: What networks with several heads learn besides; never an input. Fitted on
            the same training set, unknown values allowed.
    """

    table: StreamTable
    records: Sequence[MovieRecord] = ()
    revenue_usd: np.ndarray | None = None
    load_poster: Callable[[int], np.ndarray | None] | None = None
    load_frames: Callable[[int], np.ndarray | None] | None = None
    days: Sequence[date | None] | None = None
    extra_targets: Sequence[Target] = ()


@dataclass(frozen=True)
class Trained(Generic[NetworkT_co]):
    """A trained network and how it was trained.

    Attributes:
        kind: Its name in `pipeline.models.training.model_registry`.
        arguments: JSON values; `KINDS[kind].build(**arguments)` returns the empty network.
        network: In evaluation mode, with its best weights, on the CPU.
        fitted: History and best epoch.
        config: JSON values: every hyperparameter as used.
        data_hash: Of the table.
        fingerprint: Hash of config, data, target and split.
        val_preds: Predictions for the validation set, in the order of its rows, made before the
            network was fitted to it as well; None where it never was.
    """

    kind: str
    arguments: Mapping[str, Any]
    network: NetworkT_co
    fitted: Fitted
    config: Mapping[str, Any]
    data_hash: str
    fingerprint: str
    val_preds: np.ndarray | None = None


@dataclass(frozen=True)
class RunConfig:
    """How and where one training runs; nothing of what is learned.

    Attributes:
        folder: For checkpoints; an interrupted training resumes from there.
        seed: Of weights, dropout and order.
        hyperparameters: By name, what differs from the estimator's published defaults.
        on_epoch: Called after each epoch; may raise to stop.
        on_resume: Called with the seconds that earlier runs had spent, once for each step that
            resumes or is read back.
        accelerator: "cpu", "gpu" or "auto".
    """

    folder: Path
    seed: int = 42
    hyperparameters: Mapping[str, object] = field(default_factory=dict[str, object])
    on_epoch: EpochHook | None = None
    on_resume: ResumeHook | None = None
    accelerator: str = "auto"

    def override(self, config: Config) -> Config:
        """Return an estimator's config with this run's seed and hyperparameters.

        Raises:
            TrainingError: A hyperparameter is unknown.
        """
        return override_config(config, self.hyperparameters, seed=self.seed)


class Estimator(Protocol):
    """One variant of a system: how to train a network from features and a target."""

    @property
    def name(self) -> str:
        """In folders and reports."""
        ...

    @property
    def config(self) -> DataclassConfig:
        """Its hyperparameters with their published values."""
        ...

    @property
    def small(self) -> Mapping[str, object]:
        """Other values of some hyperparameters, for a demonstration that takes seconds."""
        ...

    @property
    def reads(self) -> Sequence[str]:
        """Names of what its network reads: modalities, fields of records, or pixels."""
        ...

    def find_lack(self, table: StreamTable, rows: np.ndarray) -> str:
        """Return what these movies lack so that it cannot be trained on them; "" for nothing."""
        ...

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained[nn.Module]:
        """Train on the movies in "train", stop by those in "val"; "test" is not looked at.

        Args:
            features: All that may be looked at.
            target: What is predicted, fitted on the same training set.
            split: "train", "val", "test" or "" per movie, object (movies,).
            run: Where, from which seed, with which hyperparameters.

        Raises:
            TrainingError: A set is empty, a hyperparameter is unknown, or modalities are missing.
            LeakError: A feature is known only after release.
        """
        ...


class PretrainedEstimator(Estimator, Protocol):
    """An estimator whose network learns something before it sees the target."""

    def pretrain(
        self,
        features: FeatureSet,
        target: Target,
        split: np.ndarray,
        run: RunConfig,
    ) -> Mapping[str, Fitted]:
        """Pretrain; `train` with the same folder then goes on from there.

        Returns:
            History and best epoch of each step, by name.
        """
        ...


@dataclass(frozen=True)
class NetworkKind(Generic[NetworkT]):
    """A kind of network as saved models name it.

    Attributes:
        build: Builds an empty network that its weights fit, from JSON values.
        predict: (network, features, rows) to float64: class probabilities (n, classes), label
            probabilities (n, labels), or numbers (n,) or (n, 3): mean, lower and upper end of a
            90 % interval.
    """

    build: Callable[..., NetworkT]
    predict: Callable[[NetworkT, FeatureSet, np.ndarray], np.ndarray]


def override_config(
    config: Config, hyperparameters: Mapping[str, object], *, seed: int | None = None
) -> Config:
    """Change some fields of an estimator's config, also those of its `schedule`.

    Lists become tuples, as configs hold them.

    Raises:
        TrainingError: There is no such field.

    Example:
        >>> from pipeline.models.training.schedule import Schedule
        >>> override_config(Schedule(), {"patience": 3}, seed=1).patience
        3
    """
    given = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in hyperparameters.items()
    }
    if seed is not None:
        given.setdefault("seed", seed)
    known, own = list_hyperparameters(config), {one.name for one in fields(config)}
    if unknown := sorted(set(given) - known):
        raise TrainingError(f"expected hyperparameters among {sorted(known)}, got {unknown}")
    changed = {name: value for name, value in given.items() if name in own}
    schedule: Any = changed.get("schedule", getattr(config, "schedule", None))
    if for_schedule := {name: value for name, value in given.items() if name not in own}:
        changed["schedule"] = replace(schedule, **for_schedule)
    return replace(config, **changed)


def list_hyperparameters(config: DataclassConfig) -> set[str]:
    """List the fields of an estimator's config and of its `schedule`."""
    schedule = getattr(config, "schedule", None)
    names = {one.name for one in fields(config)}
    return names | {one.name for one in fields(schedule)} if is_dataclass(schedule) else names


def check_features(features: FeatureSet) -> None:
    """Check that no feature is known only after release.

    Raises:
        LeakError: A modality or column is named so, or a record holds such a value.
    """
    columns: Mapping[str, Sequence[str]] = getattr(features.table, "columns", {})
    check_no_leak([*features.table.streams, *(name for some in columns.values() for name in some)])
    leaking = {
        name for name in LATER_FIELDS for record in features.records
        if getattr(record, name) is not None
    }  # fmt: skip
    if leaking:
        raise LeakError(
            f"features must be known before release, but records hold {sorted(leaking)}; "
            "set them to None"
        )
