"""ShuffleNetV2 1.0x over clips: the image network with every kernel extended over time.

Source: the units are those of arXiv 1807.11164, figure 3 (c) and (d); the kernels and strides over
time are those of arXiv 1904.02422, the table of 3D-ShuffleNetV2: 3x3x3 wherever the image network
has 3x3; time is halved with space, except in the first convolution.
"""

import re
from collections.abc import Mapping

import torch
from torch import nn

STAGES = ((116, 4), (232, 8), (464, 4))
"""Channels and units of each stage. Source: arXiv 1807.11164, table 5, 1x."""

FIRST_CHANNELS = 24
WIDTH = 1024
"""Channels before the stages and after them. Source: the same."""

N_CLASSES = 600
"""Of the head that the authors trained, on Kinetics-600; it is removed."""

N_PARAMETERS = 1_299_180
"""Without the head; the image network has 1,253,604."""


class ShuffleUnit(nn.Module):
    """A unit that passes half of the channels, convolves the others, and shuffles them."""

    def __init__(self, channels: int):
        super().__init__()
        half = channels // 2
        self.branch = _main_branch(half, half, stride=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Keep the shape (batch, channels, frames, height, width)."""
        passed, convolved = x.chunk(2, dim=1)
        return _shuffle(passed, self.branch(convolved))


class DownUnit(nn.Module):
    """A unit that sends all channels both ways and halves time, height and width."""

    def __init__(self, channels_in: int, channels: int):
        super().__init__()
        half = channels // 2
        self.shortcut = nn.Sequential(
            *_depthwise(channels_in, stride=2), *_pointwise(channels_in, half)
        )
        self.branch = _main_branch(channels_in, half, stride=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Halve (batch, channels_in, t, h, w) to (batch, channels, t / 2, h / 2, w / 2)."""
        return _shuffle(self.shortcut(x), self.branch(x))


class ShuffleNet3d(nn.Module):
    """The network with its head."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(
            nn.Conv3d(3, FIRST_CHANNELS, 3, stride=(1, 2, 2), padding=1, bias=False),
            nn.BatchNorm3d(FIRST_CHANNELS),
            nn.ReLU(inplace=True),
        )
        self.pool = nn.MaxPool3d(3, stride=2, padding=1)
        units: list[nn.Module] = []
        channels_in = FIRST_CHANNELS
        for channels, n_units in STAGES:
            units.append(DownUnit(channels_in, channels))
            units.extend(ShuffleUnit(channels) for _ in range(n_units - 1))
            channels_in = channels
        self.units = nn.Sequential(*units)
        self.last = nn.Sequential(*_pointwise(channels_in, WIDTH))
        self.fc = nn.Linear(WIDTH, N_CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Classify normalised clips (batch, 3, frames, px, px)."""
        x = self.pool(self.first(x))  # (batch, 24, frames / 2, px / 4, px / 4)
        x = self.last(self.units(x))  # (batch, 1024, frames / 16, px / 32, px / 32)
        return self.fc(x.mean(dim=(2, 3, 4)))


_PUBLISHED_NAMES = (
    (re.compile(r"^module\."), ""),  # the authors trained on several devices
    (re.compile(r"^conv1\."), "first."),
    (re.compile(r"^features\.(\d+)\.banch1\."), r"units.\1.shortcut."),
    (re.compile(r"^features\.(\d+)\.banch2\."), r"units.\1.branch."),
    (re.compile(r"^conv_last\."), "last."),
    (re.compile(r"^classifier\.\d+\."), "fc."),
)


def translate_published_names(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return the parameters of the authors' file under our names; ours stay as they are.

    Example:
        >>> list(translate_published_names({"module.features.3.banch2.0.weight": torch.zeros(1)}))
        ['units.3.branch.0.weight']
    """
    translated = {}
    for name, tensor in state.items():
        for theirs, ours in _PUBLISHED_NAMES:
            name = theirs.sub(ours, name)
        translated[name] = tensor
    return translated


def _main_branch(channels_in: int, channels: int, *, stride: int) -> nn.Sequential:
    return nn.Sequential(
        *_pointwise(channels_in, channels),
        *_depthwise(channels, stride=stride),
        *_pointwise(channels, channels),
    )


def _pointwise(channels_in: int, channels: int) -> list[nn.Module]:
    mix = nn.Conv3d(channels_in, channels, 1, bias=False)
    return [mix, nn.BatchNorm3d(channels), nn.ReLU(inplace=True)]


def _depthwise(channels: int, *, stride: int) -> list[nn.Module]:
    each = nn.Conv3d(channels, channels, 3, stride=stride, padding=1, groups=channels, bias=False)
    return [each, nn.BatchNorm3d(channels)]


def _shuffle(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """Interleave the channels of two tensors of one shape."""
    return torch.stack((one, other), dim=2).flatten(1, 2)
