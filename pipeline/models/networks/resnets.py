"""ResNets that are trained here: of any width, with the bag of tricks, with Mish."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck, conv1x1, conv3x3

from pipeline.models.networks.trunk import FULL_WIDTH


@dataclass(frozen=True)
class ResNetPlan:
    """How a ResNet is stacked: its block, blocks per stage, and the width inside a bottleneck."""

    block: type[BasicBlock | Bottleneck]
    blocks: tuple[int, int, int, int]
    base_width: int = FULL_WIDTH


_PLANS = {
    "resnet18": ResNetPlan(BasicBlock, (2, 2, 2, 2)),
    "resnet50": ResNetPlan(Bottleneck, (3, 4, 6, 3)),
    "wide_resnet50_2": ResNetPlan(Bottleneck, (3, 4, 6, 3), base_width=2 * FULL_WIDTH),
}
"""Source: arXiv 1512.03385, table 1; arXiv 1605.07146 for the wide one, as torchvision has it."""


class ResNet(nn.Module):
    """A ResNet without its head: (batch, 3, px, px) to (batch, width_out).

    Args:
        name: One of `pipeline.models.networks.trunk.RESNETS`.
        width: Channels of the first stage; 64 is the published network.
        has_tricks: A stem of three 3×3 convolutions (ResNet-C) and shortcuts that average before
            they are projected, so that no activation is thrown away (ResNet-D). ResNet-B, the
            stride on the 3×3 instead of the 1×1 convolution, is how torchvision's bottlenecks
            already are; ResNet18's blocks have no 1×1.
        activation: "relu" or "mish", everywhere.

    Source:
        arXiv 1812.01187, section 4.2, figure 2; arXiv 1908.08681 (Mish).
    """

    def __init__(
        self,
        name: str,
        *,
        width: int = FULL_WIDTH,
        has_tricks: bool = False,
        activation: str = "relu",
    ):
        super().__init__()
        self.plan = _PLANS[name]
        self.has_tricks = has_tricks
        self.channels = width  # what the next block gets
        self.conv1 = _deep_stem(width) if has_tricks else nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._stack(width, self.plan.blocks[0], stride=1)
        self.layer2 = self._stack(2 * width, self.plan.blocks[1], stride=2)
        self.layer3 = self._stack(4 * width, self.plan.blocks[2], stride=2)
        self.layer4 = self._stack(8 * width, self.plan.blocks[3], stride=2)
        self.width_out = self.channels
        _initialise(self)
        if activation == "mish":
            _use_mish(self)

    def _stack(self, planes: int, blocks: int, stride: int) -> nn.Sequential:
        block, base_width = self.plan.block, self.plan.base_width
        shortcut = None
        if stride != 1 or self.channels != planes * block.expansion:
            shortcut = self._shortcut(planes * block.expansion, stride)
        stages = [block(self.channels, planes, stride, shortcut, base_width=base_width)]
        self.channels = planes * block.expansion
        stages += [block(self.channels, planes, base_width=base_width) for _ in range(blocks - 1)]
        return nn.Sequential(*stages)

    def _shortcut(self, channels_out: int, stride: int) -> nn.Sequential:
        layers: list[tuple[str, nn.Module]] = []
        if self.has_tricks and stride != 1:
            # "pool" beside torchvision's "0" and "1": so its weights still find their places
            layers.append(("pool", nn.AvgPool2d(stride, ceil_mode=True, count_include_pad=False)))
            stride = 1
        layers += [
            ("0", conv1x1(self.channels, channels_out, stride)),
            ("1", nn.BatchNorm2d(channels_out)),
        ]
        return nn.Sequential(OrderedDict(layers))

    def features(self, pictures: Tensor) -> Tensor:
        """Return the last map, (batch, width_out, px / 32, px / 32)."""
        x = self.relu(self.bn1(self.conv1(pictures)))  # (batch, width, px / 2, px / 2)
        x = self.layer1(self.maxpool(x))  # (batch, ·, px / 4, px / 4)
        return self.layer4(self.layer3(self.layer2(x)))  # (batch, width_out, px / 32, px / 32)

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed normalised pictures."""
        return self.features(pictures).mean(dim=(2, 3))  # (batch, width_out)


def _deep_stem(width: int) -> nn.Sequential:
    """Three 3×3 convolutions in the place of one of 7×7; the first has the stride."""
    half = width // 2
    return nn.Sequential(
        conv3x3(3, half, stride=2),
        nn.BatchNorm2d(half),
        nn.ReLU(inplace=True),
        conv3x3(half, half),
        nn.BatchNorm2d(half),
        nn.ReLU(inplace=True),
        conv3x3(half, width),
    )


def _initialise(network: nn.Module) -> None:
    """Draw convolutions as torchvision does."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def _use_mish(network: nn.Module) -> None:
    names = [name for name, module in network.named_modules() if isinstance(module, nn.ReLU)]
    for name in names:
        network.set_submodule(name, nn.Mish(inplace=True))


class DeepAndWide(nn.Module):
    """A ResNet18 and a wide ResNet side by side, their last maps joined by a convolution.

    Each looks through a 3×3 convolution, batch normalisation and ReLU of its own. Of the sizes the
    seed says nothing: the first convolution keeps three channels, so that pretrained networks still
    see a picture, and the last one gives as many as ResNet18 has.

    Source:
        Reference implementation 003, "Homemade deep and wide ResNet".
    """

    def __init__(self, *, width: int = FULL_WIDTH):
        super().__init__()
        self.deep = ResNet("resnet18", width=width)
        self.wide = ResNet("wide_resnet50_2", width=width)
        self.before_deep, self.before_wide = (_convolve(3, 3) for _ in range(2))
        self.width_out = self.deep.width_out
        self.join = _convolve(self.deep.width_out + self.wide.width_out, self.width_out)

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed normalised pictures, (batch, 3, px, px) to (batch, width_out)."""
        deep = self.deep.features(self.before_deep(pictures))  # (batch, 512, px / 32, px / 32)
        wide = self.wide.features(self.before_wide(pictures))  # (batch, 2048, px / 32, px / 32)
        joined = self.join(torch.cat([deep, wide], dim=1))  # (batch, 512, px / 32, px / 32)
        return joined.mean(dim=(2, 3))  # (batch, 512)


def _convolve(channels_in: int, channels_out: int) -> nn.Sequential:
    layers = nn.Sequential(
        conv3x3(channels_in, channels_out), nn.BatchNorm2d(channels_out), nn.ReLU(inplace=True)
    )
    _initialise(layers)
    return layers
