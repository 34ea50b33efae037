"""Detectors of objects on posters: their table, and their networks."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import nn
from torchvision.models import detection

from pipeline.embeddings.backbones import Backbone, Modality, Origin
from pipeline.embeddings.pixel_networks import build_trunk

DETECTOR = Backbone(
    name="fasterrcnn_resnet50_fpn_v2",
    modality=Modality.IMAGE,
    width=0,
    weights="FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1",
    source="arXiv 2111.11429",
    licence="BSD-3-Clause (torchvision; trained on COCO 2017)",
    origin=Origin.TORCHVISION,
)
"""It is no encoder, so it is not in `BACKBONES`; its size and normalisation are inside."""

SMALL_DETECTOR = replace(
    DETECTOR,
    name="fasterrcnn_mobilenet_v3_large_320_fpn",
    weights="FasterRCNN_MobileNet_V3_Large_320_FPN_Weights.COCO_V1",
    source="arXiv 1506.01497 over arXiv 1905.02244, as torchvision trained it",
)
"""Detects less (box mAP 22.8 for 46.7, torchvision's record) in a hundredth of the arithmetic."""

DETECTORS = {detector.name: detector for detector in (DETECTOR, SMALL_DETECTOR)}
"""All detectors by name."""

OBJECT_NAMES = tuple(
    name.replace(",", " ")
    for name in detection.FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1.meta["categories"]
)
"""Names of objects by label; label 0 is the background."""

SHORT_SIDE_PX = {DETECTOR.name: 800, SMALL_DETECTOR.name: 320}
"""To which a poster's shorter side is scaled, by detector. Source: torchvision's defaults, as in
training."""

_RANDOM_SPREAD = 0.5
"""Deviation of the last layer's weights without training: some objects then pass any threshold."""


def build_detector(
    state: Mapping[str, torch.Tensor] | None,
    detector: Backbone = DETECTOR,
    *,
    seed: int = 0,
    short_side_px: int | None = None,
    min_confidence: float = 0.05,
) -> nn.Module:
    """Build torchvision's network of a detector, in float32 and evaluation mode.

    Args:
        state: Its parameters; None draws them at random: detections then have no meaning.
        detector: A row of `DETECTORS`.
        seed: Random seed of drawn parameters.
        short_side_px: None for the detector's own; see `SHORT_SIDE_PX`.
        min_confidence: Detections with a lower score are dropped inside the network.

    Raises:
        WeightsError: `state` does not fit the network.
    """

    def build() -> nn.Module:
        return getattr(detection, detector.name)(
            weights=None,
            weights_backbone=None,
            min_size=short_side_px or SHORT_SIDE_PX[detector.name],
            box_score_thresh=min_confidence,
        )

    trunk = build_trunk(detector, build, "", state, seed=seed)
    if state is None:
        generator = torch.Generator().manual_seed(seed)
        scores = trunk.get_submodule("roi_heads.box_predictor.cls_score").get_parameter("weight")
        nn.init.normal_(scores, std=_RANDOM_SPREAD, generator=generator)
    return trunk.eval().requires_grad_(False)
