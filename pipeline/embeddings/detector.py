"""The detector that finds objects on posters: its record, and the network.

What belongs here: torchvision's detector. What does not: what is made of what it finds (see
`pipeline.embeddings.regions`) and finding its weights (see `resources.weights`).
"""

from collections.abc import Mapping

import torch
from torch import nn
from torchvision.models import detection

from pipeline.embeddings.backbones import Backbone, Modality, Origin
from pipeline.embeddings.trunks import build_trunk

DETECTOR = Backbone(
    name="fasterrcnn_resnet50_fpn_v2",
    modality=Modality.IMAGE,
    width=0,
    weights="FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1",
    source="arXiv 2111.11429",
    licence="BSD-3-Clause (torchvision; trained on COCO 2017)",
    origin=Origin.TORCHVISION,
)
"""No encoder, so it is not among `BACKBONES`; its size and normalisation are inside."""

OBJECT_NAMES = tuple(
    name.replace(",", " ")
    for name in detection.FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1.meta["categories"]
)
"""What it knows, by label; label 0 is the background."""

SHORT_SIDE_PX = 800
"""To which it enlarges a poster's shorter side. Source: torchvision's default, as in training."""


def build_detector(
    state: Mapping[str, torch.Tensor] | None,
    *,
    seed: int = 0,
    short_side_px: int = SHORT_SIDE_PX,
    min_confidence: float = 0.05,
) -> nn.Module:
    """Build the detector.

    Args:
        state: Its parameters; None draws them at random: what it then finds has no meaning.
        seed: Of the random ones.
        short_side_px: See `SHORT_SIDE_PX`.
        min_confidence: Less certain objects are dropped inside the network.

    Returns:
        torchvision's network in float32 and evaluation mode.

    Raises:
        WeightsError: `state` does not fit the network.
    """

    def build(weights: None) -> nn.Module:
        return detection.fasterrcnn_resnet50_fpn_v2(
            weights=weights,
            weights_backbone=None,
            min_size=short_side_px,
            box_score_thresh=min_confidence,
        )

    trunk = build_trunk(DETECTOR, build, "", state, seed=seed)
    return trunk.eval().requires_grad_(False)
