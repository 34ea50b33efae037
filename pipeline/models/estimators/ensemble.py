"""Several networks whose predictions are averaged: probabilities, or numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.tasks import Target
from pipeline.core.versions import combine
from pipeline.models.training.batches import StreamTable
from pipeline.models.training.estimator import (
    Estimator,
    FeatureSet,
    RunConfig,
    Trained,
    override_config,
)
from pipeline.models.training.fitted import Fitted


class Ensemble(nn.Module):
    """Networks side by side; the registry averages their predictions.

    Attributes:
        kinds: Of each member, a name in `pipeline.models.training.model_registry`.
        members: The networks.
    """

    def __init__(self, kinds: Sequence[str], members: Sequence[nn.Module]):
        super().__init__()
        self.kinds = tuple(kinds)
        self.members = nn.ModuleList(members)


@dataclass(frozen=True)
class EnsembleConfig:
    """Which variants are averaged, and how often each is trained.

    Attributes:
        members: Names of estimators.
        seeds_each: So many networks of each, by seeds that follow one another.
    """

    members: tuple[str, ...]
    seeds_each: int = 1


OWN_FIELDS = {one.name for one in fields(EnsembleConfig)}


@dataclass(frozen=True)
class EnsembleEstimator:
    """Trains its members one after another and saves them as one model.

    Attributes:
        name: In folders and reports.
        estimators: By the names that the config gives.
        config: Which of them.
        small: Hyperparameters for a demonstration.
    """

    name: str
    estimators: Mapping[str, Estimator]
    config: EnsembleConfig
    small: Mapping[str, object] = field(default_factory=dict[str, object])

    @property
    def reads(self) -> list[str]:
        """Names of what its members read."""
        members = [self.estimators[name].reads for name in self.config.members]
        return [name for reads in members for name in reads]

    def find_lack(self, table: StreamTable, rows: np.ndarray) -> str:
        """Return what these movies lack: an ensemble requires what every member does."""
        for name in self.config.members:
            if lack := self.estimators[name].find_lack(table, rows):
                return f"its member {name} cannot be trained: {lack}"
        return ""

    def train(
        self, features: FeatureSet, target: Target, split: np.ndarray, run: RunConfig
    ) -> Trained:
        """Train all members; see `Estimator.train`. The other hyperparameters are the members'."""
        own = {n: value for n, value in run.hyperparameters.items() if n in OWN_FIELDS}
        rest = {n: value for n, value in run.hyperparameters.items() if n not in own}
        config = override_config(self.config, own)
        unknown = sorted(set(config.members) - set(self.estimators))
        if unknown or not config.members or config.seeds_each < 1:
            raise TrainingError(f"expected members of {sorted(self.estimators)}, got {config}")
        trained = [
            self.estimators[name].train(features, target, split, _one(run, rest, name, k))
            for name in config.members
            for k in range(config.seeds_each)
        ]
        return Trained(
            kind="ensemble",
            arguments={
                "members": [{"kind": one.kind, "arguments": dict(one.arguments)} for one in trained]
            },
            network=Ensemble([one.kind for one in trained], [one.network for one in trained]),
            fitted=_average([one.fitted for one in trained]),
            config={
                "members": list(config.members),
                "seeds_each": config.seeds_each,
                "configs": [dict(one.config) for one in trained],
            },
            data_hash=features.table.data_hash,
            fingerprint=combine(one.fingerprint for one in trained),
        )


def _one(run: RunConfig, hyperparameters: Mapping[str, object], name: str, k: int) -> RunConfig:
    """Return a member's own folder and seed."""
    seed = run.seed + k
    folder = run.folder / f"{name.replace(' ', '-')}-{seed}"
    return replace(run, folder=folder, seed=seed, hyperparameters=hyperparameters)


def _average(fits: Sequence[Fitted]) -> Fitted:
    """Average the members' curves, each epoch over those that trained so long."""
    history = []
    for epoch in range(max(len(fit.history) for fit in fits)):
        rows = [fit.history[epoch] for fit in fits if epoch < len(fit.history)]
        shared = set.intersection(*(set(row) for row in rows))
        history.append({name: float(np.mean([row[name] for row in rows])) for name in rows[0]
                        if name in shared})  # fmt: skip
    return Fitted(tuple(history), int(np.median([fit.best_epoch for fit in fits])))
