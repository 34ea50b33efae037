"""Image backbones: the network without its head, and pictures as it wants them."""

from collections.abc import Mapping

import torch
import torchvision
from torch import nn
from torchvision.transforms import functional

from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.clip import build_clip_image_trunk
from pipeline.embeddings.trunks import PixelNetwork, build_trunk

_BUILDERS = {
    "shufflenet": (torchvision.models.shufflenet_v2_x1_0, "fc"),
    "resnet18": (torchvision.models.resnet18, "fc"),
    "resnet50": (torchvision.models.resnet50, "fc"),
    "vgg16": (torchvision.models.vgg16, "classifier.6"),
    "vgg19": (torchvision.models.vgg19, "classifier.6"),
    "swin_t": (torchvision.models.swin_t, "head"),
    "clip_image": (build_clip_image_trunk, ""),
}
"""Builder and name of the head, by backbone."""

_INTERPOLATION = {
    "bilinear": functional.InterpolationMode.BILINEAR,
    "bicubic": functional.InterpolationMode.BICUBIC,
}


class ImageNetwork(PixelNetwork):
    """A backbone that takes pictures as they are stored: uint8 (batch, px, px, 3)."""

    def __init__(self, backbone: Backbone, trunk: nn.Module):
        super().__init__(backbone, trunk, n_dims=2)


def to_square(pictures: torch.Tensor, backbone: Backbone) -> torch.Tensor:
    """Bring pictures of another size to the backbone's.

    Args:
        pictures: uint8 RGB, shape (pictures, height, width, 3).
        backbone: Says the side of the square and the interpolation.

    Returns:
        uint8, shape (pictures, input_px, input_px, 3); the same tensor where the size is right.
    """
    side = [backbone.input_px, backbone.input_px]
    if list(pictures.shape[1:3]) == side:
        return pictures
    scaled = functional.resize(
        pictures.permute(0, 3, 1, 2),
        side,
        interpolation=_INTERPOLATION[backbone.interpolation],
        antialias=True,
    )
    return scaled.permute(0, 2, 3, 1)


def build_image_network(
    backbone: Backbone, state: Mapping[str, torch.Tensor] | None, *, seed: int = 0
) -> ImageNetwork:
    """Build a backbone without its head.

    Args:
        backbone: A row of the table, with modality `IMAGE`.
        state: Its parameters, with or without those of the head; None draws them at random.
        seed: Of the random ones.

    Returns:
        The network in float32 and evaluation mode.

    Raises:
        WeightsError: `state` does not fit the network.
    """
    builder, head = _BUILDERS[backbone.name]
    return wrap_image_trunk(backbone, build_trunk(backbone, builder, head, state, seed=seed))


def wrap_image_trunk(backbone: Backbone, trunk: nn.Module) -> ImageNetwork:
    """Put the backbone's normalisation before a trunk, in evaluation mode."""
    return ImageNetwork(backbone, trunk).eval().requires_grad_(False)
