"""Pictures changed at random while a network learns, on the device that it learns on."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

CENTRE_SHARE = 224 / 256
"""Only the middle is looked at, also where nothing is learned. Source: reference implementation
003, "CenterCrop"."""

ASPECT = (3 / 4, 4 / 3)
"""Narrowest and widest cut. Source: torchvision's `RandomResizedCrop`."""

RED, GREEN, BLUE = 0.299, 0.587, 0.114
"""Share of each in a grey. Source: ITU-R BT.601."""


@dataclass(frozen=True)
class Distortions:
    """How far pictures are changed; defaults are reference implementation 003's, but for two.

    The seed's `ColorJitter()` changes nothing, since its arguments are all left at 0: here it does.
    The seed mirrors pictures, and with them the letters of a title: here only where asked for.

    Attributes:
        rotation_deg: Turned by up to so much either way.
        min_area: Smallest share of the picture that is cut out.
        colour_jitter: Brightness, contrast and saturation are multiplied by up to so much more or
            less than 1.
        has_mirrors: Whether half of the pictures are mirrored.

    Source:
        Reference implementation 003, "Data augmentation".
    """

    rotation_deg: float = 15.0
    min_area: float = 0.8
    colour_jitter: float = 0.2
    has_mirrors: bool = False


class Distortion(nn.Module):
    """Distorts in training; else it cuts the middle out, as the seed does.

    All chance comes from torch's generator, which the loop seeds for each step.
    """

    def __init__(self, distortions: Distortions):
        super().__init__()
        self.distortions = distortions

    def forward(self, planes: Tensor) -> Tensor:
        """Change float32 (batch, 3, px, px), colours from 0 to 255, to the same shape."""
        moved = F.grid_sample(
            planes,
            F.affine_grid(self._placements(planes), list(planes.shape), align_corners=False),
            align_corners=False,
        )
        if not self.training or not self.distortions.colour_jitter:
            return moved
        return self._recolour(moved)

    def _placements(self, planes: Tensor) -> Tensor:
        """Return where each pixel of the result lies in the picture: affine, (batch, 2, 3)."""
        n, how = len(planes), self.distortions
        if not self.training:
            still = torch.tensor([[CENTRE_SHARE, 0, 0], [0, CENTRE_SHARE, 0]])
            return still.to(planes).expand(n, -1, -1)
        area, aspect, turn, x, y, mirror = torch.rand(6, n, device=planes.device)
        area = how.min_area + (1 - how.min_area) * area
        narrow, wide = (math.log(ratio) for ratio in ASPECT)
        ratio = torch.exp(narrow + (wide - narrow) * aspect).sqrt()
        width = (area.sqrt() * ratio).clamp(max=1)
        height = (area.sqrt() / ratio).clamp(max=1)
        angle = (2 * turn - 1) * math.radians(how.rotation_deg)
        side = torch.where(mirror < 0.5, -1.0, 1.0) if how.has_mirrors else torch.ones_like(mirror)
        cos, sin = CENTRE_SHARE * angle.cos(), CENTRE_SHARE * angle.sin()
        across = torch.stack([width * cos * side, -width * sin, (1 - width) * (2 * x - 1)], dim=1)
        down = torch.stack([height * sin * side, height * cos, (1 - height) * (2 * y - 1)], dim=1)
        return torch.stack([across, down], dim=1)  # (batch, 2, 3)

    def _recolour(self, planes: Tensor) -> Tensor:
        jitter = self.distortions.colour_jitter
        factors = 1 + jitter * (2 * torch.rand(3, len(planes), 1, 1, 1, device=planes.device) - 1)
        brightness, contrast, saturation = factors
        planes = planes * brightness
        grey = (planes * planes.new_tensor([RED, GREEN, BLUE]).view(3, 1, 1)).sum(1, keepdim=True)
        mean = grey.mean(dim=(2, 3), keepdim=True)
        planes = mean + contrast * (grey + saturation * (planes - grey) - mean)
        return planes.clamp(0, 255)
