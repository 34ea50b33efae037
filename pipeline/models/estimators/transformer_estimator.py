"""Estimator of seed 000's transformer: read, pretrain, fine-tune, measure the interval."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pipeline.models.estimators.box_office_pretraining import pretrain
from pipeline.models.networks.box_office_transformer import (
    BoxOfficeTransformer,
    TransformerConfig,
    as_interval,
    calibrate_interval,
)
from pipeline.models.networks.streams import width_of
from pipeline.models.training.estimator import Inputs, NetworkKind, Target, Trained, Training
from pipeline.models.training.fitting import Plan, first_weights, fit_plan, part_rows, refuse_leaks
from pipeline.models.training.learner import Objective
from pipeline.models.training.loop import Fitted
from pipeline.models.training.movie_reader import FieldTable, MovieReader, known_revenue_usd

KIND = "box office transformer"

SMALL: Mapping[str, object] = MappingProxyType(
    {"width": 32, "max_epochs": 6, "pretraining_epochs": 2}
)
"""Hyperparameters for the studio: seconds on one core."""


@dataclass(frozen=True)
class TransformerEstimator:
    """One variant of the transformer.

    Attributes:
        name: In folders and reports.
        config: Its hyperparameters.
        small: Hyperparameters for the studio.
    """

    name: str
    config: TransformerConfig = field(default_factory=TransformerConfig)
    small: Mapping[str, object] = field(default_factory=lambda: SMALL)

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train; see `Estimator.train`."""
        read = _read(self.config, inputs, target, parts, training)

        def prepare(network: BoxOfficeTransformer, *_: object) -> None:
            _pretrain(network, read, training)

        config, fields = read.config, read.fields
        plan = Plan(
            kind=KIND,
            build=BoxOfficeTransformer,
            arguments=read.arguments,
            streams=_streams(config, fields),
            config=config,
            objective=lambda _: Objective(loss, score),
            prepare=prepare,
            table=fields,
        )
        trained = fit_plan(plan, inputs, target, parts, training)
        said = trained.network.answer(inputs, read.val_rows)
        reach = calibrate_interval(said, target.values[read.val_rows])
        trained.network.reach.copy_(torch.from_numpy(reach))
        return trained

    def pretrain(
        self,
        inputs: Inputs,
        target: Target,
        parts: np.ndarray,
        training: Training,
        *,
        clock: Callable[[], float] | None = None,
    ) -> Mapping[str, Fitted]:
        """Do only what needs no revenue; `train` with the same folder then goes on from there.

        Returns:
            What came of each step, by name; none where the variant has no pretraining.
        """
        read = _read(self.config, inputs, target, parts, training)
        seed = read.config.schedule.seed
        network = first_weights(BoxOfficeTransformer, read.arguments, seed)
        return _pretrain(network, read, training, clock)


@dataclass(frozen=True)
class _Read:
    """What training begins with: the rows, as the fitted reader gives them."""

    config: TransformerConfig
    reader: MovieReader
    fields: FieldTable
    train_rows: np.ndarray
    val_rows: np.ndarray
    arguments: Mapping[str, Any]


def _read(
    config: TransformerConfig, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
) -> _Read:
    refuse_leaks(inputs)
    config = training.turn(config)
    train_rows, val_rows = part_rows(target, parts)
    revenue_usd = known_revenue_usd(inputs, target.values)
    reader = MovieReader.fit(inputs, train_rows, revenue_usd, config.fields)
    fields = reader.read(inputs, np.arange(len(target.values)))
    arguments = _arguments(config, reader, fields, target.values[train_rows])
    return _Read(config, reader, fields, train_rows, val_rows, arguments)


def _pretrain(
    network: BoxOfficeTransformer,
    read: _Read,
    training: Training,
    clock: Callable[[], float] | None = None,
) -> Mapping[str, Fitted]:
    network.reader.load_state_dict(read.reader.state_dict())
    return pretrain(
        network, read.fields, read.train_rows, read.val_rows, read.config, training, clock=clock
    )


def loss(said: Tensor, target: Tensor) -> Tensor:
    """Squared error of the mean, plus the likelihood of the deviation around that mean."""
    target = target.to(said)
    off = (said[:, 0] - target).square()
    deviation = (said[:, 1] + 0.5 * off.detach() * torch.exp(-2 * said[:, 1])).mean()
    return off.mean() + 0.1 * deviation


def score(said: Tensor, target: Tensor) -> Mapping[str, float]:
    """Return the root of the mean squared error in log10 dollars."""
    return {"rmse": float((said[:, 0] - target.to(said)).square().mean().sqrt())}


def _streams(config: TransformerConfig, fields: FieldTable) -> list[str]:
    wanted = {"text": config.uses_text, "regions": config.uses_regions}
    extra = [name for name, uses in wanted.items() if uses and name in fields.streams]
    return ["numbers", "owners", "fields", "buckets", *extra]


def _arguments(
    config: TransformerConfig, reader: MovieReader, fields: FieldTable, wanted: np.ndarray
) -> Mapping[str, Any]:
    names = ("width", "layers", "heads", "feedforward", "dropout", "uses_numbers")
    streams = _streams(config, fields)
    widths = {
        name: width_of(fields.streams[name]) if name in streams else 0
        for name in ("text", "regions")
    }
    known = asdict(config)
    return {
        "reader": reader.arguments,
        "text_width": widths["text"],
        "region_width": widths["regions"],
        **{name: known[name] for name in names},
        "mean": float(wanted.mean()),
        "sd": float(wanted.std()) or 1.0,
    }


def _answer(network: BoxOfficeTransformer, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    return as_interval(network.answer(inputs, rows), network.reach.numpy())


TRANSFORMER = NetworkKind(BoxOfficeTransformer, _answer)
