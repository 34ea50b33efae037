"""The one table of backbones: weights travel with the preprocessing they were trained on.

What belongs here: a frozen record per backbone. What does not: code that builds networks (see
`pipeline.embeddings.image`, `pipeline.embeddings.text`) or finds weights (see `resources.weights`).
"""

from dataclasses import dataclass
from enum import StrEnum


class Modality(StrEnum):
    """What a backbone looks at."""

    IMAGE = "image"
    TEXT = "text"


class Pooling(StrEnum):
    """How a text backbone's token vectors become one vector.

    CLS is the last layer at the first token, before BERT's own tanh "pooler". MASKED_MEAN is the
    mean over the tokens that are no padding, scaled to length 1.
    """

    CLS = "cls"
    MASKED_MEAN = "masked_mean"


@dataclass(frozen=True)
class Backbone:
    """One pretrained network without its head.

    Attributes:
        name: Name in presets, files and reports.
        modality: What it looks at.
        width: Length of its embedding.
        weights: torchvision's name of the weights, or the hub's name of the model.
        source: Paper or page that publishes it.
        licence: Licence of the weights.
        input_px: Side of the square it looks at (images only).
        mean, std: Normalisation of RGB in [0, 1] (images only).
        interpolation: How other sizes are brought to `input_px` (images only).
        pooling: See `Pooling` (texts only).
        max_tokens: Longer texts are cut here, special tokens included (texts only).
    """

    name: str
    modality: Modality
    width: int
    weights: str
    source: str
    licence: str
    input_px: int = 0
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    interpolation: str = ""
    pooling: Pooling = Pooling.CLS
    max_tokens: int = 0


IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Normalisation of every ImageNet backbone here. Source: torchvision's weight records."""


def _image(name: str, width: int, weights: str, source: str) -> Backbone:
    return Backbone(
        name=name,
        modality=Modality.IMAGE,
        width=width,
        weights=weights,
        source=source,
        licence="BSD-3-Clause (torchvision; trained on ImageNet-1k)",
        input_px=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bilinear",
    )


BACKBONES = {
    backbone.name: backbone
    for backbone in (
        _image("shufflenet", 1024, "ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1", "arXiv 1807.11164"),
        _image("resnet18", 512, "ResNet18_Weights.IMAGENET1K_V1", "arXiv 1512.03385"),
        _image("resnet50", 2048, "ResNet50_Weights.IMAGENET1K_V2", "arXiv 1512.03385"),
        _image("swin_t", 768, "Swin_T_Weights.IMAGENET1K_V1", "arXiv 2103.14030"),
        Backbone(
            name="bert-base-uncased",
            modality=Modality.TEXT,
            width=768,
            weights="google-bert/bert-base-uncased",
            source="arXiv 1810.04805",
            licence="Apache-2.0",
            pooling=Pooling.CLS,
            max_tokens=512,
        ),
        Backbone(
            name="minilm",
            modality=Modality.TEXT,
            width=384,
            weights="sentence-transformers/all-MiniLM-L6-v2",
            source="the model's card on the hub",
            licence="Apache-2.0",
            pooling=Pooling.MASKED_MEAN,
            max_tokens=256,
        ),
    )
}
"""All backbones by name."""
