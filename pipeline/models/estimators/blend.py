"""A blend of the transformer, a Gaussian process and boosted trees; the parts can be asked
alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from torch import nn

from pipeline.core.errors import TrainingError
from pipeline.core.versions import hash_bytes, hash_json
from pipeline.models.estimators.boosted_trees import TreesModel
from pipeline.models.estimators.gaussian_process import KernelModel
from pipeline.models.estimators.transformer_estimator import SMALL, TransformerEstimator
from pipeline.models.networks.box_office_transformer import (
    BoxOfficeTransformer,
    TransformerConfig,
    as_interval,
    calibrate_interval,
)
from pipeline.models.training.estimator import Inputs, NetworkKind, Target, Trained, Training
from pipeline.models.training.fitting import as_json, part_rows, refuse_leaks
from pipeline.models.training.loop import Fitted
from pipeline.models.training.movie_reader import FIELDS, MovieReader, known_revenue_usd

KIND = "box office blend"

TRANSFORMER, KERNEL, TREES = "transformer", "gaussian process", "boosting"
BUILDS = {TRANSFORMER: BoxOfficeTransformer, KERNEL: KernelModel, TREES: TreesModel}

PULL = 0.5
"""How strongly weights are pulled to equal ones, in units of the parts' mean squared error: a
validation part is small."""


@dataclass(frozen=True)
class BlendConfig(TransformerConfig):
    """The transformer's hyperparameters, and which parts are blended."""

    parts: tuple[str, ...] = (TRANSFORMER, KERNEL, TREES)


class Blend(nn.Module):
    """Weighted mean of parts.

    Args:
        parts: By name, the arguments of each part's network.
    """

    def __init__(self, parts: Mapping[str, Mapping[str, Any]]):
        super().__init__()
        self.names = tuple(parts)
        self.arguments = {name: dict(own) for name, own in parts.items()}
        built = [BUILDS[name](**arguments) for name, arguments in parts.items()]
        self.models = nn.ModuleList(built)
        for name, start in (("weights", 1 / len(built)), ("reach", 1.645)):
            size = len(built) if name == "weights" else 2
            self.register_buffer(name, torch.full((size,), start, dtype=torch.float64))
        self.register_buffer("sd", torch.ones(1, dtype=torch.float64))

    def answer_parts(self, inputs: Inputs, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Ask each part alone: by name, log10 revenue, float64 (rows,)."""
        said = {
            n: model.answer(inputs, rows) for n, model in zip(self.names, self.models, strict=True)
        }
        return {name: one if one.ndim == 1 else one[:, 0] for name, one in said.items()}

    def answer(self, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
        """Say mean and standard deviation of log10 revenue, float64 (rows, 2)."""
        total = np.zeros(len(rows))
        sd = np.full(len(rows), self.sd.item())
        for weight, model in zip(self.weights.tolist(), self.models, strict=True):
            said = model.answer(inputs, rows)
            if said.ndim == 2:
                said, sd = said[:, 0], said[:, 1]
            total += weight * said
        return np.stack([total, sd], axis=1)


def weigh_parts(said: Sequence[np.ndarray], true: np.ndarray, pull: float = PULL) -> np.ndarray:
    """Find weights of at least 0 that sum to 1 and give the least squared error.

    Args:
        said: Each part's numbers of movies that it was not trained on, (n,) each.
        true: What came, (n,).
        pull: How strongly equal weights are preferred.

    Example:
        >>> true = np.array([1.0, 2.0, 3.0, 4.0])
        >>> weigh_parts([true, 0 * true], true, pull=0.0).round(3).tolist()
        [1.0, 0.0]
    """
    columns = np.stack(said, axis=1)
    n, k = columns.shape
    error = ((columns - true[:, None]) ** 2).mean()
    even = np.sqrt(pull * n * error / k)
    whole = 1e3 * np.sqrt(n) * max(float(np.abs(columns).max()), 1.0)
    terms = np.vstack([columns, even * np.eye(k), np.full((1, k), whole)])
    wanted = np.concatenate([true, np.full(k, even / k), [whole]])
    weights, _ = nnls(terms, wanted)
    return weights / weights.sum()


@dataclass(frozen=True)
class BlendEstimator:
    """One variant of a blend.

    The Gaussian process and the trees are fitted to the training part, weighed by the validation
    part, then fitted again to both: they need nothing to stop by.

    Attributes:
        name: In folders and reports.
        config: Its hyperparameters.
        small: Hyperparameters for the studio.
    """

    name: str
    config: BlendConfig = field(default_factory=BlendConfig)
    small: Mapping[str, object] = field(default_factory=lambda: SMALL)

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train; see `Estimator.train`."""
        refuse_leaks(inputs)
        config = training.turn(self.config)
        if not config.parts or set(config.parts) - set(BUILDS):
            raise TrainingError(f"wanted parts among {sorted(BUILDS)}, came {list(config.parts)}")
        train_rows, val_rows = part_rows(target, parts)
        fitted, networks = None, {}
        if TRANSFORMER in config.parts:
            own = replace(training, hyperparameters={})  # the config has them already
            trained = transformer_of(config).train(inputs, target, parts, own)
            fitted, networks = trained.fitted, {TRANSFORMER: trained.network}
        blend, error = _mix(config.parts, networks, inputs, target, train_rows, val_rows,
                             training.seed)  # fmt: skip
        settings = as_json(asdict(config))
        wanted = hash_bytes(np.ascontiguousarray(target.values).tobytes())
        who = hash_json([list(map(str, parts)), inputs.table.data_hash])
        return Trained(
            kind=KIND,
            arguments={"parts": blend.arguments},
            network=blend.eval(),
            fitted=fitted or _one_epoch(error),
            config=settings,
            data_hash=inputs.table.data_hash,
            fingerprint=hash_json([KIND, settings, wanted, who]),
        )


def _mix(
    names: Sequence[str],
    networks: Mapping[str, nn.Module],
    inputs: Inputs,
    target: Target,
    train_rows: np.ndarray,
    val_rows: np.ndarray,
    seed: int,
) -> tuple[Blend, float]:
    """Weigh the parts by the validation part; give the blend and its squared error there."""
    others = [name for name in names if name not in networks]
    first = networks | _fit(others, inputs, target, train_rows, seed)
    true = target.values[val_rows]
    said = [_mean(first[name].answer(inputs, val_rows)) for name in names]
    weights = weigh_parts(said, true)
    both = np.concatenate([train_rows, val_rows])
    blend = _assemble(names, networks | _fit(others, inputs, target, both, seed), weights)
    mixed = np.stack(said, axis=1) @ weights
    error = float(np.mean((mixed - true) ** 2))
    blend.sd.fill_(error**0.5 or 1.0)
    sd = blend.answer(inputs, val_rows)[:, 1]
    blend.reach.copy_(torch.from_numpy(calibrate_interval(np.stack([mixed, sd], axis=1), true)))
    return blend, error


def transformer_of(config: BlendConfig) -> TransformerEstimator:
    """Return the estimator of a blend's transformer by itself."""
    own = {one.name: getattr(config, one.name) for one in fields(TransformerConfig)}
    return TransformerEstimator(TRANSFORMER, TransformerConfig(**own))


def _fit(
    names: Sequence[str], inputs: Inputs, target: Target, rows: np.ndarray, seed: int
) -> dict[str, nn.Module]:
    if not names:
        return {}
    revenue_usd = known_revenue_usd(inputs, target.values)
    reader = MovieReader.fit(inputs, rows, revenue_usd, FIELDS)
    return {n: BUILDS[n].fit(reader, inputs, rows, target.values[rows], seed) for n in names}


def _assemble(names: Sequence[str], models: Mapping[str, nn.Module], weights: np.ndarray) -> Blend:
    blend = Blend({name: models[name].arguments for name in names})
    for place, name in enumerate(names):
        blend.models[place].load_state_dict(models[name].state_dict())
    blend.weights.copy_(torch.from_numpy(weights))
    return blend


def _mean(said: np.ndarray) -> np.ndarray:
    return said if said.ndim == 1 else said[:, 0]


def _one_epoch(error: float) -> Fitted:
    """Describe a training without epochs as one of a single epoch."""
    return Fitted(({"epoch": 1, "val_loss": error, "val_rmse": error**0.5},), 1)


def _answer(network: Blend, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    return as_interval(network.answer(inputs, rows), network.reach.numpy())


BLEND = NetworkKind(Blend, _answer)
