"""What every variant of every system has in common: its inputs, its target, and what it gives
back.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.records import MovieRecord
from pipeline.core.target import Target
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.learner import EpochHook, ResumeHook
from pipeline.models.training.loop import Fitted

Config = TypeVar("Config")


@dataclass(frozen=True)
class Inputs:
    """All that models may look at, one row per movie in the same order everywhere.

    Attributes:
        table: Streams, masks and their hash.
        records: One per movie; what is known before release only: popularity, votes and revenue
            are None.
        revenue_usd: Float64 (movies,), NaN unknown: for track records of people, of movies of the
            training part that came out earlier, and for nothing else.
        load_poster: Gives a row's poster, uint8 RGB (height, width, 3), or None.
        load_frames: Gives a row's frames, uint8 RGB (up to 30, 224, 224, 3), or None.
        extra_targets: What networks with several heads learn besides; never an input. Fitted on
            the same training part, unknown values allowed.
    """

    table: StreamTable
    records: Sequence[MovieRecord] = ()
    revenue_usd: np.ndarray | None = None
    load_poster: Callable[[int], np.ndarray | None] | None = None
    load_frames: Callable[[int], np.ndarray | None] | None = None
    extra_targets: Sequence[Target] = ()


@dataclass(frozen=True)
class Trained:
    """A trained network and how it came about.

    Attributes:
        kind: Its name in `pipeline.models.training.model_registry`.
        arguments: JSON values; `KINDS[kind].build(**arguments)` gives the empty network.
        network: In evaluation mode, with its best weights, on the CPU.
        fitted: History and best epoch.
        config: JSON values: every hyperparameter as used.
        data_hash: Of the table.
        fingerprint: Hash of config, data, target and parts.
    """

    kind: str
    arguments: Mapping[str, Any]
    network: nn.Module
    fitted: Fitted
    config: Mapping[str, Any]
    data_hash: str
    fingerprint: str


@dataclass(frozen=True)
class Training:
    """How and where one training runs; nothing of what is learned.

    Attributes:
        folder: For checkpoints; an interrupted training is taken up from there.
        seed: Of weights, dropout and order.
        hyperparameters: By name, what is to differ from the estimator's published defaults.
        on_epoch: Told of each epoch; may raise to stop.
        on_resume: Told what earlier takes had spent, once for each step that is taken up or read
            back.
        accelerator: "cpu", "gpu" or "auto".
    """

    folder: Path
    seed: int = 42
    hyperparameters: Mapping[str, object] = field(default_factory=dict)
    on_epoch: EpochHook | None = None
    on_resume: ResumeHook | None = None
    accelerator: str = "auto"

    def turn(self, config: Config) -> Config:
        """Return an estimator's config with this training's seed and hyperparameters.

        Raises:
            TrainingError: A hyperparameter is unknown.
        """
        return override_config(config, self.hyperparameters, seed=self.seed)


class Estimator(Protocol):
    """One variant of a system: how to make a network from inputs and a target."""

    name: str
    """In folders and reports."""

    config: Any
    """Its hyperparameters with their published values, a frozen dataclass."""

    small: Mapping[str, object]
    """Other values of some hyperparameters, for a demo that takes seconds."""

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train on the movies in "train", stop by those in "val"; "test" is not looked at.

        Args:
            inputs: All that may be looked at.
            target: What is wanted, fitted on the same training part.
            parts: "train", "val", "test" or "" per movie, object (movies,).
            training: Where, from which seed, with which hyperparameters.

        Raises:
            TrainingError: A part is empty, a hyperparameter is unknown, or the streams are missing.
            LeakError: An input is known only after release.
        """
        ...


@dataclass(frozen=True)
class NetworkKind:
    """A kind of network as saved models name it.

    Attributes:
        build: Arguments (JSON values) to an empty network that its weights fit.
        answer: (network, inputs, rows) to float64: class probabilities (n, classes), label
            probabilities (n, labels), or numbers (n,) or (n, 3): mean, lower and upper end of a
            90 % interval.
    """

    build: Callable[..., nn.Module]
    answer: Callable[[nn.Module, Inputs, np.ndarray], np.ndarray]


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
    wanted = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in hyperparameters.items()
    }
    if seed is not None:
        wanted.setdefault("seed", seed)
    own = {field.name for field in fields(config)}
    schedule = getattr(config, "schedule", None)
    inner = {field.name for field in fields(schedule)} if is_dataclass(schedule) else set()
    unknown = sorted(set(wanted) - own - inner)
    if unknown:
        raise TrainingError(f"wanted hyperparameters among {sorted(own | inner)}, came {unknown}")
    changed = replace(config, **{name: wanted[name] for name in wanted if name in own})
    for_schedule = {name: wanted[name] for name in wanted if name in inner - own}
    if for_schedule:
        changed = replace(changed, schedule=replace(changed.schedule, **for_schedule))
    return changed
