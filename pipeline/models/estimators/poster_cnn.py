"""Reference implementation 003's networks: a convolutional network looks at a poster."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from torch import Tensor, nn

from pipeline.core.image_inputs import Fit
from pipeline.models.estimators.pixel_estimator import PixelEstimator, PixelNetwork
from pipeline.models.networks.pixel_trunks import NO_WEIGHTS, to_planes
from pipeline.models.networks.trunk import FULL_WIDTH, Trunk
from pipeline.models.training.augmentation import Distortion, Distortions
from pipeline.models.training.estimator import FeatureSet
from pipeline.models.training.pictures import PIXELS, PosterReader
from pipeline.models.training.schedule import Schedule


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
        Reference implementation 003.
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


class PosterNetwork(PixelNetwork):
    """Pixels → (distortion) → trunk → one linear layer; see `PosterConfig`."""

    VAL_BATCH = 32

    def __init__(
        self,
        trunk: Mapping[str, Any],
        output: Mapping[str, Any],
        fit: str,
        input_px: int,
        distortions: Mapping[str, Any] | None,
    ):
        super().__init__(trunk, output, input_px)
        self.fit = Fit(fit)
        self.distortion = Distortion(Distortions(**distortions)) if distortions else nn.Identity()
        self.head = nn.Linear(self.trunk.width_out, self.output.n_answers)

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

    def open_reader(self, features: FeatureSet) -> PosterReader:
        """Return what reads posters as squares."""
        return PosterReader(features, self.fit, self.input_px)


@dataclass(frozen=True)
class PosterEstimator(PixelEstimator[PosterConfig]):
    """One variant of a poster network; see `PixelEstimator`."""

    KIND: ClassVar[str] = "poster cnn"
    NETWORK: ClassVar[type[PixelNetwork]] = PosterNetwork
    OPTIONS: ClassVar[tuple[str, ...]] = ("weigh_classes",)

    config: PosterConfig = field(default_factory=PosterConfig)

    def open_reader(self, config: PosterConfig, features: FeatureSet) -> PosterReader:
        """Return what reads the posters to learn from."""
        return PosterReader(features, Fit(config.fit), config.input_px, config.keep_mib)

    def arguments(self, config: PosterConfig) -> dict[str, Any]:
        """Return the network's own arguments."""
        distortions = asdict(config.distortions) if config.is_distorted else None
        return {"fit": config.fit, "input_px": config.input_px, "distortions": distortions}
