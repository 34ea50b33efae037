"""Several networks that answer together: the average of their probabilities, or of their
numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

import numpy as np
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.versions import combine
from pipeline.models.training.estimator import (
    Estimator,
    Inputs,
    Target,
    Trained,
    Training,
    override_config,
)
from pipeline.models.training.loop import Fitted


class Ensemble(nn.Module):
    """Networks side by side; whoever asks averages their answers.

    Attributes:
        kinds: Of each member, a name in `pipeline.models.training.model_registry`.
        members: The networks.
    """

    def __init__(self, kinds: Sequence[str], members: Sequence[nn.Module]):
        super().__init__()
        self.kinds = tuple(kinds)
        self.members = nn.ModuleList(members)

    def count_parameters(self) -> int:
        """Count what is trained."""
        return sum(parameter.numel() for parameter in self.parameters())


@dataclass(frozen=True)
class EnsembleConfig:
    """Which variants answer together, and how often each is trained.

    Attributes:
        members: Names of estimators.
        seeds_each: So many networks of each, by seeds that follow one another.
    """

    members: tuple[str, ...]
    seeds_each: int = 1


OWN_KNOBS = {one.name for one in fields(EnsembleConfig)}


@dataclass(frozen=True)
class EnsembleEstimator:
    """Trains its members one after another and saves them as one model.

    Attributes:
        name: In folders and reports.
        estimators: By the names that the config gives.
        config: Which of them.
        small: Hyperparameters for a demo.
    """

    name: str
    estimators: Mapping[str, Estimator]
    config: EnsembleConfig
    small: Mapping[str, object] = field(default_factory=dict)

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train all members; see `Estimator.train`. The other hyperparameters are the members'."""
        own = {n: value for n, value in training.hyperparameters.items() if n in OWN_KNOBS}
        rest = {n: value for n, value in training.hyperparameters.items() if n not in OWN_KNOBS}
        config = override_config(self.config, own)
        unknown = sorted(set(config.members) - set(self.estimators))
        if unknown or not config.members or config.seeds_each < 1:
            raise TrainingError(f"wanted members of {sorted(self.estimators)}, came {config}")
        trained = [
            self.estimators[name].train(inputs, target, parts, _one(training, rest, name, k))
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
            data_hash=inputs.table.data_hash,
            fingerprint=combine(one.fingerprint for one in trained),
        )


def _one(training: Training, hyperparameters: Mapping[str, object], name: str, k: int) -> Training:
    """Return a member's own folder and seed."""
    seed = training.seed + k
    folder = training.folder / f"{name.replace(' ', '-')}-{seed}"
    return replace(training, folder=folder, seed=seed, hyperparameters=hyperparameters)


def _average(fits: Sequence[Fitted]) -> Fitted:
    """Average the members' curves, each epoch over those that trained so long."""
    history = []
    for epoch in range(max(len(fit.history) for fit in fits)):
        rows = [fit.history[epoch] for fit in fits if epoch < len(fit.history)]
        shared = set.intersection(*(set(row) for row in rows))
        history.append({name: float(np.mean([row[name] for row in rows])) for name in rows[0]
                        if name in shared})  # fmt: skip
    return Fitted(tuple(history), int(np.median([fit.best_epoch for fit in fits])))
