"""Clip backbones: the network without its head, and clips as it wants them."""

from collections.abc import Mapping

import torch
from torch import nn
from torchvision.models import video

from pipeline.embeddings.backbones import Backbone
from pipeline.embeddings.image import to_square
from pipeline.embeddings.shufflenet3d import build_shufflenet3d, translate_published_names
from pipeline.embeddings.trunks import PixelNetwork, build_trunk

_BUILDERS = {
    "shufflenet3d": (build_shufflenet3d, "fc"),
    "r2plus1d_18": (video.r2plus1d_18, "fc"),
    "swin3d_t": (video.swin3d_t, "head"),
}
"""Builder and name of the head, by backbone."""


class VideoNetwork(PixelNetwork):
    """A backbone that takes clips as they are stored: uint8 (batch, frames, px, px, 3)."""

    def __init__(self, backbone: Backbone, trunk: nn.Module):
        super().__init__(backbone, trunk, n_dims=3)


def clips_to_square(clips: torch.Tensor, backbone: Backbone) -> torch.Tensor:
    """Bring clips, uint8 (clips, frames, height, width, 3), to the backbone's size."""
    return to_square(clips.flatten(0, 1), backbone).unflatten(0, clips.shape[:2])


def build_video_network(
    backbone: Backbone, state: Mapping[str, torch.Tensor] | None, *, seed: int = 0
) -> VideoNetwork:
    """Build a backbone without its head.

    Args:
        backbone: A row of the table, with modality `VIDEO`.
        state: Its parameters, with or without those of the head; None draws them at random.
        seed: Of the random ones.

    Returns:
        The network in float32 and evaluation mode.

    Raises:
        WeightsError: `state` does not fit the network.
    """
    builder, head = _BUILDERS[backbone.name]
    if state is not None and backbone.name == "shufflenet3d":
        state = translate_published_names(state)
    trunk = build_trunk(backbone, builder, head, state, seed=seed)
    return VideoNetwork(backbone, trunk).eval().requires_grad_(False)
