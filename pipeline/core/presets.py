"""The presets: which backbones compute the embeddings, and of how much."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """Which backbones make the embeddings, and of how much; heads are trained alike.

    Attributes:
        text_backbone, image_backbone, poster_backbone, clip_backbone, audio_backbone: Names in
            `pipeline.embeddings.backbones`; "" for none: then nothing of the kind is made.
        detector: What finds objects on posters; "" for none.
        clips_per_trailer: Clips that are embedded of a trailer, spread evenly; 0 for all.
        clip_frame_step: Image backbones see every so many of a clip's frames.
        frames: Which frames of a trailer are drawn, as the setting `MARQUEE_FRAMES` has it; "" for
            any.
        hyperparameters: "published", or "small" for short trainings of fewer variants.
        allows_random: Whether random parameters stand in for weights that no place has: a test of
            the wiring, whose embeddings carry little content.
    """

    name: str
    text_backbone: str = ""
    image_backbone: str = ""
    poster_backbone: str = ""
    clip_backbone: str = ""
    audio_backbone: str = ""
    detector: str = ""
    clips_per_trailer: int = 0
    clip_frame_step: int = 1
    frames: str = ""
    hyperparameters: str = "small"
    allows_random: bool = False


PRESETS = {
    "published": Preset(
        "published",
        text_backbone="bert-base-uncased",
        image_backbone="resnet50",
        poster_backbone="resnet50",
        clip_backbone="swin3d_t",
        audio_backbone="ast",
        detector="fasterrcnn_resnet50_fpn_v2",
        hyperparameters="published",
    ),
    "small": Preset(
        "small",
        text_backbone="minilm",
        image_backbone="efficientnet_lite0",
        poster_backbone="efficientnet_lite0_poster",
        frames="keyframes",
    ),
    "random": Preset(
        "random",
        text_backbone="minilm",
        image_backbone="shufflenet",
        poster_backbone="shufflenet",
        clip_backbone="shufflenet3d",
        detector="fasterrcnn_mobilenet_v3_large_320_fpn",
        clips_per_trailer=2,
        clip_frame_step=12,
        allows_random=True,
    ),
}
"""`small`, the default, has weights that come as packages: nothing is downloaded, and nothing is
random. `published`: BERT and ResNet50 of reference implementation 001, the best clips of 002, and
what ours adds beside them. `random` has a network of every kind, untrained where no weights are
found; it takes minutes and tests the wiring."""

DEFAULT_PRESET = "small"
