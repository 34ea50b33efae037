"""Networks that look at pixels, by name, with pretrained weights where there are any.

What belongs here: building, filling and widening them, and what pixels go through before. What does
not: finding weights (whoever trains brings `LoadWeights`), heads and training.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.errors import TrainingError
from pipeline.imagenet import IMAGENET_MEAN, IMAGENET_STD
from pipeline.models.resnets import FULL_WIDTH, RESNETS, DeepAndWide, ResNet
from pipeline.models.vggs import VGGS, Vgg

NO_WEIGHTS = "no pretrained weights"
"""Label of a network that began at random; it stands wherever its results are shown."""

DEEP_AND_WIDE = "deep_and_wide"


@dataclass(frozen=True)
class Pretrained:
    """Parameters that were trained elsewhere, named as torchvision names them, and their label."""

    state: Mapping[str, Tensor]
    label: str


LoadWeights = Callable[[str], Pretrained | None]
"""Gives the weights of "resnet18", "resnet50", "wide_resnet50_2", "vgg16" or "vgg19", or None."""


@dataclass(frozen=True)
class Trunk:
    """Which network looks at the pixels.

    Attributes:
        name: A name in `RESNETS` or `VGGS`, or `DEEP_AND_WIDE`.
        width: Channels of its first stage; only at 64 do pretrained weights fit.
        has_tricks, activation: See `ResNet`; of ResNets alone.
    """

    name: str = "resnet18"
    width: int = FULL_WIDTH
    has_tricks: bool = False
    activation: str = "relu"


def build_trunk(trunk: Trunk) -> nn.Module:
    """Build a network without its head, with random weights; `width_out` says how wide it ends.

    Raises:
        TrainingError: The name is unknown, or the network has no such option.
    """
    is_changed = trunk.has_tricks or trunk.activation != "relu"
    if trunk.activation not in ("relu", "mish"):
        raise TrainingError(f'wanted activation "relu" or "mish", came {trunk.activation!r}')
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
        known = ", ".join([*RESNETS, *VGGS, DEEP_AND_WIDE])
        raise TrainingError(f"wanted one of {known} (tricks and Mish: ResNets), came {trunk}")
    return network.to(memory_format=torch.channels_last)


def fill_trunk(network: nn.Module, trunk: Trunk, load_weights: LoadWeights | None) -> str:
    """Put pretrained weights into a trunk as far as they fit; what is new keeps its random ones.

    Returns:
        Where the weights are from, or `NO_WEIGHTS`; it says where only a part is.

    Raises:
        TrainingError: The weights are of another network.
    """
    if load_weights is None or trunk.width != FULL_WIDTH:
        return NO_WEIGHTS
    parts = {"": trunk.name}
    if trunk.name == DEEP_AND_WIDE:
        parts = {"deep": "resnet18", "wide": "wide_resnet50_2"}
    labels = [_fill(network.get_submodule(at), name, load_weights) for at, name in parts.items()]
    return NO_WEIGHTS if set(labels) == {NO_WEIGHTS} else " + ".join(labels)


def _fill(network: nn.Module, name: str, load_weights: LoadWeights) -> str:
    pretrained = load_weights(name)
    if pretrained is None:
        return NO_WEIGHTS
    own = network.state_dict()
    fitting = {
        key: value
        for key, value in pretrained.state.items()
        if key in own and own[key].shape == value.shape
    }
    if not any(key.startswith(("layer4.", "features.")) for key in fitting):
        raise TrainingError(f"the weights of {pretrained.label} are not those of {name}")
    network.load_state_dict(fitting, strict=False)
    new = sorted({key.rsplit(".", 1)[0] for key in own if key not in fitting})
    return pretrained.label if not new else f"{pretrained.label}, new: {', '.join(new)}"


def widen_first_convolution(network: nn.Module, n_pictures: int) -> None:
    """Let a trunk look at several pictures stacked along their channels.

    The first convolution is repeated for each picture and divided by their number: pictures that
    are all the same give the answer of the single one, so pretrained weights keep their meaning.

    Args:
        network: With a first convolution of 3 channels; changed in place.
        n_pictures: The new convolution takes 3 · n_pictures channels.
    """
    name, old = next(
        (name, module) for name, module in network.named_modules() if isinstance(module, nn.Conv2d)
    )
    new = nn.Conv2d(
        old.in_channels * n_pictures,
        old.out_channels,
        old.kernel_size,
        old.stride,
        old.padding,
        bias=old.bias is not None,
        dtype=old.weight.dtype,
    )
    with torch.no_grad():
        new.weight.copy_(old.weight.repeat(1, n_pictures, 1, 1) / n_pictures)
        if old.bias is not None:
            new.bias.copy_(old.bias)
    network.set_submodule(name, new.to(memory_format=torch.channels_last))


class Normalise(nn.Module):
    """Pixels as they are stored to what networks are trained on."""

    def __init__(self):
        super().__init__()
        scale = 1.0 / torch.tensor(IMAGENET_STD)
        self.register_buffer("scale", (scale / 255.0).view(3, 1, 1), persistent=False)
        shift = -torch.tensor(IMAGENET_MEAN) * scale
        self.register_buffer("shift", shift.view(3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Normalise uint8 (batch, px, px, 3) to float32 (batch, 3, px, px), channels last."""
        return torch.addcmul(self.shift, pixels.movedim(-1, 1).float(), self.scale)
