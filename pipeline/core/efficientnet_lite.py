"""EfficientNet-Lite0: a light network for pictures whose trained parameters come in a package."""

import re
from collections.abc import Mapping

import torch
from torch import Tensor, nn

STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
"""Of each stage: kernel, stride of its first block, expansion, channels, blocks. Source: arXiv
1905.11946, table 1; the "lite" ones leave out squeeze-and-excitation and use ReLU6."""

STEM, WIDTH = 32, 1280
"""Channels of the first convolution, and of the last: the length of the embedding."""

EPSILON = 1e-3
"""Of the batch norms, as the parameters were trained."""


class Block(nn.Module):
    """Expand the channels, look at the neighbourhood, project; added to the input where it fits.

    Args:
        channels_in, channels: Channels of input and output.
        kernel: Side of the neighbourhood.
        stride: 1, or 2 to halve the picture.
        expansion: Channels inside, as a multiple of the input's.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        inside = channels_in * expansion
        self.is_residual = stride == 1 and channels_in == channels
        self.expand = _convolution(channels_in, inside, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _convolution(inside, inside, kernel, stride=stride, groups=inside)
        self.project = _convolution(inside, channels, 1, is_linear=True)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels_in, height, width) → (batch, channels, height / stride, …)."""
        y = self.project(self.depthwise(self.expand(x)))
        return x + y if self.is_residual else y


def _convolution(
    channels_in: int,
    channels: int,
    kernel: int,
    *,
    stride: int = 1,
    groups: int = 1,
    is_linear: bool = False,
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(channels_in, channels, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(channels, eps=EPSILON),
        nn.Identity() if is_linear else nn.ReLU6(inplace=True),
    )


class EfficientNetLite0(nn.Module):
    """Normalised pictures, (batch, 3, height, width), to logits of ImageNet's 1,000 classes.

    It sees pictures turned by 180 degrees, with kernels turned as well. The parameters were trained
    in TensorFlow, which pads a picture that is halved at its end; torch pads both sides alike, of
    which only the start is used where the side is even. A turned picture makes the end the start,
    without copies that are larger by a row.

    Source: arXiv 1905.11946; the "lite" edition's changes as its authors published them.

    Attributes:
        width_out: Length of the vector before `classifier`.
    """

    width_out = WIDTH

    def __init__(self):
        super().__init__()
        blocks: list[nn.Module] = []
        channels = STEM
        for kernel, first_stride, expansion, width, repeats in STAGES:
            for repeat in range(repeats):
                stride = 1 if repeat else first_stride
                blocks.append(Block(channels, width, kernel, stride, expansion))
                channels = width
        self.stem = _convolution(3, STEM, 3, stride=2)
        self.blocks = nn.Sequential(*blocks)
        self.last = _convolution(channels, WIDTH, 1)
        self.classifier: nn.Module = nn.Linear(WIDTH, 1000)

    def forward(self, x: Tensor) -> Tensor:
        """Compute logits, or vectors where the classifier was taken off."""
        features = self.last(self.blocks(self.stem(x.flip(2, 3))))
        return self.classifier(features.mean(dim=(2, 3)))


POOLED_STAGES = 5
"""Last stages whose output `EfficientNetLite0Stages` keeps: the first two add nothing."""


class EfficientNetLite0Stages(EfficientNetLite0):
    """The same network, whose vector holds more: also the means over what its last stages see.

    What a poster is painted like is seen by early stages; the last one has seen objects in photos.

    Attributes:
        width_out: Length of the vector, 1280 + 40 + 80 + 112 + 192 + 320; there is no classifier.
    """

    width_out = WIDTH + sum(width for _, _, _, width, _ in STAGES[-POOLED_STAGES:])

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 3, height, width) → (batch, width_out)."""
        x, seen = self.stem(x.flip(2, 3)), list[Tensor]()
        blocks = iter(self.blocks)
        for *_, n_blocks in STAGES:
            for _ in range(n_blocks):
                x = next(blocks)(x)
            seen.append(x)
        kept = [self.last(x), *seen[-POOLED_STAGES:]]
        return torch.cat([one.mean(dim=(2, 3)) for one in kept], dim=1)


_NAMES = (
    (r"^_conv_stem\.", "stem.0."),
    (r"^_bn0\.", "stem.1."),
    (r"^_conv_head\.", "last.0."),
    (r"^_bn1\.", "last.1."),
    (r"^_fc\.", "classifier."),
    (r"^_blocks\.(\d+)\._expand_conv\.", r"blocks.\1.expand.0."),
    (r"^_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.1."),
    (r"^_blocks\.(\d+)\._depthwise_conv\.", r"blocks.\1.depthwise.0."),
    (r"^_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.1."),
    (r"^_blocks\.(\d+)\._project_conv\.", r"blocks.\1.project.0."),
    (r"^_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.1."),
)
"""Published names of parameters, and ours."""


def read_published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return published parameters under the names of `EfficientNetLite0`, with turned kernels."""
    return {
        _rename(name): value.flip(2, 3) if value.ndim == 4 else value
        for name, value in state.items()
    }


def _rename(name: str) -> str:
    for pattern, ours in _NAMES:
        renamed, n_changes = re.subn(pattern, ours, name)
        if n_changes:
            return renamed
    return name
