"""The one table of backbones: weights travel with the preprocessing they were trained on."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from pipeline.core.image_inputs import POSTER_SIZE_PX
from pipeline.core.imagenet import IMAGENET_MEAN, IMAGENET_STD, LITE_MEAN, LITE_STD
from pipeline.core.versions import combine, hash_json

CODE_VERSION = "1"
"""Raise it when the same row of the table prepares the same input otherwise than before."""


class Modality(StrEnum):
    """What a backbone takes: a picture, a poster in its own shape, a clip of consecutive frames, a
    window of sound, a text.
    """

    IMAGE = "image"
    POSTER = "poster"
    VIDEO = "video"
    AUDIO = "audio"
    TEXT = "text"


class Origin(StrEnum):
    """Who publishes a backbone's weights, and so in which form they come.

    TORCHVISION: one file of parameters, known to torchvision by name. HUB: a folder in the hub's
    layout. FILE: one file of parameters that the user has to provide. PACKAGE: one file of
    parameters in a package that is installed with marquee.
    """

    TORCHVISION = "torchvision"
    HUB = "hub"
    FILE = "file"
    PACKAGE = "package"


class Pooling(StrEnum):
    """How a text backbone's token vectors become one vector.

    CLS is the last layer at the first token, before BERT's own tanh "pooler"; POOLER is after it.
    MASKED_MEAN is the mean over the tokens that are no padding, scaled to length 1. PROJECTED is
    CLIP's: the last layer at the end of the text, projected into the space shared with pictures.
    """

    CLS = "cls"
    POOLER = "pooler"
    MASKED_MEAN = "masked_mean"
    PROJECTED = "projected"


@dataclass(frozen=True)
class Backbone:
    """One pretrained network without its head.

    Attributes:
        name: Name in presets, files and reports.
        modality: What it takes.
        width: Length of its embedding.
        weights: torchvision's name of the weights, the hub's name of the model, or what the file
            is; see `origin`.
        source: Paper or page that publishes it.
        licence: Licence of the weights.
        origin: Who publishes the weights.
        input_px: Side of its square input, or width of one that is none (pictures and clips).
        input_height_px: Height of an input that is no square; 0 for squares.
        mean, std: Normalisation: of RGB in [0, 1], three numbers (pictures and clips), or of the
            log-mel, one number (sound). Empty for texts.
        interpolation: How other sizes are resized to `input_px` (pictures and clips).
        n_frames: Frames in a clip (clips only).
        frame_rate_hz: Rate at which a clip's frames are taken (clips only).
        sample_rate_hz: Rate of the samples (sound only).
        window_s: Length of one input (sound only).
        pooling: See `Pooling` (texts only).
        max_tokens: Longer texts are truncated, special tokens included (texts only).
    """

    name: str
    modality: Modality
    width: int
    weights: str
    source: str
    licence: str
    origin: Origin
    input_px: int = 0
    input_height_px: int = 0
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    interpolation: str = ""
    n_frames: int = 0
    frame_rate_hz: int = 0
    sample_rate_hz: int = 0
    window_s: float = 0.0
    pooling: Pooling = Pooling.CLS
    max_tokens: int = 0

    @property
    def input_size_px(self) -> tuple[int, int]:
        """Height and width of its input (pictures and clips)."""
        return self.input_height_px or self.input_px, self.input_px


CLIP_FRAMES = 24
CLIP_RATE_HZ = 24
"""A clip is one second. Source: reference implementation 002, "24 frames a clip at 24 fps"; the
weights were trained on 16 frames (R(2+1)D, ShuffleNet) and 32 (Swin), all average over time."""


def _image(name: str, width: int, weights: str, source: str) -> Backbone:
    return Backbone(
        name=name,
        modality=Modality.IMAGE,
        width=width,
        weights=weights,
        source=source,
        licence="BSD-3-Clause (torchvision; trained on ImageNet-1k)",
        origin=Origin.TORCHVISION,
        input_px=224,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
        interpolation="bilinear",
    )


_R2PLUS1D = replace(
    _image("r2plus1d_18", 512, "R2Plus1D_18_Weights.KINETICS400_V1", "arXiv 1711.11248"),
    modality=Modality.VIDEO,
    licence="BSD-3-Clause (torchvision; trained on Kinetics-400)",
    input_px=112,
    mean=(0.43216, 0.394666, 0.37645),
    std=(0.22803, 0.22145, 0.216989),
    n_frames=CLIP_FRAMES,
    frame_rate_hz=CLIP_RATE_HZ,
)

_BERT = Backbone(
    name="bert-base-uncased",
    modality=Modality.TEXT,
    width=768,
    weights="google-bert/bert-base-uncased",
    source="arXiv 1810.04805",
    licence="Apache-2.0",
    origin=Origin.HUB,
    pooling=Pooling.CLS,
    max_tokens=512,
)

_CLIP_IMAGE = Backbone(
    name="clip_image",
    modality=Modality.IMAGE,
    width=512,
    weights="openai/clip-vit-base-patch32",
    source="arXiv 2103.00020",
    licence="MIT (trained on 400 million pairs from the web that were not published)",
    origin=Origin.HUB,
    input_px=224,
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
    interpolation="bicubic",
)

_LITE = replace(
    _image(
        "efficientnet_lite0",
        1280,
        "EfficientNet-Lite0 of the paper's authors, trained on ImageNet-1k",
        "arXiv 1905.11946",
    ),
    licence="Apache-2.0 (trained on ImageNet-1k)",
    origin=Origin.PACKAGE,
    mean=LITE_MEAN,
    std=LITE_STD,
    interpolation="bicubic",
)

BACKBONES = {
    backbone.name: backbone
    for backbone in (
        _LITE,
        replace(
            _LITE,
            name="efficientnet_lite0_poster",
            modality=Modality.POSTER,
            width=2024,
            input_px=POSTER_SIZE_PX[0],
            input_height_px=POSTER_SIZE_PX[1],
        ),
        _image("shufflenet", 1024, "ShuffleNet_V2_X1_0_Weights.IMAGENET1K_V1", "arXiv 1807.11164"),
        _image("resnet18", 512, "ResNet18_Weights.IMAGENET1K_V1", "arXiv 1512.03385"),
        _image("resnet50", 2048, "ResNet50_Weights.IMAGENET1K_V2", "arXiv 1512.03385"),
        _image("vgg16", 4096, "VGG16_Weights.IMAGENET1K_V1", "arXiv 1409.1556"),
        _image("vgg19", 4096, "VGG19_Weights.IMAGENET1K_V1", "arXiv 1409.1556"),
        _image("swin_t", 768, "Swin_T_Weights.IMAGENET1K_V1", "arXiv 2103.14030"),
        _CLIP_IMAGE,
        replace(
            _R2PLUS1D,
            name="shufflenet3d",
            width=1024,
            weights="3D ShuffleNetV2 1.0x of the paper's authors, trained on Kinetics-600",
            source="arXiv 1904.02422",
            licence="MIT (weights of the authors; the user brings the file)",
            origin=Origin.FILE,
            mean=(114.7748 / 255, 107.7354 / 255, 99.4750 / 255),
            std=(1 / 255, 1 / 255, 1 / 255),  # trained on 0 to 255 less the mean, not divided
        ),
        _R2PLUS1D,
        replace(
            _R2PLUS1D,
            name="swin3d_t",
            width=768,
            weights="Swin3D_T_Weights.KINETICS400_V1",
            source="arXiv 2106.13230",
            input_px=224,
            mean=IMAGENET_MEAN,
            std=IMAGENET_STD,
        ),
        Backbone(
            name="ast",
            modality=Modality.AUDIO,
            width=768,
            weights="MIT/ast-finetuned-audioset-10-10-0.4593",
            source="arXiv 2104.01778",
            licence="BSD-3-Clause (trained on ImageNet-1k and AudioSet)",
            origin=Origin.HUB,
            mean=(-4.2677393,),
            std=(4.5689974,),
            sample_rate_hz=16_000,
            window_s=10.24,
        ),
        _BERT,
        replace(_BERT, name="bert-base-uncased-pooler", pooling=Pooling.POOLER),
        replace(_BERT, name="bert-base-uncased-mean", pooling=Pooling.MASKED_MEAN),
        Backbone(
            name="minilm",
            modality=Modality.TEXT,
            width=384,
            weights="sentence-transformers/all-MiniLM-L6-v2",
            source="the model's card on the hub",
            licence="Apache-2.0",
            origin=Origin.HUB,
            pooling=Pooling.MASKED_MEAN,
            max_tokens=256,
        ),
        replace(
            _CLIP_IMAGE,
            name="clip_text",
            modality=Modality.TEXT,
            input_px=0,
            mean=(),
            std=(),
            interpolation="",
            pooling=Pooling.PROJECTED,
            max_tokens=77,
        ),
    )
}
"""All backbones by name."""

_VERSIONED_ELSEWHERE = ("name", "modality", "width", "weights", "source", "licence", "origin")


def preparation_version(backbone: Backbone) -> str:
    """Hash the size, rates, normalisation, cutting and pooling of a row, and the code's version.

    Example:
        >>> row = BACKBONES["resnet18"]
        >>> preparation_version(row) == preparation_version(replace(row, licence="other"))
        True
        >>> preparation_version(row) == preparation_version(replace(row, input_px=112))
        False
    """
    fields = {k: v for k, v in asdict(backbone).items() if k not in _VERSIONED_ELSEWHERE}
    if not backbone.input_height_px:
        del fields["input_height_px"]  # squares are older than the field
    return combine([CODE_VERSION, hash_json(fields)])
