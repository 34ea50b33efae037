"""CLIP's picture side as one trunk: pixels in, a vector in the space that texts share out."""

import torch
from torch import nn
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection


class ClipImageTrunk(nn.Module):
    """CLIP's picture encoder; its answer is the projection, not scaled to length 1."""

    def __init__(self, model: CLIPVisionModelWithProjection):
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embed normalised pictures (batch, 3, px, px) → (batch, width)."""
        return self.model(pixel_values=x).image_embeds


def build_clip_image_trunk(weights: None = None) -> ClipImageTrunk:  # noqa: ARG001 - as torchvision
    """Build ViT-B/32 with random parameters; transformers' defaults are its dimensions."""
    return ClipImageTrunk(CLIPVisionModelWithProjection(CLIPVisionConfig()))
