"""Which networks look at pixels: their names and options, without the networks themselves."""

from dataclasses import dataclass

FULL_WIDTH = 64
"""Channels of the first stage of a ResNet or VGG. Source: arXiv 1512.03385, table 1; arXiv
1409.1556, table 1."""

RESNETS = ("resnet18", "resnet50", "wide_resnet50_2")

VGGS = ("vgg16", "vgg19")

DEEP_AND_WIDE = "deep_and_wide"

EFFICIENTNET = "efficientnet_lite0"


@dataclass(frozen=True)
class Trunk:
    """Which network looks at the pixels.

    Attributes:
        name: One of `RESNETS` or `VGGS`, `DEEP_AND_WIDE` or `EFFICIENTNET`.
        width: Channels of its first stage; only at 64 do pretrained weights fit.
        has_tricks, activation: See `pipeline.models.networks.resnets.ResNet`; of ResNets alone.
    """

    name: str = "resnet18"
    width: int = FULL_WIDTH
    has_tricks: bool = False
    activation: str = "relu"
