"""The variants of `score`: seed 004's grid, and the frames' embeddings."""

from collections.abc import Mapping

from pipeline.models.estimators.fusion_estimator import FusionConfig, FusionEstimator
from pipeline.models.estimators.stacked_cnn import FramesConfig, FramesEstimator
from pipeline.models.networks.pixel_trunks import LoadWeights
from pipeline.models.training.estimator import Estimator
from pipeline.models.training.schedule import Schedule

_EMBEDDINGS = "frame embeddings, attention"

_OVER_EMBEDDINGS = FusionConfig(
    streams=("frames",),
    reader="attention",
    schedule=Schedule(
        optimizer="adam", learning_rate=1e-4, weight_decay=1e-4, max_epochs=50,
        scheduler="step", step_epochs=15, step_factor=0.3,
    ),
)  # fmt: skip
"""The shared encoder where it is frozen: what tens of thousands of movies can afford."""

_OVER_PIXELS = {
    "15 frames, resnet18": FramesConfig(),
    "5 frames, resnet18": FramesConfig(n_frames=5),
    "15 frames, resnet18, shuffled": FramesConfig(shuffles_order=True),
    "15 frames, resnet50": FramesConfig(network="resnet50"),
    "15 frames, vgg16": FramesConfig(network="vgg16"),
    "15 frames, vgg19": FramesConfig(network="vgg19"),
    "shared encoder, attention": FramesConfig(is_shared=True),
}

SMALL: Mapping[str, object] = {
    "input_px": 48,
    "width": 16,
    "batch_size": 16,
    "learning_rate": 2e-3,
    "max_epochs": 12,
    "step_epochs": 5,
    "patience": 5,
    "keep_mib": 128,
}
"""Hyperparameters for the studio's filmed trailers: seconds on one core, and no pretrained
weights.
"""

SMALL_EMBEDDINGS: Mapping[str, object] = {"learning_rate": 1e-3, "max_epochs": 30}

SMALL_VARIANTS = (_EMBEDDINGS, "15 frames, resnet18", "shared encoder, attention")


def estimators(load_weights: LoadWeights | None = None) -> Mapping[str, Estimator]:
    """Return all variants by name, the main one first.

    Args:
        load_weights: Gives pretrained weights by the network's name; None for from scratch.
    """
    return {
        _EMBEDDINGS: FusionEstimator(_EMBEDDINGS, _OVER_EMBEDDINGS, SMALL_EMBEDDINGS),
        **{
            name: FramesEstimator(name, config, SMALL, load_weights)
            for name, config in _OVER_PIXELS.items()
        },
    }


def variants(preset: str) -> tuple[str, ...]:
    """Name the variants that are trained unless others are asked for."""
    return tuple(estimators()) if preset == "published" else SMALL_VARIANTS
