"""Seed 004's networks: a convolutional network looks at several frames of a trailer."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from pipeline.models.networks.attention_pooling import AttentionPooling
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
    widen_first_convolution,
)
from pipeline.models.networks.resnets import FULL_WIDTH
from pipeline.models.training.batches import take_batch
from pipeline.models.training.estimator import Inputs, NetworkKind, Target, Trained, Training
from pipeline.models.training.fitting import Plan, fit_plan, part_rows
from pipeline.models.training.inference import Output, answer_in_turns
from pipeline.models.training.objectives import make_objective
from pipeline.models.training.pictures import PIXELS, ROW, FrameReader, row_table
from pipeline.models.training.schedule import Schedule

KIND = "frames cnn"

LOOKED_AT = 16
"""Movies scored at a time where nothing is learned."""


@dataclass(frozen=True)
class FramesConfig:
    """How a network over frames is trained.

    The seed names Adam, a step schedule, L2 and both augmentations, and publishes no figures for
    them; those are ours.

    Attributes:
        network: A name in `RESNETS` or `VGGS`.
        n_frames: Frames that are looked at, of the up to 30 that are kept.
        is_shared: Whether one network looks at each frame and attention weighs them; else all
            frames are stacked along the channels of the first convolution.
        width: Channels of the first stage; below 64 no pretrained weights fit.
        input_px: Side of a frame.
        noise: Standard deviation of the noise on training frames, of a colour in [0, 1].
        chooses_anew: Whether each step of training chooses its frames anew.
        shuffles_order: Whether training frames stand in any order.
        loss: "mse" as the seed's text says, or "mae" as its code does.
        batch_size: Movies per step.
        keep_mib: Memory for frames that have been read.
        weights: Where the first weights are from; whoever trains sets it.
        schedule: Learning rate, epochs, patience, seed.

    Source:
        Seed 004, "Training And Results".
    """

    network: str = "resnet18"
    n_frames: int = 15
    is_shared: bool = False
    width: int = FULL_WIDTH
    input_px: int = 224
    noise: float = 0.05
    chooses_anew: bool = True
    shuffles_order: bool = False
    loss: str = "mse"
    batch_size: int = 16
    keep_mib: int = 1024
    weights: str = NO_WEIGHTS
    schedule: Schedule = field(
        default_factory=lambda: Schedule(
            optimizer="adam", learning_rate=1e-4, weight_decay=1e-4, max_epochs=30,
            scheduler="step", step_epochs=10, step_factor=0.3,
        )
    )  # fmt: skip

    @property
    def reads(self) -> tuple[str, ...]:
        """What it looks at."""
        return ("pixels of frames",)

    @property
    def trunk(self) -> Trunk:
        """Which network looks."""
        return Trunk(self.network, self.width)


class FramesNetwork(nn.Module):
    """Frames → (noise) → trunk over all of them, or over each and attention → one linear layer.

    A stack has no empty place: a movie with fewer frames shows them again from the first. The
    shared network masks what is not there.

    Attributes:
        n_frames, is_shared, input_px: How it wants frames.
        output: What its output stands for.
    """

    def __init__(
        self,
        trunk: Trunk,
        output: Output,
        *,
        n_frames: int,
        is_shared: bool,
        input_px: int,
        noise: float = 0.0,
    ):
        super().__init__()
        self.output = output
        self.n_frames = n_frames
        self.is_shared = is_shared
        self.input_px = input_px
        self.noise = noise
        self.normalise = Normalise()
        self.trunk = build_trunk(trunk)
        if not is_shared:
            widen_first_convolution(self.trunk, n_frames)
        self.pool = AttentionPooling(self.trunk.width_out) if is_shared else None
        self.head = nn.Linear(self.trunk.width_out, output.n_answers)

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: `PIXELS`, uint8 (batch, frames, px, px, 3).
            masks: `PIXELS`, bool (batch, frames): which places hold a frame; of a stack all do.

        Returns:
            A number, (batch,), or logits, (batch, outputs).
        """
        pixels, mask = streams[PIXELS], masks[PIXELS]
        features = self._shared(pixels, mask) if self.is_shared else self._stacked(pixels)
        return self.output.scale(self.head(features))

    def _stacked(self, pixels: Tensor) -> Tensor:
        frames = [self._prepare(frame) for frame in pixels.unbind(dim=1)]  # (batch, 3, px, px) each
        return self.trunk(torch.cat(frames, dim=1))  # (batch, width_out)

    def _shared(self, pixels: Tensor, mask: Tensor) -> Tensor:
        features = self.trunk(self._prepare(pixels[mask]))  # (all frames, width_out)
        return self.pool(features, mask)  # (batch, width_out)

    def _prepare(self, pixels: Tensor) -> Tensor:
        planes = to_planes(pixels)
        if self.training and self.noise:
            planes = planes + 255 * self.noise * torch.randn_like(planes)
        return self.normalise(planes)


@dataclass(frozen=True)
class FramesEstimator:
    """One variant of a network over frames.

    Attributes:
        name: In folders and reports.
        config: Its hyperparameters.
        small: Hyperparameters that make it fit for a demonstration.
        load_weights: Where pretrained weights are from; None for from scratch.
    """

    name: str
    config: FramesConfig = field(default_factory=FramesConfig)
    small: Mapping[str, object] = field(default_factory=dict)
    load_weights: LoadWeights | None = None

    def train(
        self, inputs: Inputs, target: Target, parts: np.ndarray, training: Training
    ) -> Trained:
        """Train; see `Estimator.train`. Every movie of train and val must have frames."""
        config = training.turn(self.config)
        weights = find_weights(config.trunk, self.load_weights)
        config = replace(config, weights=label_weights(weights))
        reader = FrameReader(
            inputs, config.n_frames, config.input_px, config.keep_mib,
            is_cycled=not config.is_shared,
            chooses_anew=config.chooses_anew,
            shuffles_order=config.shuffles_order,
        )  # fmt: skip
        plan = Plan(
            kind=KIND,
            build=FRAMES_CNN.build,
            arguments=_arguments(config, Output.of(target, part_rows(target, parts)[0])),
            streams=[ROW],
            config=config,
            objective=partial(make_objective, target, loss=config.loss),
            prepare=lambda network, *_: fill_trunk(network.trunk, weights),
            table=row_table(inputs),
            transform=reader.read_to_learn,
            val_transform=reader.read,
            val_batch=LOOKED_AT,
        )
        return fit_plan(plan, inputs, target, parts, training)


def _arguments(config: FramesConfig, output: Output) -> dict[str, Any]:
    return {
        "trunk": asdict(config.trunk),
        "output": output.as_json(),
        "n_frames": config.n_frames,
        "is_shared": config.is_shared,
        "input_px": config.input_px,
        "noise": config.noise,
    }


def _build(trunk: Mapping[str, Any], output: Mapping[str, Any], **how: Any) -> FramesNetwork:
    return FramesNetwork(Trunk(**trunk), Output.from_json(output), **how)


def _answer(network: FramesNetwork, inputs: Inputs, rows: np.ndarray) -> np.ndarray:
    """Answer rows that have frames; see `pipeline.models.training.pictures.usable_rows`."""
    table = row_table(inputs)
    reader = FrameReader(
        inputs, network.n_frames, network.input_px, is_cycled=not network.is_shared
    )
    return answer_in_turns(
        network, lambda some: reader.read(take_batch(table, [ROW], some)), rows, network.output,
        batch_size=LOOKED_AT,
    )  # fmt: skip


FRAMES_CNN = NetworkKind(_build, _answer)
"""The network as saved models name it."""
