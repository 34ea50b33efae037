"""The variants of `poster`: seed 003's grid."""

from collections.abc import Mapping

from pipeline.core.image_inputs import Fit
from pipeline.models.estimators.poster_cnn import PosterConfig, PosterEstimator
from pipeline.models.networks.pixel_trunks import DEEP_AND_WIDE, LoadWeights

_CONFIGS = {
    "resnet18, pad": PosterConfig(),
    "resnet18, resize": PosterConfig(fit=Fit.RESIZE.value),
    "resnet18, centre crop": PosterConfig(fit=Fit.CENTRE_CROP.value),
    "resnet18, random crop": PosterConfig(fit=Fit.RANDOM_CROP.value),
    "bag of tricks": PosterConfig(has_tricks=True),
    "mish": PosterConfig(activation="mish"),
    "bag of tricks + mish": PosterConfig(has_tricks=True, activation="mish"),
    "deep and wide": PosterConfig(network=DEEP_AND_WIDE),
    "augmentation": PosterConfig(is_distorted=True),
}
"""The seed names no fit for what it tried beyond the fits: here the padded one, which loses nothing
of a poster and was among its best two."""

SMALL: Mapping[str, object] = {
    "input_px": 64,
    "width": 16,
    "batch_size": 16,
    "learning_rate": 2e-3,
    "max_epochs": 14,
    "patience": 14,
    "keep_mib": 64,
}
"""Hyperparameters for the studio's drawn posters: seconds on one core, and no pretrained weights.
No early
stop: a validation part of a dozen posters stops it before it has begun."""

SMALL_VARIANTS = ("resnet18, pad", "bag of tricks + mish", "augmentation")


def estimators(load_weights: LoadWeights | None = None) -> Mapping[str, PosterEstimator]:
    """Return all variants by name, the main one first.

    Args:
        load_weights: Gives pretrained weights by the network's name; None for from scratch.
    """
    return {
        name: PosterEstimator(name, config, SMALL, load_weights)
        for name, config in _CONFIGS.items()
    }


def variants(preset: str) -> tuple[str, ...]:
    """Name the variants that are trained unless others are asked for."""
    return tuple(_CONFIGS) if preset == "published" else SMALL_VARIANTS
