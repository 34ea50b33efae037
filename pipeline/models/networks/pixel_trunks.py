"""Networks that look at pixels, by name, with pretrained weights where there are any."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from pipeline.core.efficientnet_lite import EfficientNetLite0, read_published
from pipeline.core.errors import TrainingError
from pipeline.core.imagenet import IMAGENET_MEAN, IMAGENET_STD, LITE_MEAN, LITE_STD
from pipeline.models.networks.trunk import (
    DEEP_AND_WIDE,
    EFFICIENTNET,
    FULL_WIDTH,
    RESNETS,
    VGGS,
    Trunk,
)

if TYPE_CHECKING:
    from pipeline.models.networks.resnets import DeepAndWide, ResNet
    from pipeline.models.networks.vggs import Vgg

NO_WEIGHTS = "no pretrained weights"
"""Label of a network that began at random; it stands wherever its results are shown."""


@dataclass(frozen=True)
class Pretrained:
    """Parameters that were trained elsewhere, named as torchvision names them, and their label."""

    state: Mapping[str, Tensor]
    label: str


LoadWeights = Callable[[str], Pretrained | None]
"""Gives the weights of a network by its name ("resnet18", "efficientnet_lite0", ...), or None."""


def build_trunk(trunk: Trunk) -> "ResNet | Vgg | DeepAndWide | EfficientNetLite0":
    """Build a network without its head, with random weights; `width_out` says how wide it ends.

    Raises:
        TrainingError: The name is unknown, or the network has no such option.
    """
    is_changed = trunk.has_tricks or trunk.activation != "relu"
    if trunk.activation not in ("relu", "mish"):
        raise TrainingError(f'expected activation "relu" or "mish", got {trunk.activation!r}')
    if trunk.name == EFFICIENTNET and not is_changed:
        network = EfficientNetLite0()
        network.classifier = nn.Identity()
        return network.to(memory_format=torch.channels_last)
    from pipeline.models.networks.resnets import DeepAndWide, ResNet  # torchvision takes seconds
    from pipeline.models.networks.vggs import Vgg

    if trunk.name in RESNETS:
        network = ResNet(
            trunk.name,
            width=trunk.width,
            has_tricks=trunk.has_tricks,
            activation=trunk.activation,
        )
    elif trunk.name in VGGS and not is_changed:
        network = Vgg(trunk.name, width=trunk.width)
    elif trunk.name == DEEP_AND_WIDE and not is_changed:
        network = DeepAndWide(width=trunk.width)
    else:
        known = ", ".join([*RESNETS, *VGGS, DEEP_AND_WIDE, EFFICIENTNET])
        raise TrainingError(f"expected one of {known} (tricks and Mish: ResNets), got {trunk}")
    return network.to(memory_format=torch.channels_last)


def find_weights(trunk: Trunk, load_weights: LoadWeights | None) -> dict[str, Pretrained]:
    """Load the weights of a trunk; those that are unavailable are left out.

    Returns:
        By the part of the network that they are for, "" for all of it.
    """
    if load_weights is None or (trunk.width != FULL_WIDTH and trunk.name != EFFICIENTNET):
        return {}
    parts = {"": trunk.name}
    if trunk.name == DEEP_AND_WIDE:
        parts = {"deep": "resnet18", "wide": "wide_resnet50_2"}
    found = {part: load_weights(name) for part, name in parts.items()}
    return {part: weights for part, weights in found.items() if weights is not None}


def label_weights(weights: Mapping[str, Pretrained]) -> str:
    """Describe where a trunk's weights are from; it stands wherever its results are shown."""
    return " + ".join(
        f"{part}: {of.label}" if part else of.label for part, of in weights.items()
    ) or NO_WEIGHTS  # fmt: skip


def fill_trunk(network: nn.Module, weights: Mapping[str, Pretrained]) -> tuple[str, ...]:
    """Put pretrained weights into a trunk as far as they fit.

    A first convolution over several pictures gets the pretrained one as `inflate` shares it out.

    Args:
        network: From `build_trunk`; what is new in it keeps its random weights.
        weights: From `find_weights`.

    Returns:
        The layers that are new.

    Raises:
        TrainingError: The weights are of another network.
    """
    new: list[str] = []
    for part, pretrained in weights.items():
        inner = network.get_submodule(part)
        own, state = inner.state_dict(), pretrained.state
        if isinstance(inner, EfficientNetLite0):
            state = read_published(state)
        fitting = {
            key: inflate(value, own[key].shape[1]) if value.ndim == 4 else value
            for key, value in state.items()
            if key in own and _fits(value, own[key])
        }
        if not any(key.startswith(("layer4.", "features.", "last.")) for key in fitting):
            raise TrainingError(f"the weights {pretrained.label} are those of another network")
        inner.load_state_dict(fitting, strict=False)
        new += sorted({key.rsplit(".", 1)[0] for key in own if key not in fitting})
    return tuple(new)


def _fits(value: Tensor, own: Tensor) -> bool:
    if value.ndim == own.ndim == 4 and value.shape[1] == 3:
        return value.shape[::2] == own.shape[::2] and own.shape[1] % 3 == 0
    return value.shape == own.shape


def inflate(weight: Tensor, channels: int) -> Tensor:
    """Share a convolution out over pictures that are stacked along their channels.

    It is repeated for each picture and divided by their number: pictures that are all the same
    give the answer of the single one, so pretrained weights keep their meaning.

    Args:
        weight: (out, in, height, width).
        channels: A multiple of `in`.
    """
    times = channels // weight.shape[1]
    return weight.repeat(1, times, 1, 1) / times


def widen_first_convolution(network: nn.Module, n_pictures: int) -> None:
    """Let a trunk look at several pictures stacked along their channels; see `inflate`.

    Args:
        network: With a first, square convolution of 3 channels; changed in place.
        n_pictures: The new convolution takes 3 · n_pictures channels.
    """
    name, old = next(
        (name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d)
    )
    new = nn.Conv2d(
        old.in_channels * n_pictures,
        old.out_channels,
        old.kernel_size[0],
        old.stride[0],
        old.padding if isinstance(old.padding, str) else old.padding[0],
        bias=old.bias is not None,
        dtype=old.weight.dtype,
    )
    with torch.no_grad():
        new.weight.copy_(inflate(old.weight, new.in_channels))
        if old.bias is not None and new.bias is not None:
            new.bias.copy_(old.bias)
    network.set_submodule(name, new.to(memory_format=torch.channels_last))


class Normalise(nn.Module):
    """Colours from 0 to 255 to what networks are trained on.

    Args:
        trunk: Name of the network.
    """

    scale: Tensor
    shift: Tensor

    def __init__(self, trunk: str):
        super().__init__()
        is_lite = trunk == EFFICIENTNET
        scale = 1.0 / torch.tensor(LITE_STD if is_lite else IMAGENET_STD)
        self.register_buffer("scale", (scale / 255.0).view(3, 1, 1), persistent=False)
        shift = -torch.tensor(LITE_MEAN if is_lite else IMAGENET_MEAN) * scale
        self.register_buffer("shift", shift.view(3, 1, 1), persistent=False)

    def forward(self, planes: Tensor) -> Tensor:
        """Normalise float32 (…, 3, px, px)."""
        return torch.addcmul(self.shift, planes, self.scale)


def to_planes(pixels: Tensor) -> Tensor:
    """Turn pixels as they are stored, uint8 (batch, px, px, 3), into float32 (batch, 3, px, px)."""
    return pixels.movedim(-1, 1).float()  # channels last in memory, as convolutions like it
