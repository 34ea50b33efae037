"""Objects on posters: their boxes, names, attributes and features."""

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
from pipeline.embeddings.pixel_networks import PixelNetwork
from pipeline.layouts.attr_bbox import Region
from pipeline.layouts.reference000_layout import FEATURE_CHANNELS

POSTER_WIDTH_PX, POSTER_HEIGHT_PX = 400, 600
"""Boxes and features are of a poster of this size. Source: reference implementation 000."""

REGION_SIDE = 7
"""Features of a region are so many cells wide and high. Source: reference implementation 000,
(29, 2048, 7, 7)."""

MAP_STRIDE_PX = 32
"""Pixels per cell of ResNet50's last stage. Source: arXiv 1512.03385, table 1."""

MIN_CONFIDENCE = 0.5
"""Objects with a lower score are dropped; ours, the reference implementation names no threshold."""

MAX_OBJECTS = 36
"""So many with the highest scores are kept: 400 KB each. Source: arXiv 1707.07998, whose fixed
number it is."""

MIN_SIDE_PX = 1.0
"""Thinner boxes have no inside."""

Classify = Callable[[list[np.ndarray]], list[tuple[tuple[str, float], ...]]]
"""Returns the attributes of crops, as `pipeline.embeddings.attributes.AttributeClassifier` does."""

Box = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""


@dataclass(frozen=True)
class PosterRegions:
    """What was detected on one poster; a poster without objects has none.

    Attributes:
        regions: The objects, the highest score first.
        features: float32, shape (objects, 2048, 7, 7), in the same order.
    """

    regions: tuple[Region, ...]
    features: np.ndarray


class RegionFinder:
    """Finds the regions of posters, one at a time."""

    def __init__(
        self,
        detector: nn.Module,
        resnet50: PixelNetwork,
        classify: Classify | None = None,
        *,
        device: str = "cpu",
        min_confidence: float = MIN_CONFIDENCE,
    ):
        """Move the networks to a device; without `classify` objects get no attributes."""
        self._device, self._classify, self._min_confidence = device, classify, min_confidence
        self._detector, self._resnet50 = detector.to(device), resnet50.to(device)

    @torch.inference_mode()
    def find(self, poster: np.ndarray) -> PosterRegions:
        """Find the regions of a poster, uint8 RGB (height, width, 3), after resizing it to 400x600.

        Raises:
            ItemError: `MALFORMED`: it is no such array.
        """
        if poster.dtype != np.uint8 or poster.ndim != 3 or poster.shape[2] != 3 or not poster.size:
            wanted = "expected a non-empty uint8 array (height, width, 3)"
            raise ItemError(Reason.MALFORMED, f"{wanted}, got {poster.dtype} {poster.shape}")
        x = torch.from_numpy(np.array(poster)).permute(2, 0, 1)  # (3, height, width)
        x = functional.resize(x, [POSTER_HEIGHT_PX, POSTER_WIDTH_PX], antialias=True)
        x = x.to(self._device)
        names, confidences, boxes_px = self._detect(x)
        attributes = [()] * len(names)
        if self._classify and names:
            attributes = self._classify(_crop(x, boxes_px))
        regions = tuple(
            Region(*region) for region in zip(names, confidences, boxes_px, attributes, strict=True)
        )
        return PosterRegions(regions, self._align(x, boxes_px))

    def _detect(self, x: torch.Tensor) -> tuple[list[str], list[float], list[Box]]:
        """Return names, confidences and boxes, rounded as they will be written."""
        found = self._detector([x.float() / 255])[0]
        boxes = found["boxes"].double().cpu().numpy().round(1)
        scores = found["scores"].double().cpu().numpy().round(4)
        sides = boxes[:, 2:] - boxes[:, :2]
        keep = (scores >= self._min_confidence) & (sides >= MIN_SIDE_PX).all(axis=1)
        keep = np.flatnonzero(keep)[:MAX_OBJECTS]  # the detector returns them by score
        labels = found["labels"].cpu().numpy()[keep]
        return (
            [OBJECT_NAMES[label] for label in labels],
            [float(score) for score in scores[keep]],
            [(float(x1), float(y1), float(x2), float(y2)) for x1, y1, x2, y2 in boxes[keep]],
        )

    def _align(self, x: torch.Tensor, boxes_px: list[Box]) -> np.ndarray:
        """Cut the boxes out of ResNet50's last stage: float32 (objects, 2048, 7, 7)."""
        if not boxes_px:
            return np.empty((0, FEATURE_CHANNELS, REGION_SIDE, REGION_SIDE), np.float32)
        boxes = torch.tensor(boxes_px, dtype=torch.float32, device=x.device).reshape(-1, 4)
        cells = last_stage(self._resnet50, x.permute(1, 2, 0)[None])  # (1, 2048, 19, 13)
        regions = roi_align(
            cells, [boxes], REGION_SIDE, 1 / MAP_STRIDE_PX, sampling_ratio=2, aligned=True
        )
        return regions.float().cpu().numpy()


def last_stage(resnet50: PixelNetwork, pictures: torch.Tensor) -> torch.Tensor:
    """Compute ResNet50's last stage: uint8 (batch, h, w, 3) → (batch, 2048, h / 32, w / 32)."""
    x = resnet50.normalize(pictures)
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


def _crop(x: torch.Tensor, boxes_px: list[Box]) -> list[np.ndarray]:
    """Cut boxes out of (3, height, width), at least a pixel each, as uint8 (h, w, 3)."""
    crops = []
    for x1, y1, x2, y2 in boxes_px:
        rows = slice(int(y1), max(int(y1) + 1, round(y2)))
        columns = slice(int(x1), max(int(x1) + 1, round(x2)))
        crops.append(x[:, rows, columns].permute(1, 2, 0).cpu().numpy())
    return crops
