"""Objects on posters: where they are, what they are, how they look, and their features."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torchvision.ops import roi_align
from torchvision.transforms import functional

from pipeline.core.errors import ItemError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.detector import OBJECT_NAMES
from pipeline.embeddings.image import ImageNetwork
from pipeline.layouts.attr_bbox import Region
from pipeline.layouts.reference000_layout import FEATURE_CHANNELS

POSTER_WIDTH_PX, POSTER_HEIGHT_PX = 400, 600
"""Boxes and features are of a poster of this size. Source: seed 000."""

REGION_SIDE = 7
"""Features of a region are so many cells wide and high. Source: seed 000, (29, 2048, 7, 7)."""

MAP_STRIDE_PX = 32
"""Pixels per cell of ResNet50's last stage. Source: arXiv 1512.03385, table 1."""

MIN_CONFIDENCE = 0.5
"""Objects that the detector is less sure of are left out; ours, the seed names no bound."""

MAX_OBJECTS = 36
"""The surest so many are kept: 400 KB each. Source: arXiv 1707.07998, whose fixed number it is."""

MIN_SIDE_PX = 1.0
"""Thinner boxes have no inside."""

Judge = Callable[[list[np.ndarray]], list[tuple[tuple[str, float], ...]]]
"""Gives the looks of crops, as `pipeline.embeddings.attributes.AttributeJudge` does."""


@dataclass(frozen=True)
class PosterRegions:
    """What was found on one poster; a poster without objects has none.

    Attributes:
        regions: The objects, the surest first.
        features: float32, shape (objects, 2048, 7, 7), in the same order.
    """

    regions: tuple[Region, ...]
    features: np.ndarray


class RegionFinder:
    """Finds the regions of one poster after the other."""

    def __init__(
        self,
        detector: nn.Module,
        resnet50: ImageNetwork,
        judge: Judge | None = None,
        *,
        device: str = "cpu",
        min_confidence: float = MIN_CONFIDENCE,
    ):
        """Take the networks.

        Args:
            detector: See `pipeline.embeddings.detector`; moved to `device`.
            resnet50: The backbone of that name; moved to `device`.
            judge: Says how objects look; None leaves that open.
            device: torch's name of the device.
            min_confidence: See `MIN_CONFIDENCE`.
        """
        self._device, self._judge, self._min_confidence = device, judge, min_confidence
        self._detector, self._resnet50 = detector.to(device), resnet50.to(device)

    @torch.inference_mode()
    def find(self, poster: np.ndarray) -> PosterRegions:
        """Find the regions of a poster.

        Args:
            poster: uint8 RGB, shape (height, width, 3); it is brought to 400x600.

        Raises:
            ItemError: `MALFORMED`: it is no such array.
        """
        if poster.dtype != np.uint8 or poster.ndim != 3 or poster.shape[2] != 3 or not poster.size:
            wanted = "wanted a non-empty uint8 array (height, width, 3)"
            raise ItemError(Reason.MALFORMED, f"{wanted}, got {poster.dtype} {poster.shape}")
        x = torch.from_numpy(np.array(poster)).permute(2, 0, 1)  # (3, height, width)
        x = functional.resize(x, [POSTER_HEIGHT_PX, POSTER_WIDTH_PX], antialias=True)
        x = x.to(self._device)
        names, confidences, boxes_px = self._detect(x)
        looks = self._judge(_crop(x, boxes_px)) if self._judge and names else [()] * len(names)
        regions = tuple(
            Region(name, confidence, box, attributes)
            for name, confidence, box, attributes in zip(
                names, confidences, boxes_px, looks, strict=True
            )
        )
        return PosterRegions(regions, self._align(x, boxes_px))

    def _detect(self, x: torch.Tensor) -> tuple[list[str], list[float], list[tuple[float, ...]]]:
        """Return names, confidences and boxes, rounded as they will be written."""
        found = self._detector([x.float() / 255])[0]
        boxes = found["boxes"].double().cpu().numpy().round(1)
        scores = found["scores"].double().cpu().numpy().round(4)
        sides = boxes[:, 2:] - boxes[:, :2]
        keep = (scores >= self._min_confidence) & (sides >= MIN_SIDE_PX).all(axis=1)
        keep = np.flatnonzero(keep)[:MAX_OBJECTS]  # the detector gives the surest first
        labels = found["labels"].cpu().numpy()[keep]
        return (
            [OBJECT_NAMES[label] for label in labels],
            [float(score) for score in scores[keep]],
            [tuple(map(float, box)) for box in boxes[keep]],
        )

    def _align(self, x: torch.Tensor, boxes_px: list[tuple[float, ...]]) -> np.ndarray:
        """Cut the boxes out of ResNet50's last stage: float32 (objects, 2048, 7, 7)."""
        if not boxes_px:
            return np.empty((0, FEATURE_CHANNELS, REGION_SIDE, REGION_SIDE), np.float32)
        boxes = torch.tensor(boxes_px, dtype=torch.float32, device=x.device).reshape(-1, 4)
        cells = last_stage(self._resnet50, x.permute(1, 2, 0)[None])  # (1, 2048, 19, 13)
        regions = roi_align(
            cells, [boxes], REGION_SIDE, 1 / MAP_STRIDE_PX, sampling_ratio=2, aligned=True
        )
        return regions.float().cpu().numpy()


def last_stage(resnet50: ImageNetwork, pictures: torch.Tensor) -> torch.Tensor:
    """Compute ResNet50's last stage: uint8 (batch, h, w, 3) → (batch, 2048, h / 32, w / 32)."""
    x = pictures.permute(0, 3, 1, 2).float()
    x = torch.addcmul(resnet50.shift, x, resnet50.scale)
    for name, layer in resnet50.trunk.named_children():
        if name == "avgpool":
            break
        x = layer(x)
    return x


def find_regions(
    items: Iterable[tuple[int, np.ndarray | ItemError]], finder: RegionFinder
) -> Iterator[tuple[int, PosterRegions | ItemError]]:
    """Find the regions of many posters, in order; a poster that fails is an error of its own."""
    for tmdb_id, poster in items:
        if isinstance(poster, ItemError):
            yield tmdb_id, poster
            continue
        try:
            found = finder.find(poster)
        except ItemError as err:
            yield tmdb_id, err
        else:
            yield tmdb_id, found


def _crop(x: torch.Tensor, boxes_px: list[tuple[float, ...]]) -> list[np.ndarray]:
    """Cut boxes out of (3, height, width), at least a pixel each, as uint8 (h, w, 3)."""
    crops = []
    for x1, y1, x2, y2 in boxes_px:
        rows = slice(int(y1), max(int(y1) + 1, round(y2)))
        columns = slice(int(x1), max(int(x1) + 1, round(x2)))
        crops.append(x[:, rows, columns].permute(1, 2, 0).cpu().numpy())
    return crops
