"""Seed 003's networks: a convolutional network looks at a poster."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from torch import Tensor, nn

from pipeline.core.image_inputs import Fit
from pipeline.models.networks.pixel_trunks import (
    NO_WEIGHTS,
    LoadWeights,
    Normalise,
    Trunk,
    build_trunk,
    fill_trunk,
    find_weights,
    label_weights,
    to_planes,
)
from pipeline.models.networks.resnets import FULL_WIDTH
from pipeline.models.training.augmentation import Distortion, Distortions
from pipeline.models.training.batches import take_batch
from pipeline.models.training.estimator import Inputs, NetworkKind, Target, Trained, Training
from pipeline.models.training.fitting import Plan, fit_plan, part_rows
from pipeline.models.training.inference import Output, answer_in_turns
from pipeline.models.training.objectives import make_objective
from pipeline.models.training.pictures import PIXELS, ROW, PosterReader, row_table
from pipeline.models.training.schedule import Schedule

KIND = "poster cnn"

LOOKED_AT = 32
"""Posters scored at a time where nothing is learned."""


@dataclass(frozen=True)
class PosterConfig:
    """How a poster network is trained.

    The seed says nothing of batches, rates and epochs; those are ours.

    Attributes:
        network: A name in `RESNETS` or `VGGS`, or "deep_and_wide".
        fit: How a poster becomes a square, a value of `Fit`. A random crop is drawn anew in each
            step of training and is cut in the middle everywhere else.
        has_tricks: Whether the network has the bag of tricks.
        activation: "relu" or "mish".
        width: Channels of the first stage; below 64 no pretrained weights fit.
        input_px: Side of the square.
        is_distorted: Whether training posters are turned, zoomed and recoloured.
        distortions: How far, where they are.
        weigh_classes: Whether rare classes or labels count more, by their share in training.
        batch_size: Posters per step.
        keep_mib: Memory for posters that have been read.
        weights: Where the first weights are from; whoever trains sets it.
        schedule: Learning rate, epochs, patience, seed.

    Source:
        Seed 003.
    """

    network: str = "resnet18"
    fit: str = Fit.PAD.value
    has_tricks: bool = False
    activation: str = "relu"
    width: int = FULL_WIDTH
    input_px: int = 224
    is_distorted: bool = False
    distortions: Distortions = field(default_factory=Distortions)
    weigh_classes: bool = True
    batch_size: int = 32
    keep_mib: int = 512
    weights: str = NO_WEIGHTS
    schedule: Schedule = field(
        default_factory=lambda: Schedule(
            learning_rate=3e-4, max_epochs=30, patience=8, plateau_patience=3
        )
    )

    @property
    def reads(self) -> tuple[str, ...]:
        """What it looks at."""
        return ("pixels of the poster",)

    @property
    def trunk(self) -> Trunk:
        """Which network looks."""
        return Trunk(self.network, self.width, self.has_tricks, self.activation)


class PosterNetwork(nn.Module):
    """Pixels → (distortion) → trunk → one linear layer.

    Attributes:
        fit, input_px: How it wants posters.
        output: What its outputs stand for.
    """

    def __init__(
        self,
        trunk: Trunk,
        output: Output,
        *,
        fit: Fit,
        input_px: int,
        distortions: Distortions | None = None,
    ):
        super().__init__()
        self.output = output
        self.fit = fit
        self.input_px = input_px
        self.distortion = Distortion(distortions) if distortions else nn.Identity()
        self.normalise = Normalise()
        self.trunk = build_trunk(trunk)
        self.head = nn.Linear(self.trunk.width_out, output.n_answers)

    def forward(self, streams: Mapping[str, Tensor], _masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: `PIXELS`, uint8 (batch, px, px, 3).
            _masks: Not looked at: there is no answer without a poster.

        Returns:
            Logits, (batch, outputs), or a number, (batch,).
        """
        planes = self.distortion(to_planes(streams[PIXELS]))  # (batch, 3, px, px)
        features = self.trunk(self.normalise(planes))  # (batch, width_out)
        return self.output.scale(self.head(features))


@dataclass(frozen=True)
class PosterEstimator:
    """One variant of a poster network.

    Attributes:
        name: In folders and reports.
        config: Its hyperparameters.
        small: Hyperparameters that make it fit for a demonstration.
        load_weights: Where pretrained weights are from; None for from scratch.
    """

    name: str
    config: PosterConfig = field(default_factory=PosterConfig)
    small: Mapping[str, object] = field(default_factory=dict)
    load_weights: LoadWeights | None = None

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train; see `Estimator.train`. Every movie of train and val must have a poster."""
        config = training.turn(self.config)
        weights = find_weights(config.trunk, self.load_weights)
        config = replace(config, weights=label_weights(weights))
        reader = PosterReader(inputs, Fit(config.fit), config.input_px, config.keep_mib)
        plan = Plan(
            kind=KIND,
            build=POSTER_CNN.build,
            arguments=_arguments(config, Output.of(target, part_rows(target, parts)[0])),
            streams=[ROW],
            config=config,
            objective=partial(make_objective, target, weigh_classes=config.weigh_classes),
            prepare=lambda network, *_: fill_trunk(network.trunk, weights),
            table=row_table(inputs),
            transform=reader.read_to_learn,
            val_transform=reader.read,
            val_batch=LOOKED_AT,
        )
        return fit_plan(plan, inputs, target, parts, training)


def _arguments(config: PosterConfig, output: Output) -> dict[str, Any]:
    return {
        "trunk": asdict(config.trunk),
        "output": output.as_json(),
        "fit": config.fit,
        "input_px": config.input_px,
        "distortions": asdict(config.distortions) if config.is_distorted else None,
    }


def _build(
    trunk: Mapping[str, Any],
    output: Mapping[str, Any],
    fit: str,
    input_px: int,
    distortions: Mapping[str, Any] | None,
) -> PosterNetwork:
    return PosterNetwork(
        Trunk(**trunk),
        Output.from_json(output),
        fit=Fit(fit),
        input_px=input_px,
        distortions=Distortions(**distortions) if distortions else None,
    )


def _answer(network: PosterNetwork, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """Answer rows that have a poster; see `pipeline.models.training.pictures.usable_rows`."""
    table = row_table(inputs)
    reader = PosterReader(inputs, network.fit, network.input_px)
    return answer_in_turns(
        network, lambda some: reader.read(take_batch(table, [ROW], some)), rows, network.output,
        batch_size=LOOKED_AT,
    )  # fmt: skip


POSTER_CNN = NetworkKind(_build, _answer)
"""The network as saved models name it."""
