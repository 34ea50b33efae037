"""Reference implementation 004: a convolutional network looks at several frames of a trailer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from pipeline.models.estimators.pixel_estimator import PixelEstimator, PixelNetwork
from pipeline.models.networks.pixel_trunks import (
    NO_WEIGHTS,
    to_planes,
    widen_first_convolution,
)
from pipeline.models.networks.sequences import AttentionPooling
from pipeline.models.networks.trunk import FULL_WIDTH, Trunk
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.pictures import PIXELS, FrameReader
from pipeline.models.training.schedule import Schedule


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
        Reference implementation 004, "Training And Results".
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


class FramesNetwork(PixelNetwork):
    """Frames → (noise) → trunk over all of them, or over each and attention → one linear layer.

    A stack has no empty place: a movie with fewer frames shows them again from the first. The
    shared network masks what is not there. Arguments: see `FramesConfig`.
    """

    VAL_BATCH = 16

    def __init__(
        self,
        trunk: Mapping[str, Any],
        output: Mapping[str, Any],
        n_frames: int,
        is_shared: bool,
        input_px: int,
        noise: float = 0.0,
    ):
        super().__init__(trunk, output, input_px)
        self.n_frames = n_frames
        self.noise = noise
        if not is_shared:
            widen_first_convolution(self.trunk, n_frames)
        self.pool = AttentionPooling(self.trunk.width_out) if is_shared else None
        self.head = nn.Linear(self.trunk.width_out, self.output.n_answers)

    def forward(self, streams: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> Tensor:
        """Score a batch.

        Args:
            streams: `PIXELS`, uint8 (batch, frames, px, px, 3).
            masks: `PIXELS`, bool (batch, frames): which places hold a frame; of a stack all do.

        Returns:
            A number, (batch,), or logits, (batch, outputs).
        """
        pixels, mask = streams[PIXELS], masks[PIXELS]
        if self.pool is None:
            frames = [self._prepare(frame) for frame in pixels.unbind(dim=1)]
            features = self.trunk(torch.cat(frames, dim=1))  # (batch, width_out)
        else:
            features = self.trunk(self._prepare(pixels[mask]))  # (all frames, width_out)
            features = self.pool(features, mask)  # (batch, width_out)
        return self.output.scale(self.head(features))

    def open_reader(self, features: FeatureSet) -> FrameReader:
        """Return what reads frames spread evenly over the trailer."""
        is_cycled = self.pool is None
        return FrameReader(features, self.n_frames, self.input_px, is_cycled=is_cycled)

    def _prepare(self, pixels: Tensor) -> Tensor:
        planes = to_planes(pixels)  # (batch, 3, px, px)
        if self.training and self.noise:
            planes = planes + 255 * self.noise * torch.randn_like(planes)
        return self.normalise(planes)


@dataclass(frozen=True)
class FramesEstimator(PixelEstimator[FramesConfig]):
    """One variant of a network over frames; see `PixelEstimator`."""

    KIND: ClassVar[str] = "frames cnn"
    NETWORK: ClassVar[type[PixelNetwork]] = FramesNetwork
    OPTIONS: ClassVar[tuple[str, ...]] = ("loss",)

    config: FramesConfig = field(default_factory=FramesConfig)

    def open_reader(self, config: FramesConfig, features: FeatureSet) -> FrameReader:
        """Return what reads the frames to learn from."""
        return FrameReader(
            features, config.n_frames, config.input_px, config.keep_mib,
            is_cycled=not config.is_shared,
            chooses_anew=config.chooses_anew,
            shuffles_order=config.shuffles_order,
        )  # fmt: skip

    def arguments(self, config: FramesConfig) -> dict[str, Any]:
        """Return the network's own arguments."""
        names = ("n_frames", "is_shared", "input_px", "noise")
        return {name: getattr(config, name) for name in names}
