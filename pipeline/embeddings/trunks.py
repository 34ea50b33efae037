"""A convolutional or windowed network without its head, with given parameters or drawn ones."""

from collections.abc import Callable, Mapping

import torch
from torch import nn
from torchvision.models import resnet
from torchvision.models.video import resnet as video_resnet

from pipeline.core.errors import WeightsError
from pipeline.embeddings.backbones import Backbone


class PixelNetwork(nn.Module):
    """A trunk that takes pixels as they are stored: uint8, channels last.

    Args:
        backbone: Its row of the table; says the normalisation.
        trunk: The network without its head.
        n_dims: Dimensions of one item without its channels: 2 of a picture, 3 of a clip.
    """

    def __init__(self, backbone: Backbone, trunk: nn.Module, n_dims: int):
        super().__init__()
        layout = torch.channels_last if n_dims == 2 else torch.channels_last_3d
        self.trunk = trunk.to(memory_format=layout)
        shape = (3, *[1] * n_dims)
        scale = 1.0 / torch.tensor(backbone.std)
        self.register_buffer("scale", (scale / 255.0).view(shape), persistent=False)
        shift = -torch.tensor(backbone.mean) * scale
        self.register_buffer("shift", shift.view(shape), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed items of the backbone's size: uint8 (batch, …, px, px, 3) → (batch, width)."""
        x = pixels.movedim(-1, 1)  # (batch, 3, …, px, px), channels last in memory
        return self.trunk(torch.addcmul(self.shift, x.float(), self.scale))


def build_trunk(
    backbone: Backbone,
    builder: Callable[..., nn.Module],
    head: str,
    state: Mapping[str, torch.Tensor] | None,
    *,
    seed: int,
) -> nn.Module:
    """Build a network, take off its head and give it parameters.

    Args:
        backbone: Its row of the table, for messages.
        builder: Gives the network with its head, with parameters of no meaning.
        head: Name of the layer that is the head; "" where there is none.
        state: Parameters, with or without those of the head; None draws them at random.
        seed: Of the random ones; torch's own generator is left alone.

    Raises:
        WeightsError: `state` does not fit the network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trunk = builder(weights=None)
        if head:
            trunk.set_submodule(head, nn.Identity())
        if state is None:
            _draw_parameters(trunk)
    if state is not None:
        _load(backbone, trunk, _without(state, head))
    return trunk


def _without(state: Mapping[str, torch.Tensor], head: str) -> dict[str, torch.Tensor]:
    return {k: v for k, v in state.items() if not head or not k.startswith(f"{head}.")}


def _load(backbone: Backbone, trunk: nn.Module, state: dict[str, torch.Tensor]) -> None:
    try:
        trunk.load_state_dict(state, strict=True)
    except RuntimeError as err:
        first_lines = " ".join(str(err).split())[:300]
        raise WeightsError(
            f"the weights given for backbone {backbone.name} are not those of "
            f"{backbone.weights}: {first_lines}"
        ) from err


def _draw_parameters(trunk: nn.Module) -> None:
    """Draw convolutions so that features neither die out nor explode without training.

    He's initialisation keeps the variance through rectified layers; residual branches are
    halved, because sixteen of them add up. torchvision's own leaves ShuffleNet's features
    at 1e-6.
    """
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            kind = "linear" if module.groups > 1 else "relu"
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity=kind)
        if isinstance(module, resnet.Bottleneck):
            nn.init.constant_(module.bn3.weight, 0.5)
        if isinstance(module, resnet.BasicBlock):
            nn.init.constant_(module.bn2.weight, 0.5)
        if isinstance(module, video_resnet.BasicBlock):
            nn.init.constant_(module.conv2[1].weight, 0.5)
